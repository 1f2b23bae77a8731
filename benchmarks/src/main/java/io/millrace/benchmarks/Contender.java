package io.millrace.benchmarks;

import java.nio.file.Path;
import java.util.List;
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
  /** The command line of a server and the socket that says that it is up. */
  record Server(List<String> command, Path socket) {}

  /** The command line of a load that first warms up and then measures. */
  @FunctionalInterface
  interface Load {
    List<String> command(int rampSeconds, int runSeconds);
  }
}
