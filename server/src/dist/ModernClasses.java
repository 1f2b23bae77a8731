import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Gives the classes of jars that were compiled for Java 5 the form of today, in place: the AOT cache
 * takes no class without stack maps, so each would be read and verified at every start. For
 * picocli that is a third of the time to a socket.
 *
 * <p>usage: java ModernClasses.java JAR...
 */
final class ModernClasses {
  /** Since this version a class carries stack maps (JVMS 4.10.1). */
  private static final int STACK_MAPS = ClassFile.JAVA_6_VERSION;

  private ModernClasses() {}

  public static void main(String[] jars) throws IOException {
    for (String jar : jars) {
      modernize(Path.of(jar));
    }
  }

  private static void modernize(Path jar) throws IOException {
    URL[] own = {jar.toUri().toURL()};
    try (URLClassLoader loader = new URLClassLoader(own);
        FileSystem files = FileSystems.newFileSystem(URI.create("jar:" + jar.toUri()), Map.of())) {
      ClassFile classFile =
          ClassFile.of(
              ClassFile.ClassHierarchyResolverOption.of(
                  ClassHierarchyResolver.ofResourceParsing(loader)
                      .orElse(ClassHierarchyResolver.defaultResolver())),
              ClassFile.StackMapsOption.GENERATE_STACK_MAPS);
      for (Path file : classes(files)) {
        modernize(classFile, file);
      }
    }
  }

  private static List<Path> classes(FileSystem files) throws IOException {
    try (Stream<Path> all = Files.walk(files.getPath("/"))) {
      return all.filter(file -> file.toString().endsWith(".class")).toList();
    }
  }

  private static void modernize(ClassFile classFile, Path file) throws IOException {
    ClassModel model = classFile.parse(Files.readAllBytes(file));
    if (model.majorVersion() < STACK_MAPS) {
      byte[] modern =
          classFile.transformClass(
              model,
              ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL) // computes stack maps
                  .andThen(
                      ClassTransform.endHandler(
                          builder -> builder.withVersion(ClassFile.latestMajorVersion(), 0))));
      Files.write(file, modern);
    }
  }
}
