package io.millrace.live.migration;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.util.function.LongConsumer;

/**
 * Loads the classes of this package anew, with {@link DyingMemory} for the raw one: a death between
 * any two stores of the code as it is, without a hook in it.
 */
final class DyingLoader extends ClassLoader {
  private static final String PACKAGE = DyingLoader.class.getPackageName() + ".";
  private static final String RAW = "io/millrace/linux/RawMemory";

  DyingLoader() {
    super(DyingLoader.class.getClassLoader());
  }

  /** A class with a constructor without parameters, to be given seeds. */
  LongConsumer history(Class<? extends LongConsumer> type) throws ReflectiveOperationException {
    var constructor = loadClass(type.getName()).getDeclaredConstructor();
    constructor.setAccessible(true);
    return (LongConsumer) constructor.newInstance();
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(PACKAGE) || name.startsWith(DyingMemory.class.getName())) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      if (loaded != null) {
        return loaded;
      }
      byte[] bytes = rewrite(name);
      return defineClass(name, bytes, 0, bytes.length);
    }
  }

  private byte[] rewrite(String name) throws ClassNotFoundException {
    ClassLoader parent = getParent();
    ClassFile file =
        ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(parent)
                    .orElse(ClassHierarchyResolver.defaultResolver())));
    ClassDesc dying = ClassDesc.of(DyingMemory.class.getName());
    CodeTransform calls =
        (builder, element) -> {
          if (element instanceof InvokeInstruction call
              && call.owner().asInternalName().equals(RAW)) {
            builder.invokestatic(dying, call.name().stringValue(), call.typeSymbol());
          } else {
            builder.with(element);
          }
        };
    try (InputStream in = parent.getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      return file.transformClass(
          file.parse(in.readAllBytes()), ClassTransform.transformingMethodBodies(calls));
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }
}
