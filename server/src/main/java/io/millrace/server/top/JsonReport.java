package io.millrace.server.top;

import io.millrace.server.top.Frame.DeviceRates;
import io.millrace.server.top.Frame.QueueRates;
import io.millrace.server.top.Frame.ReactorRates;
import java.time.Instant;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A frame as one line of JSON: rates a second, bytes, nanoseconds, shares from 0 to 1. */
final class JsonReport {
  private JsonReport() {}

  static String of(Frame frame, Instant when) {
    ObjectNode all = JsonNodeFactory.instance.objectNode();
    all.put("time", when.toString()).put("version", frame.version());
    ArrayNode devices = all.putArray("devices");
    frame.devices().forEach(device -> describe(device, devices.addObject()));
    ArrayNode bdevs = all.putArray("bdevs");
    frame
        .bdevs()
        .forEach(bdev -> describe(bdev.io(), bdevs.addObject().put("name", bdev.name()), true));
    ArrayNode reactors = all.putArray("reactors");
    frame.reactors().forEach(reactor -> describe(reactor, reactors.addObject()));
    return all.toString();
  }

  private static void describe(DeviceRates device, ObjectNode into) {
    into.put("name", device.name());
    ArrayNode bdevs = into.putArray("bdevs");
    device.bdevs().forEach(bdevs::add);
    describe(device.io(), into, true);
    into.put("in_flight", device.inFlight());
    ArrayNode queues = into.putArray("queues");
    device.queues().forEach(queue -> describe(queue, queues.addObject()));
  }

  private static void describe(QueueRates queue, ObjectNode into) {
    into.put("index", queue.index()).put("reactor", queue.reactor());
    describe(queue.io(), into, false);
    into.put("kicks", queue.kicks()).put("calls", queue.calls()).put("polls", queue.polls());
    into.put("empty_polls_share", queue.emptyShare());
    into.put("in_flight", queue.inFlight()).put("max_in_flight", queue.mostInFlight());
    ObjectNode stages = into.putObject("stages");
    for (Snapshot.Stage stage : queue.stages()) {
      ObjectNode figures = stages.putObject(stage.name()).put("count", stage.count());
      figures.put("p50_ns", stage.p50()).put("p90_ns", stage.p90());
      figures.put("p99_ns", stage.p99()).put("p999_ns", stage.p999());
    }
  }

  private static void describe(ReactorRates reactor, ObjectNode into) {
    into.put("name", reactor.name());
    into.put("busy_share", reactor.busy()).put("idle_share", reactor.idle());
    into.put("asleep_share", reactor.sleeping()).put("queues", reactor.queues());
    into.put("rounds", reactor.rounds()).put("sleeps", reactor.sleeps());
    into.put("wakeups", reactor.wakeUps());
  }

  private static void describe(Rates io, ObjectNode into, boolean withLatency) {
    into.put("reads", io.reads()).put("writes", io.writes()).put("others", io.others());
    into.put("read_bytes", io.readBytes()).put("write_bytes", io.writeBytes());
    into.put("other_bytes", io.otherBytes()).put("errors", io.errors());
    if (withLatency && Double.isNaN(io.latencyNanos())) {
      into.putNull("latency_ns");
    } else if (withLatency) {
      into.put("latency_ns", io.latencyNanos());
    }
  }
}
