package io.millrace.server;

import io.millrace.reactor.Reactor;
import io.millrace.reactor.Timer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs, each second in which there were any, how often a reactor gave its core up and how often it
 * was taken from it: the latter is what disks wait for, and somebody else's work on that core. Off
 * unless asked for, as it would wake a server that sleeps. Control thread.
 */
final class ContextSwitches {
  private static final Logger LOG = LoggerFactory.getLogger(ContextSwitches.class);
  private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final Path TASKS = Path.of("/proc/self/task");
  private static final String VOLUNTARY = "voluntary_ctxt_switches:"; // proc_pid_status(5)
  private static final String INVOLUNTARY = "nonvoluntary_ctxt_switches:";

  private record Count(long voluntary, long involuntary) {}

  private final Reactor control;
  private final Collection<Reactor> reactors;
  private final KernelThreads threads;
  private final Map<Reactor, Count> before = new HashMap<>();
  private @Nullable Timer next; // null while off

  ContextSwitches(Reactor control, Collection<Reactor> reactors, KernelThreads threads) {
    this.control = control;
    this.reactors = List.copyOf(reactors);
    this.threads = threads;
  }

  boolean isEnabled() {
    return next != null;
  }

  void enable(boolean wanted) {
    if (wanted && next == null) {
      before.clear();
      look();
    } else if (!wanted && next != null) {
      next.cancel();
      next = null;
    }
  }

  private void look() {
    next = control.schedule(PERIOD_NANOS, this::look);
    for (Reactor reactor : reactors) {
      Count now = read(threads.of(reactor));
      Count last = now == null ? null : before.put(reactor, now);
      if (now != null && last != null && !now.equals(last)) {
        LOG.info(
            "{}: {} voluntary and {} involuntary context switches in the last second",
            reactor.name(),
            now.voluntary - last.voluntary,
            now.involuntary - last.involuntary);
      }
    }
  }

  /** Null where the kernel does not say, or not yet. */
  private static @Nullable Count read(int thread) {
    try {
      List<String> status = Files.readAllLines(TASKS.resolve(thread + "/status"));
      return new Count(value(status, VOLUNTARY), value(status, INVOLUNTARY));
    } catch (IOException | NumberFormatException e) {
      return null;
    }
  }

  private static long value(List<String> status, String name) {
    return status.stream()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.substring(name.length()).strip()))
        .sum();
  }
}
