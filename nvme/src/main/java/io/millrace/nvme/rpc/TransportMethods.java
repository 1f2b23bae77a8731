package io.millrace.nvme.rpc;

import io.millrace.nvme.TransportStatistics;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What the queues did, in SPDK's shape: one poll group for each reactor that has any. */
final class TransportMethods {
  private final NvmeMethods methods;

  TransportMethods(NvmeMethods methods) {
    this.methods = methods;
  }

  void addTo(MethodRegistry registry) {
    registry.add(
        RpcMethod.named(
                "bdev_nvme_get_transport_statistics",
                "Tells what each thread's NVMe queues did: polls, commands, doorbells")
            .badParams(
                RpcException.INVALID_PARAMS,
                "'bdev_nvme_get_transport_statistics' requires no arguments")
            .handledBy(none -> get()));
  }

  private CompletionStage<JsonNode> get() {
    Map<Reactor, TransportStatistics> sums =
        methods.attached().isEmpty() ? Map.of() : methods.module().transport();
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    ArrayNode groups = result.putArray("poll_groups");
    sums.forEach((reactor, did) -> {
      ObjectNode group = groups.addObject();
      group.put("thread", reactor.name());
      describe(did, group.putArray("transports").addObject());
    });
    return CompletableFuture.completedStage(result);
  }

  private static void describe(TransportStatistics did, ObjectNode into) {
    into.put("trname", "PCIe");
    into.put("polls", did.polls());
    into.put("idle_polls", did.idlePolls());
    into.put("completions", did.completions());
    into.put("cq_mmio_doorbell_updates", did.cqMmioDoorbellUpdates());
    into.put("cq_shadow_doorbell_updates", did.cqShadowDoorbellUpdates());
    into.put("queued_requests", did.queuedRequests());
    into.put("submitted_requests", did.submittedRequests());
    into.put("sq_mmio_doorbell_updates", did.sqMmioDoorbellUpdates());
    into.put("sq_shadow_doorbell_updates", did.sqShadowDoorbellUpdates());
  }
}
