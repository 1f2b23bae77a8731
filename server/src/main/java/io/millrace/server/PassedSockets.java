package io.millrace.server;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The sockets that systemd, or whoever speaks its protocol, started this process with: {@code
 * LISTEN_PID}, {@code LISTEN_FDS} and {@code LISTEN_FDNAMES}, sd_listen_fds(3).
 */
final class PassedSockets {
  /** SD_LISTEN_FDS_START. */
  private static final int FIRST = 3;

  private static final int MAX = 1024;

  /** What sd_listen_fds_with_names(3) calls a descriptor without a name. */
  private static final String NAMELESS = "unknown";

  /** What an address begins with that is the name of one. */
  private static final String PREFIX = "fd:";

  private final List<String> names;

  private PassedSockets(List<String> names) {
    this.names = names;
  }

  /** Those of this process. The JDK takes 8 ms to know its own number, so it is not asked idly. */
  static PassedSockets ofProcess() {
    return System.getenv("LISTEN_PID") == null
        ? new PassedSockets(List.of())
        : of(System.getenv(), ProcessHandle.current().pid());
  }

  /** Those of an environment; none when they are meant for another process. */
  static PassedSockets of(Map<String, String> environment, long pid) {
    String count = environment.getOrDefault("LISTEN_FDS", "");
    List<String> names = new ArrayList<>();
    if (environment.getOrDefault("LISTEN_PID", "").equals(Long.toString(pid))
        && count.matches("[0-9]{1,4}")) {
      String[] given = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
      for (int i = 0; i < Math.min(Integer.parseInt(count), MAX); i++) {
        names.add(i < given.length && !given[i].isEmpty() ? given[i] : NAMELESS);
      }
    }
    return new PassedSockets(names);
  }

  /** The name in {@code fd:NAME}, or null when an address is none of those. */
  static @Nullable String nameIn(String address) {
    return address.startsWith(PREFIX) ? address.substring(PREFIX.length()) : null;
  }

  /**
   * The descriptor of a name.
   *
   * @throws IOException there is none, or more than one
   */
  int number(String name) throws IOException {
    int index = names.indexOf(name);
    if (index < 0) {
      throw new IOException(
          "fd:"
              + name
              + ": no socket of that name was passed ("
              + (names.isEmpty() ? "none was" : String.join(", ", names))
              + "); set FileDescriptorName="
              + name
              + " in its systemd.socket unit");
    }
    if (index != names.lastIndexOf(name)) {
      throw new IOException(
          "fd:"
              + name
              + ": more than one socket of that name was passed; give each a systemd.socket unit"
              + " with its own FileDescriptorName=");
    }
    return FIRST + index;
  }

  /** The names that are not among {@code used}, sorted. */
  Set<String> without(Set<String> used) {
    Set<String> rest = new TreeSet<>(names);
    rest.removeAll(used);
    return rest;
  }
}
