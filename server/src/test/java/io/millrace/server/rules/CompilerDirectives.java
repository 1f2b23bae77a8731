package io.millrace.server.rules;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Whether what directives for the JVM's compiler name is there. The JVM says nothing about a class
 * or a method that it never meets: after a renaming a directive would just have no effect.
 */
final class CompilerDirectives {
  private static final String SOURCES = "src/main/java";

  private final List<String> classes;

  /** Looks at the classes of all modules and of {@code java.base}. */
  CompilerDirectives() throws IOException, InterruptedException {
    List<String> found = new ArrayList<>();
    for (Path file : SourceTree.files(".java")) {
      int module = file.toString().indexOf(SOURCES);
      if (module >= 0) {
        found.add(className(file.toString().substring(module + SOURCES.length() + 1)));
      }
    }
    Path base = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules/java.base");
    try (Stream<Path> files = Files.walk(base)) {
      files
          .map(file -> base.relativize(file).toString())
          .filter(file -> file.endsWith(".class"))
          .map(CompilerDirectives::className)
          .forEach(found::add);
    }
    classes = found;
  }

  /** Of a file below the root of its packages. */
  private static String className(String file) {
    return file.substring(0, file.lastIndexOf('.')).replace('/', '.');
  }

  /**
   * The directives that name what is not there.
   *
   * @param lines of a file for {@code -XX:CompileCommandFile}
   */
  List<String> violations(List<String> lines) throws ClassNotFoundException {
    List<String> found = new ArrayList<>();
    for (String line : lines) {
      String[] words = line.split(" ", -1);
      if (!line.startsWith("#") && !line.equals("quiet") && !namesSomething(words[1])) {
        found.add(line + ": there is no " + words[1]);
      }
    }
    return found;
  }

  private boolean namesSomething(String pattern) throws ClassNotFoundException {
    String[] parts = pattern.split("::", -1);
    Predicate<String> isMeant = matcher(parts[1]);
    for (String name : classes.stream().filter(matcher(parts[0])).toList()) {
      // Not loaded for no reason: all methods of a package are thousands of classes.
      if (parts[1].equals("*") || methods(name).anyMatch(isMeant)) {
        return true;
      }
    }
    return false;
  }

  /** The JVM's patterns: a star stands at the end, for anything. */
  private static Predicate<String> matcher(String pattern) {
    return pattern.endsWith("*")
        ? name -> name.startsWith(pattern.substring(0, pattern.length() - 1))
        : pattern::equals;
  }

  private static Stream<String> methods(String name) throws ClassNotFoundException {
    Class<?> type = Class.forName(name, false, CompilerDirectives.class.getClassLoader());
    return Arrays.stream(type.getDeclaredMethods()).map(method -> method.getName());
  }
}
