package io.millrace.server.rules;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Classes that break a rule on purpose, compiled on the spot: as sources they would break it. */
final class Planted {
  private Planted() {}

  /** The class {@code Planted} of {@code source}, compiled in {@code folder}. */
  static JavaClass compile(Path folder, String source) throws IOException {
    Path file = Files.writeString(folder.resolve("Planted.java"), source);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of("-d", folder.toString(), "-cp", System.getProperty("java.class.path"));
      boolean compiled =
          compiler.getTask(null, files, null, options, null, files.getJavaFileObjects(file)).call();
      if (!compiled) {
        throw new IllegalArgumentException("does not compile: " + source);
      }
    }
    return new ClassFileImporter().importPath(folder).iterator().next();
  }
}
