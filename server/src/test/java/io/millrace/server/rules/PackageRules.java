package io.millrace.server.rules;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Every package of the product says what lives in it and is null-marked. */
final class PackageRules {
  private static final Path MAIN = Path.of("src", "main", "java");

  private PackageRules() {}

  /** Violations among {@code sources}, which are relative to {@code root}. */
  static List<String> violations(Path root, List<Path> sources) throws IOException {
    List<Path> packages =
        sources.stream()
            .filter(source -> source.toString().contains(MAIN.toString()))
            .filter(source -> !source.endsWith("module-info.java"))
            .map(source -> Objects.requireNonNull(source.getParent()))
            .distinct()
            .toList();
    Stream.Builder<String> found = Stream.builder();
    for (Path folder : packages) {
      Path info = folder.resolve("package-info.java");
      if (!Files.exists(root.resolve(info))) {
        found.add(info + ": missing; say what lives here, which thread, where to start");
        continue;
      }
      String text = Files.readString(root.resolve(info));
      if (!text.contains("@NullMarked")) {
        found.add(info + ": not @NullMarked");
      }
      if (!text.startsWith("/**")) {
        found.add(info + ": says nothing; tell what lives here, which thread, where to start");
      }
    }
    return found.build().toList();
  }
}
