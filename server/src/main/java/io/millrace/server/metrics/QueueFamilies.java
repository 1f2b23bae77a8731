package io.millrace.server.metrics;

import io.millrace.server.metrics.Exposition.Family;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Controllers by {@code vhost_get_controllers}, their queues by {@code vhost_get_iostat}. */
final class QueueFamilies {
  /** As vhost_get_iostat has them; not all move bytes. */
  private static final List<String> KINDS =
      List.of("read", "write", "flush", "discard", "write_zeroes", "other");

  private static final int SHORTEST_LOG2_NANOS = 10;
  private static final int LONGEST_LOG2_NANOS = 30;

  private final Exposition page;

  private QueueFamilies(Exposition page) {
    this.page = page;
  }

  static void add(JsonNode controllers, JsonNode iostat, Exposition page) {
    QueueFamilies families = new QueueFamilies(page);
    families.controllers(controllers);
    families.bdevs(iostat);
    families.requests(iostat);
    families.signals(iostat);
    families.depth(iostat);
    families.stages(iostat);
  }

  private void controllers(JsonNode controllers) {
    Family info = page.gauge("millrace_controller_info", "A controller that there is; always 1.");
    Family sessions =
        page.gauge("millrace_controller_sessions", "Front-ends that are connected to it.");
    for (JsonNode controller : controllers) {
      String name = controller.path("ctrlr").asString("");
      info.add(1, "controller", name, "socket", controller.path("socket").asString(""));
      sessions.add(controller.path("sessions").size(), "controller", name);
    }
  }

  private void bdevs(JsonNode iostat) {
    Family family =
        page.gauge("millrace_controller_bdev_info", "A bdev that a controller serves; always 1.");
    for (JsonNode controller : iostat.path("controllers")) {
      for (JsonNode bdev : controller.path("bdevs")) {
        family.add(1, "controller", name(controller), "bdev", bdev.asString(""));
      }
    }
  }

  private void requests(JsonNode iostat) {
    Family operations =
        page.counter("millrace_queue_operations_total", "Requests of guests that succeeded.");
    Family bytes = page.counter("millrace_queue_bytes_total", "Bytes those moved or covered.");
    Family errors = page.counter("millrace_queue_errors_total", "Requests of guests that failed.");
    Family bad =
        page.counter(
            "millrace_queue_bad_chains_total", "Descriptor chains of guests that make no sense.");
    eachQueue(
        iostat,
        (queue, labels) -> {
          for (String kind : KINDS) {
            String[] ofKind = {labels[0], labels[1], labels[2], labels[3], "op", kind};
            whole(queue, kind + "_ops", operations, ofKind);
            whole(queue, kind + "_bytes", bytes, ofKind);
            whole(queue, kind + "_errors", errors, ofKind);
          }
          whole(queue, "bad_chains", bad, labels);
        });
  }

  private void signals(JsonNode iostat) {
    Family kicks =
        page.counter(
            "millrace_queue_kicks_total", "Times that the guest woke the queue's reactor.");
    Family calls = page.counter("millrace_queue_calls_total", "Interrupts for the guest.");
    Family polls =
        page.counter("millrace_queue_polls_total", "Looks at the queue, by what was found.");
    eachQueue(
        iostat,
        (queue, labels) -> {
          whole(queue, "kicks", kicks, labels);
          whole(queue, "calls", calls, labels);
          long all = queue.path("polls").asLong(0);
          long empty = queue.path("empty_polls").asLong(0);
          polls.add(empty, labels[0], labels[1], labels[2], labels[3], "found", "nothing");
          polls.add(
              Math.max(0, all - empty),
              labels[0],
              labels[1],
              labels[2],
              labels[3],
              "found",
              "work");
        });
  }

  private void depth(JsonNode iostat) {
    Family depth = page.gauge("millrace_queue_in_flight", "Requests under way.");
    Family most =
        page.gauge("millrace_queue_in_flight_max", "Most of them since the statistics were reset.");
    Family runs = page.gauge("millrace_queue_running", "1 on the reactor that the queue runs on.");
    eachQueue(
        iostat,
        (queue, labels) -> {
          whole(queue, "in_flight", depth, labels);
          whole(queue, "max_in_flight", most, labels);
          if (queue.path("reactor").isString()) {
            String reactor = queue.path("reactor").asString("");
            runs.add(1, labels[0], labels[1], labels[2], labels[3], "reactor", reactor);
          }
        });
  }

  /** By powers of two, where the counted buckets have their limits too, from 1 us to 1 s. */
  private void stages(JsonNode iostat) {
    Family family =
        page.histogram(
            "millrace_queue_stage_seconds",
            "Time of requests in a stage: the ring, the bdev, the completion, all"
                + " (vhost_enable_histogram switches that on).");
    double tick = 1 / iostat.path("tick_rate").asDouble(1e9);
    eachQueue(
        iostat,
        (queue, labels) -> {
          for (Map.Entry<String, JsonNode> stage : queue.path("histogram").properties()) {
            String[] ofStage = {
              labels[0], labels[1], labels[2], labels[3], "stage", stage.getKey()
            };
            buckets(stage.getValue(), tick, family, ofStage);
            long count = stage.getValue().path("count").asLong(0);
            family.part("_sum", stage.getValue().path("sum").asLong(0) * tick, ofStage);
            family.part("_count", count, ofStage);
          }
        });
  }

  private static void buckets(JsonNode stage, double tick, Family family, String... labels) {
    String[] bucket = Arrays.copyOf(labels, labels.length + 2);
    bucket[labels.length] = "le";
    for (int log = SHORTEST_LOG2_NANOS; log <= LONGEST_LOG2_NANOS; log++) {
      long within = 0;
      for (JsonNode each : stage.path("buckets")) {
        within += each.path("below").asLong(0) <= 1L << log ? each.path("count").asLong(0) : 0;
      }
      bucket[labels.length + 1] = Double.toString((double) (1L << log) * tick);
      family.part("_bucket", within, bucket);
    }
    bucket[labels.length + 1] = "+Inf";
    family.part("_bucket", stage.path("count").asLong(0), bucket);
  }

  /** Takes a queue with the labels that tell which it is. */
  @FunctionalInterface
  private interface QueueVisitor {
    void visit(JsonNode queue, String[] labels);
  }

  private static void eachQueue(JsonNode iostat, QueueVisitor visitor) {
    for (JsonNode controller : iostat.path("controllers")) {
      for (JsonNode queue : controller.path("queues")) {
        String index = queue.path("index").asString("");
        visitor.visit(queue, new String[] {"controller", name(controller), "queue", index});
      }
    }
  }

  private static void whole(JsonNode queue, String member, Family into, String... labels) {
    JsonNode value = queue.path(member);
    if (value.isNumber()) {
      into.add(value.asLong(), labels);
    }
  }

  private static String name(JsonNode controller) {
    return controller.path("ctrlr").asString("");
  }
}
