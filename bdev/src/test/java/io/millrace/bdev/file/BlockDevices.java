package io.millrace.bdev.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Loop devices, device-mapper devices and small file systems for a test; needs root, and takes them
 * down again.
 */
final class BlockDevices {
  private final Deque<List<String>> undo = new ArrayDeque<>();

  /** Whether this machine lets tests do such things. */
  static boolean available() {
    return Files.isWritable(Path.of("/dev/loop-control"));
  }

  /** A tmpfs of so many bytes, mounted on a new directory below {@code parent}. */
  Path tmpfs(Path parent, long bytes) throws Exception {
    Path where = Files.createDirectory(parent.resolve("small"));
    run("mount", "-t", "tmpfs", "-o", "size=" + bytes, "tmpfs", where.toString());
    undo.push(List.of("umount", "-l", where.toString()));
    return where;
  }

  /** Gives a tmpfs another size. */
  void resizeTmpfs(Path where, long bytes) throws Exception {
    run("mount", "-o", "remount,size=" + bytes, where.toString());
  }

  /** An ext4 of so many bytes, mounted on a new directory below {@code parent}. */
  Path ext4(Path parent, long bytes) throws Exception {
    Path image = parent.resolve("ext4.img");
    run("truncate", "-s", String.valueOf(bytes), image.toString());
    Path device = loop(image, 512);
    run("mkfs.ext4", "-q", "-E", "nodiscard", device.toString());
    Path where = Files.createDirectory(parent.resolve("frozen"));
    run("mount", device.toString(), where.toString());
    undo.push(List.of("umount", "-l", where.toString()));
    return where;
  }

  /** Makes every write to a file system hang. */
  void freeze(Path where) throws Exception {
    run("fsfreeze", "-f", where.toString());
    undo.push(List.of("fsfreeze", "-u", where.toString()));
  }

  /** Lets the writes go on. */
  void thaw() throws Exception {
    run(undo.pop().toArray(String[]::new));
  }

  /** A loop device of blocks of {@code blockSize} bytes over a file. */
  Path loop(Path file, int blockSize) throws Exception {
    String device =
        run("losetup", "-f", "--show", "-b", String.valueOf(blockSize), file.toString());
    undo.push(List.of("losetup", "-d", device));
    return Path.of(device);
  }

  static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor()).as(String.join(" ", command) + ": " + output).isZero();
    return output;
  }

  /** Undoes everything, the last first. */
  void takeDown() throws Exception {
    while (!undo.isEmpty()) {
      run(undo.pop().toArray(String[]::new));
    }
  }
}
