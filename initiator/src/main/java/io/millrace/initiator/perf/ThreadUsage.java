package io.millrace.initiator.perf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What the calling thread has used so far, from {@code /proc/thread-self} (proc(5)).
 *
 * @param userTicks hundredths of a second in user mode
 * @param systemTicks hundredths of a second in the kernel
 * @param switches context switches, voluntary and not
 * @param majorFaults page faults that read from disk
 * @param minorFaults page faults that did not
 */
record ThreadUsage(
    long userTicks, long systemTicks, long switches, long majorFaults, long minorFaults) {
  static final ThreadUsage NOTHING = new ThreadUsage(0, 0, 0, 0, 0);

  private static final double NANOS_A_TICK = 1e7;

  static ThreadUsage now() {
    try {
      String stat = Files.readString(Path.of("/proc/thread-self/stat"));
      // The name in parentheses may hold anything; fields 10, 12, 14 and 15 count from behind it.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      List<String> status = Files.readAllLines(Path.of("/proc/thread-self/status"));
      long switches =
          status.stream()
              .filter(line -> line.contains("ctxt_switches:"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .sum();
      return new ThreadUsage(
          Long.parseLong(fields[11]),
          Long.parseLong(fields[12]),
          switches,
          Long.parseLong(fields[9]),
          Long.parseLong(fields[7]));
    } catch (IOException e) {
      return NOTHING;
    }
  }

  double userPercent(ThreadUsage before, long nanos) {
    return 100 * (userTicks - before.userTicks) * NANOS_A_TICK / Math.max(1, nanos);
  }

  double systemPercent(ThreadUsage before, long nanos) {
    return 100 * (systemTicks - before.systemTicks) * NANOS_A_TICK / Math.max(1, nanos);
  }

  JobResult.Usage since(ThreadUsage before) {
    return new JobResult.Usage(
        switches - before.switches,
        majorFaults - before.majorFaults,
        minorFaults - before.minorFaults);
  }
}
