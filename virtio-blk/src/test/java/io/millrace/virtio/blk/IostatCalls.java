package io.millrace.virtio.blk;

import io.millrace.rpc.MethodRegistry;
import io.millrace.vhost.user.rpc.IostatMethods;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Asks a target what its disks did, as an operator does. */
final class IostatCalls {
  final MethodRegistry methods = new MethodRegistry();
  private final BlkTarget target;

  IostatCalls(BlkTarget target) {
    this.target = target;
    IostatMethods.addTo(methods, target.controllers);
    methods.enterRuntime();
  }

  static ObjectNode params() {
    return JsonNodeFactory.instance.objectNode();
  }

  JsonNode call(String method, ObjectNode params) throws Exception {
    return target
        .onControl(() -> methods.call(method, params))
        .toCompletableFuture()
        .get(BlkTarget.DEADLINE_NANOS, TimeUnit.NANOSECONDS);
  }

  /** All that is known of the first controller. */
  JsonNode disk() throws Exception {
    return call("vhost_get_iostat", params()).get("controllers").get(0);
  }

  /** A queue of the first controller. */
  JsonNode queue(int index) throws Exception {
    return disk().get("queues").get(index);
  }

  void histogram(String disk, boolean enable) throws Exception {
    call("vhost_enable_histogram", params().put("ctrlr", disk).put("enable", enable));
  }

  void slowRequests(String disk, long micros) throws Exception {
    call(
        "vhost_set_slow_request_threshold",
        params().put("ctrlr", disk).put("threshold_us", micros));
  }

  static long number(JsonNode from, String count) {
    return from.get(count).asLong();
  }
}
