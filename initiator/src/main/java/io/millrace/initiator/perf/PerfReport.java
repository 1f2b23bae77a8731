package io.millrace.initiator.perf;

import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A result as text: fio's JSON, field for field where there is something to tell, or a few lines.
 */
public final class PerfReport {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private PerfReport() {}

  /**
   * fio's {@code --output-format=json}.
   *
   * @param version of Millrace, in place of fio's
   */
  public static String json(PerfResult result, String version) {
    PerfOptions options = result.options();
    ObjectNode root = MAPPER.createObjectNode();
    root.put("millrace version", version);
    ObjectNode global = root.putObject("global options");
    global.put("socket", result.socket());
    global.put("rw", options.rw().word());
    global.put("bs", Integer.toString(options.blockBytes()));
    global.put("iodepth", Integer.toString(options.ioDepth()));
    global.put("numjobs", Integer.toString(options.numJobs()));
    global.put("runtime", Long.toString(options.runtime().toSeconds()));
    global.put("ramp_time", Long.toString(options.rampTime().toSeconds()));
    ArrayNode jobs = root.putArray("jobs");
    for (JobResult job : result.jobs()) {
      ObjectNode node = jobs.addObject();
      node.put("jobname", options.name());
      node.put("groupid", 0);
      node.put("error", job.error());
      if (job.error() != 0) {
        node.put("error_message", job.message());
      }
      node.put("elapsed", (long) Math.ceil(result.elapsedSeconds()));
      direction(node.putObject("read"), job.read());
      direction(node.putObject("write"), job.write());
      node.put("job_runtime", job.read().runtimeNanos() / 1_000_000);
      node.put("usr_cpu", round(job.userCpuPercent()));
      node.put("sys_cpu", round(job.systemCpuPercent()));
      node.put("ctx", job.contextSwitches());
    }
    return root.toPrettyString();
  }

  private static void direction(ObjectNode node, DirectionResult result) {
    node.put("io_bytes", result.bytes());
    node.put("io_kbytes", result.bytes() / 1024);
    node.put("bw_bytes", (long) result.bytesPerSecond());
    node.put("bw", (long) (result.bytesPerSecond() / 1024));
    node.put("iops", round(result.iops()));
    node.put("runtime", result.ios() == 0 ? 0 : result.runtimeNanos() / 1_000_000);
    node.put("total_ios", result.ios());
    latencies(node.putObject("clat_ns"), result.latencies(), true);
    latencies(node.putObject("lat_ns"), result.latencies(), false);
  }

  private static void latencies(ObjectNode node, Latencies latencies, boolean percentiles) {
    node.put("min", latencies.min());
    node.put("max", latencies.max());
    node.put("mean", round(latencies.mean()));
    node.put("stddev", round(latencies.stddev()));
    node.put("N", latencies.count());
    if (percentiles) {
      ObjectNode values = node.putObject("percentile");
      latencies
          .percentiles()
          .forEach((p, nanos) -> values.put(String.format(Locale.ROOT, "%.6f", p), nanos));
    }
  }

  private static double round(double value) {
    return Math.round(value * 1e6) / 1e6;
  }

  /** A few lines for a reader. */
  public static String text(PerfResult result) {
    PerfOptions options = result.options();
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "%s: rw=%s, bs=%d, iodepth=%d, numjobs=%d, %s%n",
            options.name(),
            options.rw().word(),
            options.blockBytes(),
            options.ioDepth(),
            options.numJobs(),
            result.socket()));
    int number = 0;
    for (JobResult job : result.jobs()) {
      out.append(
          String.format(Locale.ROOT, "job %d: err=%d %s%n", number++, job.error(), job.message()));
      line(out, "read", job.read());
      line(out, "write", job.write());
      out.append(
          String.format(
              Locale.ROOT,
              "  cpu: usr=%.1f%%, sys=%.1f%%, ctx=%d%n",
              job.userCpuPercent(),
              job.systemCpuPercent(),
              job.contextSwitches()));
    }
    return out.toString();
  }

  private static void line(StringBuilder out, String name, DirectionResult result) {
    if (result.ios() == 0) {
      return;
    }
    Latencies h = result.latencies();
    out.append(
        String.format(
            Locale.ROOT,
            "  %s: IOPS=%.0f, BW=%.1f MiB/s, %d requests in %d ms%n"
                + "    latency (us): min=%.1f, avg=%.1f, p50=%.1f, p99=%.1f, p99.99=%.1f, max=%.1f%n",
            name,
            result.iops(),
            result.bytesPerSecond() / (1 << 20),
            result.ios(),
            result.runtimeNanos() / 1_000_000,
            h.min() / 1e3,
            h.mean() / 1e3,
            h.at(50) / 1e3,
            h.at(99) / 1e3,
            h.at(99.99) / 1e3,
            h.max() / 1e3));
  }
}
