package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One side of a comparison: a server on core 0 and the load on core 1 that reports on it, or a load
 * that is its own server, on core 0.
 *
 * @param name a file name too: letters, digits and dashes
 * @param server how to start it; null when the load needs none
 * @param load the command that loads and, in the end, prints a report in fio's shape
 */
record Contender(String name, @Nullable Server server, Load load) {
  /**
   * How to start a server, and the socket that says that it is up.
   *
   * @param files what its command line refers to, written just before it starts: two contenders of
   *     one name may follow one another with different files
   */
  record Server(List<String> command, Path socket, Map<Path, String> files) {
    /** A server that needs no files. */
    Server(List<String> command, Path socket) {
      this(command, socket, Map.of());
    }

    /** The same with one more file. */
    Server with(Path file, String content) {
      Map<Path, String> more = new HashMap<>(files);
      more.put(file, content);
      return new Server(command, socket, more);
    }

    /** Starts it on given cores and waits until its socket takes a connection. */
    Child start(String name, String cores, Path work) throws IOException, InterruptedException {
      Files.deleteIfExists(socket);
      for (Map.Entry<Path, String> file : files.entrySet()) {
        Files.writeString(file.getKey(), file.getValue());
      }
      Child child = Child.start(name, cores, command, work);
      try {
        child.awaitSocket(socket);
        return child;
      } catch (IOException | InterruptedException | RuntimeException e) {
        child.close();
        throw e;
      }
    }
  }

  /** A command line with more behind it. */
  static List<String> plus(List<String> command, String... more) {
    List<String> whole = new ArrayList<>(command);
    whole.addAll(List.of(more));
    return whole;
  }

  /** A load that first warms up and then measures. */
  @FunctionalInterface
  interface Load {
    /** Its command line; both times are of the wall. */
    List<String> command(Duration ramp, Duration run);

    /** Rounds that do not count, for a load that does not warm its server up by itself. */
    default int roundsToWarmUp() {
      return 0;
    }

    /** Waits until it is taken to do I/O: by default, until it has done some work. */
    default void awaitReady(Child child, Duration work) throws IOException, InterruptedException {
      child.awaitCpu(work.toNanos());
    }

    /** Called when measuring begins, for a load that waits for that instead of warming up. */
    default void begin() throws IOException {}

    /** What it says about itself, in the end. */
    default FioReport report(String who, Child child, Duration limit)
        throws IOException, InterruptedException {
      return FioReport.parse(who, child.awaitOutput(limit));
    }
  }
}
