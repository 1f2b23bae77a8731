package io.millrace.virtio.blk;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What this process, both ends of the tests, has mapped of a file, by the kernel's own list. */
final class Mappings {
  private static final int INODE = 4; // of the fields of a line of maps, proc(5)

  private Mappings() {}

  /** How many mappings there are: the front-end's own is one. */
  static int count(FileDescriptor file) {
    return (int) lines("maps").stream().filter(line -> isOf(line, inode(file))).count();
  }

  /** How many of them are left out of core dumps. */
  static int notDumped(FileDescriptor file) {
    boolean of = false;
    int count = 0;
    for (String line : lines("smaps")) {
      if (line.startsWith("VmFlags:")) {
        count += of && List.of(line.split("\\s+", -1)).contains("dd") ? 1 : 0;
      } else if (Character.isLowerCase(line.charAt(0)) || Character.isDigit(line.charAt(0))) {
        of = isOf(line, inode(file));
      }
    }
    return count;
  }

  private static boolean isOf(String line, long inode) {
    return Long.parseLong(line.split("\\s+", -1)[INODE]) == inode;
  }

  private static long inode(FileDescriptor file) {
    try {
      return LinuxFiles.status(file).inode();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> lines(String name) {
    try {
      return Files.readAllLines(Path.of("/proc/self", name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
