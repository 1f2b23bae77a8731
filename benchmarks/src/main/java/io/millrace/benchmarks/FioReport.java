package io.millrace.benchmarks;

import java.io.IOException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a load says about itself, in the shape of {@code fio --output-format=json}.
 *
 * @param iops requests per second of wall time, reads and writes together
 * @param bytesPerSecond of data, likewise
 * @param latency of the reads, or of the writes where nothing is read
 */
record FioReport(double iops, double bytesPerSecond, Latency latency) {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** Percentiles of the latency from submission to completion; 0 where the load tells none. */
  record Latency(double p50Micros, double p99Micros, double p999Micros) {}

  static FioReport parse(String who, String text) throws IOException {
    try {
      // fio puts its own warnings before the report.
      JsonNode all = MAPPER.readTree(text.substring(Math.max(0, text.indexOf('{'))));
      JsonNode job = all.at("/jobs/0");
      if (all.has("error") || job.path("error").asLong(0) != 0) {
        throw new IOException(who + " reports an error: " + text.strip());
      }
      double iops = sum(job, "iops");
      if (iops <= 0) {
        throw new IOException(who + " reports no requests");
      }
      String direction = job.at("/read/iops").asDouble(0) > 0 ? "read" : "write";
      JsonNode percentiles = job.path(direction).at("/clat_ns/percentile");
      return new FioReport(
          iops,
          sum(job, "bw_bytes"),
          new Latency(
              micros(percentiles, "50.000000"),
              micros(percentiles, "99.000000"),
              micros(percentiles, "99.900000")));
    } catch (JacksonException e) {
      throw new IOException(who + " printed something that is no report: " + text, e);
    }
  }

  private static double sum(JsonNode job, String field) {
    return job.path("read").path(field).asDouble(0) + job.path("write").path(field).asDouble(0);
  }

  private static double micros(JsonNode percentiles, String key) {
    return percentiles.path(key).asDouble(0) / 1000;
  }
}
