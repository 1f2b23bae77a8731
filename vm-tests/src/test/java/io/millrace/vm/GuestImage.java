package io.millrace.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Kernel and initramfs of the test guest and the accelerator that works here, made by the scripts
 * in {@code vm-tests/guest} the first time a test asks.
 */
record GuestImage(Path kernel, Path initrd, String accelerator) {
  private static final class Holder {
    static final GuestImage BUILT = build();
  }

  static GuestImage get() {
    return Holder.BUILT;
  }

  private static GuestImage build() {
    Path folder = Path.of(run("build.sh"));
    return new GuestImage(
        folder.resolve("vmlinuz"), folder.resolve("initrd.cpio"), run("accel.sh"));
  }

  /** The only line that a script of {@code vm-tests/guest} prints. */
  static String run(String script) {
    Path path = Lab.MODULE.resolve("guest").resolve(script);
    try {
      Process process = new ProcessBuilder(path.toString()).redirectErrorStream(true).start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor() != 0) {
        throw new IllegalStateException(path + " failed:\n" + output);
      }
      return output.substring(output.lastIndexOf('\n') + 1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while " + path + " ran", e);
    }
  }
}
