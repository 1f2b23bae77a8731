package io.millrace.initiator.perf;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * fio's JSON, so that scripts made for it work: its names, its nesting, its units. One look at the
 * clock ends a batch and begins the next requests; a second one, after these are submitted, would
 * cost about what preparing a request does. So {@code slat_ns} is empty, as with fio's synchronous
 * engines, and {@code clat_ns} is {@code lat_ns}.
 */
final class JsonReport {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final DateTimeFormatter TIME = // ctime(3)
      DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ROOT);

  private final PerfResult result;
  private final PerfOptions options;

  JsonReport(PerfResult result) {
    this.result = result;
    options = result.options();
  }

  String text(String version) {
    Instant now = Instant.now();
    ObjectNode root = MAPPER.createObjectNode();
    root.put("fio version", "millrace-" + version);
    root.put("timestamp", now.getEpochSecond());
    root.put("timestamp_ms", now.toEpochMilli());
    root.put("time", TIME.format(now.atZone(ZoneId.systemDefault())));
    ArrayNode jobs = root.putArray("jobs");
    for (JobResult job : result.jobs()) {
      job(jobs.addObject(), job);
    }
    return root.toPrettyString();
  }

  private void job(ObjectNode node, JobResult job) {
    node.put("jobname", options.name());
    node.put("groupid", 0);
    node.put("error", job.error());
    if (job.error() != 0) {
      node.put("error_message", job.message());
    }
    node.put("eta", 0);
    node.put("elapsed", (long) Math.ceil(result.elapsedSeconds()));
    options(node.putObject("job options"));
    direction(node.putObject("read"), job.read());
    direction(node.putObject("write"), job.write());
    direction(node.putObject("trim"), job.trim());
    ObjectNode sync = node.putObject("sync");
    sync.put("total_ios", job.syncs().count());
    latencies(sync.putObject("lat_ns"), job.syncs(), true);
    node.put("job_runtime", job.runtimeNanos() / 1_000_000);
    node.put("usr_cpu", round(job.userCpuPercent()));
    node.put("sys_cpu", round(job.systemCpuPercent()));
    node.put("ctx", job.usage().contextSwitches());
    node.put("majf", job.usage().majorFaults());
    node.put("minf", job.usage().minorFaults());
    shares(node.putObject("latency_ns"), LatencyShares.NANOS, job.all().nanos());
    shares(node.putObject("latency_us"), LatencyShares.MICROS, job.all().micros());
    shares(node.putObject("latency_ms"), LatencyShares.MILLIS, job.all().millis());
    node.put("latency_depth", options.ioDepth());
    if (job.verify() != null) {
      verify(node.putObject("verify"), job.verify());
    }
  }

  private void options(ObjectNode node) {
    node.put("name", options.name());
    node.put(
        result.target() instanceof SocketTarget ? "socket" : "bdev", result.target().toString());
    node.put("rw", options.rw().word());
    node.put("bs", Integer.toString(options.blockBytes()));
    node.put("iodepth", Integer.toString(options.ioDepth()));
    node.put("numjobs", Integer.toString(options.numJobs()));
    if (!options.size().isZero()) {
      node.put("size", options.size().toString());
    }
    if (!options.runtime().isZero()) {
      node.put("runtime", seconds(options.runtime().toMillis()));
    }
    if (!options.rampTime().isZero()) {
      node.put("ramp_time", seconds(options.rampTime().toMillis()));
    }
    if (options.rateIops() > 0) {
      node.put("rate_iops", Integer.toString(options.rateIops()));
    }
    if (options.verify().enabled()) {
      node.put("verify", "crc32c");
    }
  }

  private static String seconds(long millis) {
    return millis % 1000 == 0 ? Long.toString(millis / 1000) : millis + "ms";
  }

  private static void direction(ObjectNode node, DirectionResult result) {
    node.put("io_bytes", result.bytes());
    node.put("io_kbytes", result.bytes() / 1024);
    node.put("bw_bytes", (long) result.bytesPerSecond());
    node.put("bw", (long) (result.bytesPerSecond() / 1024));
    node.put("iops", round(result.iops()));
    node.put("runtime", result.runtimeNanos() / 1_000_000);
    node.put("total_ios", result.ios());
    node.put("short_ios", 0);
    node.put("drop_ios", 0);
    latencies(node.putObject("slat_ns"), Latencies.NONE, false);
    latencies(node.putObject("clat_ns"), result.latencies(), true);
    latencies(node.putObject("lat_ns"), result.latencies(), false);
    rates(node, result);
  }

  /** What fio samples: bandwidth in KiB/s, and requests a second. */
  private static void rates(ObjectNode node, DirectionResult result) {
    Rates rates = result.rates();
    double kib = result.ios() == 0 ? 0 : result.bytes() / (double) result.ios() / 1024;
    node.put("bw_min", (long) (rates.min() * kib));
    node.put("bw_max", (long) (rates.max() * kib));
    node.put("bw_agg", rates.samples() == 0 ? 0.0 : 100.0);
    node.put("bw_mean", round(rates.mean() * kib));
    node.put("bw_dev", round(rates.stddev() * kib));
    node.put("bw_samples", rates.samples());
    node.put("iops_min", (long) rates.min());
    node.put("iops_max", (long) rates.max());
    node.put("iops_mean", round(rates.mean()));
    node.put("iops_stddev", round(rates.stddev()));
    node.put("iops_samples", rates.samples());
  }

  private static void latencies(ObjectNode node, Latencies latencies, boolean percentiles) {
    node.put("min", latencies.min());
    node.put("max", latencies.max());
    node.put("mean", round(latencies.mean()));
    node.put("stddev", round(latencies.stddev()));
    node.put("N", latencies.count());
    if (percentiles && latencies.count() > 0) {
      ObjectNode values = node.putObject("percentile");
      latencies
          .percentiles()
          .forEach((p, nanos) -> values.put(String.format(Locale.ROOT, "%.6f", p), nanos));
    }
  }

  private static void shares(ObjectNode node, List<Integer> limits, List<Double> percent) {
    for (int i = 0; i < limits.size(); i++) {
      node.put(Integer.toString(limits.get(i)), round(percent.get(i)));
    }
    if (percent.size() > limits.size()) {
      node.put(">=" + limits.getLast(), round(percent.getLast()));
    }
  }

  private static void verify(ObjectNode node, VerifyResult verify) {
    node.put("blocks", verify.checkedBlocks());
    node.put("bad", verify.badBlocks());
    node.put("unwritten", verify.unwrittenBlocks());
    ArrayNode failures = node.putArray("failures");
    for (VerifyFailure failure : verify.failures()) {
      ObjectNode entry = failures.addObject();
      entry.put("offset", failure.offsetBytes());
      entry.put("length", failure.lengthBytes());
      entry.put("damage", failure.damage().name().toLowerCase(Locale.ROOT));
      entry.put("detail", failure.detail());
    }
  }

  private static double round(double value) {
    return Math.round(value * 1e6) / 1e6;
  }
}
