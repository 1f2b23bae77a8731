package io.millrace.benchmarks;

import java.io.IOException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a load says about itself, in the shape of {@code fio --output-format=json}.
 *
 * @param iops requests per second of wall time, reads and writes together
 * @param meanMicros mean completion latency of the reads
 */
record FioReport(double iops, double meanMicros) {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  static FioReport parse(String who, String text) throws IOException {
    try {
      // fio puts its own warnings before the report.
      JsonNode job = MAPPER.readTree(text.substring(Math.max(0, text.indexOf('{')))).at("/jobs/0");
      double iops = job.at("/read/iops").asDouble(0) + job.at("/write/iops").asDouble(0);
      if (iops <= 0) {
        throw new IOException(who + " reports no requests: " + text);
      }
      return new FioReport(iops, job.at("/read/clat_ns/mean").asDouble(0) / 1000);
    } catch (JacksonException e) {
      throw new IOException(who + " printed something that is no report: " + text, e);
    }
  }
}
