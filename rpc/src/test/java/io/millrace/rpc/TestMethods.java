package io.millrace.rpc;

import static io.millrace.rpc.internal.Json.NODES;

import io.millrace.linux.Errno;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.JsonNode;

/** A registry of methods that do what a test needs. */
final class TestMethods {
  final MethodRegistry registry = new MethodRegistry();

  /** What {@code slow} waits for. */
  final CompletableFuture<JsonNode> slow = new CompletableFuture<>();

  TestMethods() {
    registry.add(
        RpcMethod.named("echo", "Gives its text back")
            .alias("repeat")
            .param(Param.string("text", "what to give back").required())
            .param(Param.integer("times", 1, 100_000, "how often").orElse(1))
            .handledBy(a ->
                CompletableFuture.completedStage(
                    NODES.stringNode(a.string("text").repeat(a.intValue("times"))))));
    registry.add(
        RpcMethod.named("ping", "Takes nothing")
            .states(RpcState.STARTUP, RpcState.RUNTIME)
            .handledBy(a -> CompletableFuture.completedStage(NODES.booleanNode(true))));
    registry.add(RpcMethod.named("slow", "Ends when the test says").handledBy(a -> slow));
    registry.add(
        RpcMethod.named("option", "Only at startup")
            .states(RpcState.STARTUP)
            .handledBy(a -> CompletableFuture.completedStage(NODES.booleanNode(true))));
    registry.add(
        RpcMethod.named("missing", "Fails with an errno")
            .handledBy(a -> {
              throw RpcException.of(Errno.ENODEV, "there is no bdev Null0");
            }));
    registry.add(
        RpcMethod.named("defect", "Throws")
            .handledBy(a -> {
              throw new IllegalStateException("a defect made for this test");
            }));
    registry.add(
        RpcMethod.named("strict", "Has one of everything")
            .badParams(RpcException.INTERNAL_ERROR, "spdk_json_decode_object failed")
            .param(Param.uint32("size", "bytes").required())
            .param(Param.oneOf("mode", List.of("all", "none"), "which"))
            .param(Param.uuid("uuid", "its UUID"))
            .param(Param.bool("readonly", "no writes").orElse(false))
            .param(Param.strings("names", "which ones"))
            .param(Param.object("extra", "more"))
            .handledBy(a -> CompletableFuture.completedStage(NODES.booleanNode(true))));
  }
}
