package io.millrace.virtio.blk.rpc;

import io.millrace.linux.Errno;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.virtio.blk.BlkController;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * The ways that block controllers can be reached by: vhost-user, which is there from the start as
 * in SPDK, and no other.
 */
final class TransportMethods {
  private TransportMethods() {}

  static void addTo(MethodRegistry methods) {
    methods.add(
        RpcMethod.named("virtio_blk_create_transport", "Adds a way to reach block controllers")
            .badParams(-Errno.EINVAL.number(), Errno.EINVAL.describe())
            .param(Param.string("name", "vhost_user_blk, which is there already").required())
            .takesUnknownParams() // SPDK hands them to the transport
            .handledBy(TransportMethods::create));
    methods.add(
        RpcMethod.named("virtio_blk_get_transports", "Lists the ways to block controllers")
            .param(Param.string("name", "only this one"))
            .handledBy(TransportMethods::list));
  }

  private static boolean isThere(String name) {
    return BlkController.TRANSPORT.equalsIgnoreCase(name);
  }

  private static CompletionStage<JsonNode> create(Arguments arguments) throws RpcException {
    String name = arguments.string("name");
    throw isThere(name)
        ? RpcException.of(Errno.EEXIST, name + " is there from the start; leave the call out")
        : RpcException.of(
            Errno.ENOENT, "there is no transport " + name + ", only " + BlkController.TRANSPORT);
  }

  private static CompletionStage<JsonNode> list(Arguments arguments) throws RpcException {
    if (arguments.has("name") && !isThere(arguments.string("name"))) {
      throw RpcException.of(Errno.ENODEV, "there is no transport " + arguments.string("name"));
    }
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    all.addObject().put("name", BlkController.TRANSPORT);
    return CompletableFuture.completedStage(all);
  }
}
