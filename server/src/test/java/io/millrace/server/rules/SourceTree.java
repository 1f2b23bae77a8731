package io.millrace.server.rules;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The repository's own files: what git tracks or would add. */
final class SourceTree {
  /** The repository's root. */
  static final Path ROOT = findRoot();

  private SourceTree() {}

  /** Paths relative to the root, sorted; files that are deleted but not committed are left out. */
  static List<Path> files() throws IOException, InterruptedException {
    Process git =
        new ProcessBuilder("git", "ls-files", "--cached", "--others", "--exclude-standard")
            .directory(ROOT.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<Path> files;
    try (var reader = git.inputReader(StandardCharsets.UTF_8)) {
      files =
          reader.lines().map(Path::of).filter(f -> Files.exists(ROOT.resolve(f))).sorted().toList();
    }
    if (git.waitFor() != 0 || files.isEmpty()) {
      throw new IllegalStateException("git ls-files failed in " + ROOT + "; is it a git clone?");
    }
    return files;
  }

  /** The files whose name ends with {@code ending}. */
  static List<Path> files(String ending) throws IOException, InterruptedException {
    return files().stream().filter(file -> file.toString().endsWith(ending)).toList();
  }

  static String read(Path file) throws IOException {
    return Files.readString(ROOT.resolve(file));
  }

  private static Path findRoot() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve(".mvn"))) {
      folder = folder.getParent();
      if (folder == null) {
        throw new IllegalStateException("no .mvn above " + Path.of("").toAbsolutePath());
      }
    }
    return folder;
  }
}
