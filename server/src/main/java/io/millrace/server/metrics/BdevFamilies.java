package io.millrace.server.metrics;

import io.millrace.server.metrics.Exposition.Family;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Bdevs, by {@code bdev_get_bdevs} and {@code bdev_get_iostat}. */
final class BdevFamilies {
  /** What SPDK's names of an operation's figures have in them: for counts, bytes and times. */
  private record Operation(String label, String operations, String bytes, String latency) {}

  private static final Operation[] OPERATIONS = {
    new Operation("read", "num_read_ops", "bytes_read", "read_latency_ticks"),
    new Operation("write", "num_write_ops", "bytes_written", "write_latency_ticks"),
    new Operation("unmap", "num_unmap_ops", "bytes_unmapped", "unmap_latency_ticks"),
    new Operation("copy", "num_copy_ops", "bytes_copied", "copy_latency_ticks"),
  };

  private final Exposition page;

  private BdevFamilies(Exposition page) {
    this.page = page;
  }

  static void add(JsonNode bdevs, JsonNode iostat, Exposition page) {
    BdevFamilies families = new BdevFamilies(page);
    families.descriptions(bdevs);
    families.operations(iostat);
    families.errors(iostat);
    families.depth(iostat);
  }

  private void descriptions(JsonNode bdevs) {
    Family info = page.gauge("millrace_bdev_info", "A bdev that there is; always 1.");
    Family size = page.gauge("millrace_bdev_size_bytes", "Size of a bdev.");
    for (JsonNode bdev : bdevs) {
      String name = bdev.path("name").asString("");
      info.add(
          1,
          "bdev",
          name,
          "product",
          bdev.path("product_name").asString(""),
          "uuid",
          bdev.at("/aliases/0").asString(""));
      long blocks = bdev.path("num_blocks").asLong(0);
      size.add(blocks * bdev.path("block_size").asLong(0), "bdev", name);
    }
  }

  private void operations(JsonNode iostat) {
    Family counts =
        page.counter("millrace_bdev_operations_total", "Requests that succeeded, by operation.");
    Family bytes =
        page.counter("millrace_bdev_bytes_total", "Bytes those moved or covered, by operation.");
    Family seconds =
        page.counter(
            "millrace_bdev_operation_seconds_total",
            "Time those took from submission to completion, all together.");
    Family most =
        page.gauge(
            "millrace_bdev_operation_seconds_max",
            "Longest time of one of those since the statistics were reset.");
    double tick = 1 / iostat.path("tick_rate").asDouble(1e9);
    for (JsonNode bdev : iostat.path("bdevs")) {
      String name = bdev.path("name").asString("");
      for (Operation operation : OPERATIONS) {
        String[] labels = {"bdev", name, "op", operation.label};
        whole(bdev.path(operation.operations), counts, labels);
        whole(bdev.path(operation.bytes), bytes, labels);
        seconds(bdev.path(operation.latency), tick, seconds, labels);
        seconds(bdev.path("max_" + operation.latency), tick, most, labels);
      }
    }
  }

  private static void whole(JsonNode value, Family into, String... labels) {
    if (value.isNumber()) {
      into.add(value.asLong(), labels);
    }
  }

  private static void seconds(JsonNode ticks, double tick, Family into, String... labels) {
    if (ticks.isNumber()) {
      into.add(ticks.asLong() * tick, labels);
    }
  }

  private void errors(JsonNode iostat) {
    Family errors =
        page.counter("millrace_bdev_errors_total", "Requests that failed, by how they ended.");
    for (JsonNode bdev : iostat.path("bdevs")) {
      for (Map.Entry<String, JsonNode> status : bdev.path("io_error").properties()) {
        errors.add(
            status.getValue().asLong(0),
            "bdev",
            bdev.path("name").asString(""),
            "status",
            status.getKey());
      }
    }
  }

  private void depth(JsonNode iostat) {
    Family depth =
        page.gauge(
            "millrace_bdev_queue_depth",
            "Requests under way when last looked (bdev_set_qd_sampling_period switches that on).");
    Family busy =
        page.counter(
            "millrace_bdev_io_seconds_total",
            "Time with a request under way, as far as looks by that period tell.");
    double micro = 1e-6;
    for (JsonNode bdev : iostat.path("bdevs")) {
      if (bdev.has("queue_depth_polling_period")) {
        String[] labels = {"bdev", bdev.path("name").asString("")};
        whole(bdev.path("queue_depth"), depth, labels);
        seconds(bdev.path("io_time"), micro, busy, labels);
      }
    }
  }
}
