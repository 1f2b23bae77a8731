package io.millrace.initiator.perf;

import java.util.ArrayList;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** fio's report for a reader, line for line where there is something to tell. */
final class TextReport {
  private static final int PERCENTILES_A_LINE = 4;

  /** A unit of time. */
  private enum Unit {
    NSEC(1),
    USEC(1000),
    MSEC(1_000_000);

    final int nanos;

    Unit(int nanos) {
      this.nanos = nanos;
    }

    /** fio's choice: as few digits as tell the smallest value apart. */
    static Unit of(long min, long max) {
      if (min > 2_000_000 && max > 99_999_999) {
        return MSEC;
      }
      return min > 2000 && max > 99_999 ? USEC : NSEC;
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final PerfResult result;
  private final PerfOptions options;
  private final Formatter out = new Formatter(Locale.ROOT);

  TextReport(PerfResult result) {
    this.result = result;
    options = result.options();
  }

  String text() {
    out.format(
        "%s: rw=%s, bs=%sB, iodepth=%d, numjobs=%d, %s%n",
        options.name(),
        options.rw().word(),
        Quantity.binary(options.blockBytes()),
        options.ioDepth(),
        options.numJobs(),
        result.target());
    int jobs = options.groupReporting() ? options.numJobs() : 1;
    for (JobResult job : result.jobs()) {
      out.format("%n");
      String problem = job.error() == 0 ? "" : ": " + job.message();
      out.format(
          "%s: (groupid=0, jobs=%d): err=%2d%s%n", options.name(), jobs, job.error(), problem);
      job(job);
    }
    out.format("%n");
    out.format("Run status group 0 (all jobs):%n");
    total("READ", JobResult::read);
    total("WRITE", JobResult::write);
    total("TRIM", JobResult::trim);
    return out.toString();
  }

  private void job(JobResult job) {
    direction("read", job.read());
    direction("write", job.write());
    direction("trim", job.trim());
    shares("nsec", LatencyShares.NANOS, job.all().nanos());
    shares("usec", LatencyShares.MICROS, job.all().micros());
    shares("msec", LatencyShares.MILLIS, job.all().millis());
    if (job.syncs().count() > 0) {
      out.format("  flushes:%n");
      latencies("sync", job.syncs());
    }
    out.format(
        "  cpu          : usr=%.2f%%, sys=%.2f%%, ctx=%d, majf=%d, minf=%d%n",
        job.userCpuPercent(),
        job.systemCpuPercent(),
        job.usage().contextSwitches(),
        job.usage().majorFaults(),
        job.usage().minorFaults());
    VerifyResult verify = job.verify();
    if (verify != null) {
      out.format(
          "  verify       : checked=%d, bad=%d, unwritten=%d blocks%n",
          verify.checkedBlocks(), verify.badBlocks(), verify.unwrittenBlocks());
    }
  }

  private void direction(String name, DirectionResult done) {
    if (done.ios() == 0) {
      return;
    }
    out.format(
        "  %s: IOPS=%s, BW=%sB/s (%sB/s)(%sB/%dmsec)%n",
        name,
        Quantity.decimal(done.iops()),
        Quantity.binary(done.bytesPerSecond()),
        Quantity.decimal(done.bytesPerSecond()),
        Quantity.binary((double) done.bytes()),
        done.runtimeNanos() / 1_000_000);
    latencies("clat", done.latencies());
    Rates rates = done.rates();
    if (rates.samples() > 0) {
      out.format(
          "    iops         : min=%.0f, max=%.0f, avg=%.2f, stdev=%.2f, samples=%d%n",
          rates.min(), rates.max(), rates.mean(), rates.stddev(), rates.samples());
    }
  }

  private void latencies(String name, Latencies latencies) {
    Unit unit = Unit.of(latencies.min(), latencies.max());
    out.format(
        "    %s (%s): min=%d, max=%d, avg=%.2f, stdev=%.2f%n",
        name,
        unit.word(),
        latencies.min() / unit.nanos,
        latencies.max() / unit.nanos,
        latencies.mean() / unit.nanos,
        latencies.stddev() / unit.nanos);
    out.format("    %s percentiles (%s):%n", name, unit.word());
    int width = Math.max(5, Long.toString(latencies.max() / unit.nanos).length());
    List<String> values = new ArrayList<>();
    for (Map.Entry<Double, Long> entry : latencies.percentiles().entrySet()) {
      values.add(
          String.format(
              Locale.ROOT,
              "%5.2fth=[%" + width + "d]",
              entry.getKey(),
              entry.getValue() / unit.nanos));
    }
    for (int from = 0; from < values.size(); from += PERCENTILES_A_LINE) {
      int to = Math.min(values.size(), from + PERCENTILES_A_LINE);
      String end = to < values.size() ? "," : "";
      out.format("     | %s%s%n", String.join(", ", values.subList(from, to)), end);
    }
  }

  /** Shares that are not nothing, as fio leaves them out. */
  private void shares(String unit, List<Integer> limits, List<Double> percent) {
    List<String> some = new ArrayList<>();
    for (int i = 0; i < percent.size(); i++) {
      String limit = i < limits.size() ? limits.get(i).toString() : ">=" + limits.getLast();
      if (percent.get(i) >= 0.005) {
        some.add(String.format(Locale.ROOT, "%s=%.2f%%", limit, percent.get(i)));
      }
    }
    if (!some.isEmpty()) {
      out.format("  lat (%s)   : %s%n", unit, String.join(", ", some));
    }
  }

  private void total(String name, Function<JobResult, DirectionResult> of) {
    List<DirectionResult> all = result.jobs().stream().map(of).filter(d -> d.ios() > 0).toList();
    if (all.isEmpty()) {
      return;
    }
    double rate = all.stream().mapToDouble(DirectionResult::bytesPerSecond).sum();
    long bytes = all.stream().mapToLong(DirectionResult::bytes).sum();
    long shortest = all.stream().mapToLong(DirectionResult::runtimeNanos).min().orElse(0);
    long longest = all.stream().mapToLong(DirectionResult::runtimeNanos).max().orElse(0);
    out.format(
        "%8s: bw=%sB/s (%sB/s), io=%sB (%sB), run=%d-%dmsec%n",
        name,
        Quantity.binary(rate),
        Quantity.decimal(rate),
        Quantity.binary((double) bytes),
        Quantity.decimal((double) bytes),
        shortest / 1_000_000,
        longest / 1_000_000);
  }
}
