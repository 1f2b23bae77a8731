package io.millrace.virtio.scsi.rpc;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.rpc.BdevErrors;
import io.millrace.bdev.rpc.UsesOfBdevs;
import io.millrace.linux.Errno;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.scsi.ScsiTarget;
import io.millrace.vhost.user.rpc.ControllerSockets;
import io.millrace.vhost.user.server.ControllerException;
import io.millrace.vhost.user.server.VhostControllers;
import io.millrace.virtio.scsi.ScsiController;
import io.millrace.virtio.scsi.ScsiControllers;
import java.util.BitSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Makes SCSI controllers and gives them targets. Control thread. */
public final class ScsiMethods {
  /** Makes a controller. */
  public static final String CREATE = "vhost_create_scsi_controller";

  /** Gives a controller its socket that was made without. */
  static final String START = "vhost_start_scsi_controller";

  private static final int MOST_TARGETS = 256;

  private final VhostControllers all;
  private final ScsiControllers controllers;
  private final ControllerSockets sockets;
  private final ConfiguredUnits configured;

  private ScsiMethods(
      VhostControllers all,
      ScsiControllers controllers,
      ControllerSockets sockets,
      ConfiguredUnits configured) {
    this.all = all;
    this.controllers = controllers;
    this.sockets = sockets;
    this.configured = configured;
  }

  /**
   * Adds the methods.
   *
   * @param all controllers, of every kind
   */
  public static void addTo(
      MethodRegistry methods,
      VhostControllers all,
      ScsiControllers controllers,
      ControllerSockets sockets) {
    ScsiMethods self =
        new ScsiMethods(all, controllers, sockets, new ConfiguredUnits(methods.configuration()));
    controllers
        .bdevs()
        .addWatcher(
            new UsesOfBdevs(methods.configuration(), ScsiController.SUBSYSTEM, "bdev_name"));
    methods.add(
        method(CREATE, "Makes a SCSI controller's socket for front-ends")
            .param(ControllerSockets.nameParam())
            .param(ControllerSockets.coresParam())
            .param(
                Param.bool("delay", "no socket before vhost_start_scsi_controller").orElse(false))
            .handledBy(self::create));
    methods.add(
        method(START, "Makes the socket of one that was delayed")
            .param(Param.string("ctrlr", "the controller's name").required())
            .handledBy(self::start));
    methods.add(
        method("vhost_scsi_controller_add_target", "Has a bdev at a target; answers its number")
            .param(Param.string("ctrlr", "the controller's name").required())
            .param(
                Param.integer("scsi_target_num", -1, MOST_TARGETS - 1, "-1 for the first free one")
                    .required())
            .param(Param.string("bdev_name", "name or UUID of the bdev").required())
            .param(Param.integer("lun", 0, ScsiTarget.MAX_LUN, "logical unit number").orElse(0))
            .param(Param.bool("readonly", "guests may only read").orElse(false))
            .handledBy(self::add));
    methods.add(
        method("vhost_scsi_controller_remove_target", "Takes a target away from guests")
            .param(Param.string("ctrlr", "the controller's name").required())
            .param(Param.integer("scsi_target_num", 0, MOST_TARGETS - 1, "which").required())
            .param(Param.integer("lun", 0, ScsiTarget.MAX_LUN, "only this logical unit"))
            .handledBy(self::remove));
    methods.add(
        method("scsi_get_devices", "Lists the targets of all SCSI controllers")
            .handledBy(self::list));
  }

  private static RpcMethod.Builder method(String name, String summary) {
    return RpcMethod.named(name, summary)
        .badParams(RpcException.INVALID_PARAMS, Errno.EINVAL.describe());
  }

  private CompletionStage<JsonNode> create(Arguments arguments) throws RpcException {
    String name = ControllerSockets.newName(arguments, all);
    BitSet cores = ControllerSockets.cores(arguments);
    try {
      if (arguments.bool("delay")) {
        controllers.create(name, cores);
      } else {
        var socket = sockets.listen(name);
        try {
          controllers.serve(controllers.create(name, cores), socket);
        } catch (ControllerException e) {
          socket.close();
          throw e;
        }
      }
    } catch (ControllerException e) {
      throw ControllerSockets.refused(e);
    }
    configured.controller(name, arguments);
    return done();
  }

  private CompletionStage<JsonNode> start(Arguments arguments) throws RpcException {
    ScsiController controller = controller(arguments);
    if (controller.isServed()) {
      return done(); // as SPDK: whoever starts it wants it started
    }
    try {
      controllers.serve(controller, sockets.listen(controller.name()));
    } catch (ControllerException e) {
      throw ControllerSockets.refused(e);
    }
    configured.started(controller.name());
    return done();
  }

  private CompletionStage<JsonNode> add(Arguments arguments) throws RpcException {
    ScsiController controller = controller(arguments);
    try {
      int number =
          controller.add(
              arguments.intValue("scsi_target_num"),
              arguments.intValue("lun"),
              arguments.string("bdev_name"),
              arguments.bool("readonly"));
      configured.unit(controller, number, arguments);
      return CompletableFuture.completedStage(JsonNodeFactory.instance.numberNode(number));
    } catch (BdevException e) {
      throw e.kind() == BdevException.Kind.NOT_FOUND // SPDK's errno for a bdev that is not there
          ? RpcException.invalidParams(Errno.EINVAL, e.getMessage())
          : refused(e);
    }
  }

  private CompletionStage<JsonNode> remove(Arguments arguments) throws RpcException {
    ScsiController controller = controller(arguments);
    int number = arguments.intValue("scsi_target_num");
    try {
      Set<Integer> going =
          arguments.has("lun")
              ? Set.of(arguments.intValue("lun"))
              : controller.luns(number).keySet();
      CompletionStage<@Nullable Void> gone =
          arguments.has("lun")
              ? controller.removeLun(number, arguments.intValue("lun"))
              : controller.removeTarget(number);
      return gone.thenApply(ignored -> {
        configured.unitsGone(controller, number, going);
        return BooleanNode.TRUE;
      });
    } catch (BdevException e) {
      throw refused(e);
    }
  }

  private CompletionStage<JsonNode> list(Arguments arguments) {
    ArrayNode devices = JsonNodeFactory.instance.arrayNode();
    for (ScsiController controller : controllers.all()) {
      for (int target : controller.targets()) {
        devices.addObject().put("id", devices.size() - 1).put("device_name", "Target " + target);
      }
    }
    return CompletableFuture.completedStage(devices);
  }

  private ScsiController controller(Arguments arguments) throws RpcException {
    String name = arguments.string("ctrlr");
    ScsiController controller = controllers.get(name);
    if (controller == null) {
      throw RpcException.invalidParams(Errno.ENODEV, "there is no SCSI controller " + name);
    }
    return controller;
  }

  private static RpcException refused(BdevException e) {
    return RpcException.invalidParams(BdevErrors.errno(e), e.getMessage());
  }

  private static CompletionStage<JsonNode> done() {
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }
}
