package io.millrace.virtio.blk.rpc;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.rpc.BdevErrors;
import io.millrace.bdev.rpc.UsesOfBdevs;
import io.millrace.linux.Errno;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.vhost.user.rpc.ControllerSockets;
import io.millrace.vhost.user.server.ControllerException;
import io.millrace.vhost.user.server.VhostControllers;
import io.millrace.virtio.blk.BlkController;
import io.millrace.virtio.blk.BlkControllers;
import io.millrace.virtio.blk.RingOptions;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Makes block controllers. Control thread. */
public final class BlkMethods {
  private final VhostControllers all;
  private final BlkControllers controllers;
  private final ControllerSockets sockets;
  private final Configuration configuration;

  private BlkMethods(
      VhostControllers all,
      BlkControllers controllers,
      ControllerSockets sockets,
      Configuration configuration) {
    this.all = all;
    this.controllers = controllers;
    this.sockets = sockets;
    this.configuration = configuration;
  }

  /**
   * Adds the methods.
   *
   * @param all controllers, of every kind
   */
  public static void addTo(
      MethodRegistry methods,
      VhostControllers all,
      BlkControllers controllers,
      ControllerSockets sockets) {
    BlkMethods self = new BlkMethods(all, controllers, sockets, methods.configuration());
    TransportMethods.addTo(methods);
    controllers
        .bdevs()
        .addWatcher(new UsesOfBdevs(methods.configuration(), BlkController.SUBSYSTEM, "dev_name"));
    methods.add(
        RpcMethod.named("vhost_create_blk_controller", "Makes a disk's socket for front-ends")
            .badParams(RpcException.INVALID_PARAMS, Errno.EINVAL.describe())
            .param(ControllerSockets.nameParam())
            .param(Param.string("dev_name", "name or UUID of the bdev").required())
            .param(Param.bool("readonly", "guests may only read").orElse(false))
            .param(Param.bool("packed_ring", "offer packed rings").orElse(true))
            .param(Param.bool("in_order", "offer answers in the order of requests").orElse(true))
            .param(Param.bool("ring_reset", "offer the reset of single queues").orElse(false))
            .param(ControllerSockets.coresParam())
            .param(
                Param.oneOf("transport", List.of(BlkController.TRANSPORT), "the only one")
                    .orElse(BlkController.TRANSPORT))
            .takesUnknownParams() // SPDK hands them to the transport
            .handledBy(self::create));
  }

  private CompletionStage<JsonNode> create(Arguments arguments) throws RpcException {
    String name = ControllerSockets.newName(arguments, all);
    BitSet cores = ControllerSockets.cores(arguments);
    BlkControllers.Spec spec =
        new BlkControllers.Spec(
            name,
            arguments.string("dev_name"),
            arguments.bool("readonly"),
            null,
            cores,
            new RingOptions(
                arguments.bool("packed_ring"),
                arguments.bool("in_order"),
                arguments.bool("ring_reset")));
    try {
      record(controllers.create(spec, sockets.listen(name)), arguments);
    } catch (BdevException e) {
      throw RpcException.invalidParams(BdevErrors.errno(e), e.getMessage());
    } catch (ControllerException e) {
      throw ControllerSockets.refused(e);
    }
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }

  /** With all that guests negotiate, as they come back and expect it to be there. */
  private void record(BlkController controller, Arguments arguments) {
    ObjectNode meant = JsonNodeFactory.instance.objectNode();
    meant.put("dev_name", Objects.requireNonNull(controller.bdev()).name());
    for (String offered : List.of("packed_ring", "in_order", "ring_reset")) {
      meant.put(offered, arguments.bool(offered));
    }
    configuration.put(
        BlkController.SUBSYSTEM,
        ControllerSockets.id(controller.name()),
        arguments.method(),
        arguments.asCalledWith(meant));
  }
}
