package io.millrace.server.top;

import io.millrace.rpc.RpcClient;
import io.millrace.rpc.RpcException;
import io.millrace.server.top.Snapshot.Bdev;
import io.millrace.server.top.Snapshot.Device;
import io.millrace.server.top.Snapshot.Queue;
import io.millrace.server.top.Snapshot.Reactor;
import io.millrace.server.top.Snapshot.Stage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * From the results of JSON-RPC's methods to a snapshot. A server without a method has less to show.
 */
final class SnapshotReader {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private SnapshotReader() {}

  /**
   * Asks a server. It may start up, or end: then there is no snapshot yet.
   *
   * @throws IOException no reply, or one that says "not now"
   */
  static Snapshot read(RpcClient client) throws IOException {
    JsonNode version = call(client, "spdk_get_version");
    JsonNode reactors = call(client, "framework_get_reactors");
    JsonNode bdevs = call(client, "bdev_get_iostat");
    JsonNode vhost = call(client, "vhost_get_iostat");
    return new Snapshot(
        System.nanoTime(),
        reactors.path("pid").asLong(0),
        version.path("version").asString(""),
        devices(vhost),
        bdevs(bdevs),
        vhost.has("reactors") ? ours(vhost) : spdks(reactors));
  }

  private static JsonNode call(RpcClient client, String method) throws IOException {
    try {
      return client.call(method, null);
    } catch (RpcException e) {
      if (e.code() == RpcException.METHOD_NOT_FOUND) {
        return MissingNode.getInstance();
      }
      throw new IOException(method + ": error " + e.code() + ": " + e.getMessage(), e);
    }
  }

  static List<Device> devices(JsonNode vhost) {
    List<Device> devices = new ArrayList<>();
    for (JsonNode controller : vhost.path("controllers")) {
      List<String> bdevs = new ArrayList<>();
      controller.path("bdevs").forEach(bdev -> bdevs.add(text(bdev)));
      List<Queue> queues = new ArrayList<>();
      controller.path("queues").forEach(queue -> queues.add(queue(queue)));
      devices.add(new Device(text(controller.path("ctrlr")), bdevs, queues));
    }
    return devices;
  }

  private static Queue queue(JsonNode queue) {
    return new Queue(
        (int) number(queue, "index"),
        reactor(queue.path("reactor")),
        new IoCounters(
            number(queue, "read_ops"),
            number(queue, "write_ops"),
            sum(queue, "flush_ops", "discard_ops", "write_zeroes_ops", "other_ops"),
            number(queue, "read_bytes"),
            number(queue, "write_bytes"),
            sum(queue, "discard_bytes", "write_zeroes_bytes"),
            errors(queue),
            0),
        number(queue, "kicks"),
        number(queue, "calls"),
        number(queue, "polls"),
        number(queue, "empty_polls"),
        number(queue, "in_flight"),
        number(queue, "max_in_flight"),
        stages(queue.path("histogram")));
  }

  private static List<Stage> stages(JsonNode histograms) {
    List<Stage> stages = new ArrayList<>();
    for (Map.Entry<String, JsonNode> histogram : histograms.properties()) {
      JsonNode figures = histogram.getValue();
      stages.add(
          new Stage(
              histogram.getKey(),
              number(figures, "count"),
              number(figures, "p50"),
              number(figures, "p90"),
              number(figures, "p99"),
              number(figures, "p999")));
    }
    return stages;
  }

  private static @Nullable String reactor(JsonNode name) {
    return name.isString() ? text(name) : null;
  }

  private static long errors(JsonNode queue) {
    long errors = number(queue, "bad_chains");
    for (Map.Entry<String, JsonNode> member : queue.properties()) {
      if (member.getKey().endsWith("_errors")) {
        errors += member.getValue().asLong(0);
      }
    }
    return errors;
  }

  static List<Bdev> bdevs(JsonNode iostat) {
    double nanos = (double) SECOND / Math.max(1, iostat.path("tick_rate").asLong(SECOND));
    List<Bdev> bdevs = new ArrayList<>();
    for (JsonNode bdev : iostat.path("bdevs")) {
      long ticks =
          sum(
              bdev,
              "read_latency_ticks",
              "write_latency_ticks",
              "unmap_latency_ticks",
              "copy_latency_ticks");
      long errors = 0;
      for (JsonNode status : bdev.path("io_error")) {
        errors += status.asLong(0);
      }
      bdevs.add(
          new Bdev(
              text(bdev.path("name")),
              new IoCounters(
                  number(bdev, "num_read_ops"),
                  number(bdev, "num_write_ops"),
                  sum(bdev, "num_unmap_ops", "num_copy_ops"),
                  number(bdev, "bytes_read"),
                  number(bdev, "bytes_written"),
                  sum(bdev, "bytes_unmapped", "bytes_copied"),
                  errors,
                  (long) (ticks * nanos))));
    }
    return bdevs;
  }

  private static List<Reactor> ours(JsonNode vhost) {
    List<Reactor> reactors = new ArrayList<>();
    for (JsonNode reactor : vhost.path("reactors")) {
      reactors.add(
          new Reactor(
              text(reactor.path("name")),
              number(reactor, "busy"),
              number(reactor, "idle"),
              number(reactor, "sleeping"),
              number(reactor, "rounds"),
              number(reactor, "sleeps"),
              number(reactor, "wakeups")));
    }
    return reactors;
  }

  private static List<Reactor> spdks(JsonNode framework) {
    double nanos = (double) SECOND / Math.max(1, framework.path("tick_rate").asLong(SECOND));
    List<Reactor> reactors = new ArrayList<>();
    for (JsonNode reactor : framework.path("reactors")) {
      reactors.add(
          new Reactor(
              "reactor-" + number(reactor, "lcore"),
              (long) (number(reactor, "busy") * nanos),
              (long) (number(reactor, "idle") * nanos),
              0,
              0,
              0,
              0));
    }
    return reactors;
  }

  private static long sum(JsonNode node, String... members) {
    long sum = 0;
    for (String member : members) {
      sum += number(node, member);
    }
    return sum;
  }

  private static long number(JsonNode node, String member) {
    return node.path(member).asLong(0);
  }

  private static String text(JsonNode node) {
    return node.asString("");
  }
}
