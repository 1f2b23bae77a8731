package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What the kernel says of the threads of a process (proc(5)). */
final class ProcThreads {
  // Fields of proc_pid_stat(5), which counts from 1, of those behind the name.
  static final int UTIME = 14 - 3;
  static final int STIME = 15 - 3;
  static final int NICE = 19 - 3;

  private ProcThreads() {}

  /** A file of each thread that there is; the compiler's come and go. */
  static List<String> files(long pid, String file) throws IOException {
    List<String> contents = new ArrayList<>();
    try (Stream<Path> tasks = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
      for (Path task : tasks.toList()) {
        try {
          contents.add(Files.readString(task.resolve(file)));
        } catch (IOException e) {
          assertThat(task).as("a thread that cannot be read, so has ended").doesNotExist();
        }
      }
    }
    return contents;
  }

  /** One field of each thread that has this in its name, which is in parentheses. */
  static List<Long> stat(long pid, String name, int field) throws IOException {
    return files(pid, "stat").stream()
        .filter(stat -> stat.substring(0, stat.lastIndexOf(')') + 1).contains(name))
        .map(stat -> stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[field])
        .map(Long::valueOf)
        .toList();
  }
}
