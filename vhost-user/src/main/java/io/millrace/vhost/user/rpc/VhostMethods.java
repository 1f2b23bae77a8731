package io.millrace.vhost.user.rpc;

import io.millrace.linux.Errno;
import io.millrace.reactor.CoreMask;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.JsonTree;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.vhost.user.server.Coalescing;
import io.millrace.vhost.user.server.ControllerException;
import io.millrace.vhost.user.server.SessionInfo;
import io.millrace.vhost.user.server.VhostController;
import io.millrace.vhost.user.server.VhostControllers;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Deletes, tunes and lists controllers of every kind. Control thread. */
public final class VhostMethods {
  private final VhostControllers controllers;
  private final Configuration configuration;

  private VhostMethods(VhostControllers controllers, Configuration configuration) {
    this.controllers = controllers;
    this.configuration = configuration;
  }

  /** Adds the methods. */
  public static void addTo(MethodRegistry methods, VhostControllers controllers) {
    VhostMethods self = new VhostMethods(controllers, methods.configuration());
    methods.add(
        RpcMethod.named("vhost_delete_controller", "Removes a controller and its socket")
            .badParams(RpcException.INVALID_PARAMS, Errno.EINVAL.describe())
            .param(Param.string("ctrlr", "its name").required())
            .handledBy(self::delete));
    methods.add(
        RpcMethod.named("vhost_controller_set_coalescing", "Interrupts busy guests less often")
            .badParams(RpcException.INVALID_PARAMS, Errno.EINVAL.describe())
            .param(Param.string("ctrlr", "the controller's name").required())
            .param(
                Param.integer("delay_base_us", 0, Coalescing.MAX_DELAY_MICROS, "0 for never")
                    .required())
            .param(
                Param.integer(
                        "iops_threshold",
                        Coalescing.MIN_THRESHOLD,
                        Integer.MAX_VALUE,
                        "requests a second of a queue, up to which it calls at once")
                    .required())
            .handledBy(self::coalesce));
    methods.add(
        RpcMethod.named("vhost_get_controllers", "Lists controllers and who is connected")
            .badParams(RpcException.INTERNAL_ERROR, Errno.EINVAL.describe())
            .param(Param.string("name", "only this one"))
            .handledBy(self::list));
  }

  private CompletionStage<JsonNode> delete(Arguments arguments) throws RpcException {
    String name = arguments.string("ctrlr");
    try {
      CompletionStage<JsonNode> deleted =
          controllers.delete(name).thenApply(gone -> BooleanNode.TRUE);
      configuration.remove(ControllerSockets.id(name)); // now: the name is free at once
      return deleted;
    } catch (ControllerException e) {
      throw ControllerSockets.refused(e);
    }
  }

  private CompletionStage<JsonNode> coalesce(Arguments arguments) throws RpcException {
    String name = arguments.string("ctrlr");
    VhostController controller = controllers.get(name);
    if (controller == null) {
      throw RpcException.invalidParams(Errno.ENODEV, "there is no controller " + name);
    }
    var setting =
        new Coalescing(arguments.intValue("delay_base_us"), arguments.intValue("iops_threshold"));
    controller.coalescing(setting);
    boolean off = setting.equals(Coalescing.OFF);
    ControllerSockets.record(
        configuration, controller, "coalescing", arguments, off ? null : arguments.asCalled());
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }

  private CompletionStage<JsonNode> list(Arguments arguments) throws RpcException {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    if (arguments.has("name")) {
      String name = arguments.string("name");
      VhostController one = controllers.get(name);
      if (one == null) {
        throw new RpcException(
            RpcException.INTERNAL_ERROR, Errno.ENODEV.describe(), "there is no controller " + name);
      }
      describe(one, all.addObject());
    } else {
      controllers.all().forEach(controller -> describe(controller, all.addObject()));
    }
    return CompletableFuture.completedStage(all);
  }

  private static void describe(VhostController controller, ObjectNode into) {
    into.put("ctrlr", controller.name());
    into.put("cpumask", CoreMask.format(controller.cores()));
    into.put("delay_base_us", controller.coalescing().delayBaseMicros());
    into.put("iops_threshold", controller.coalescing().iopsThreshold());
    Path socket = controller.socket();
    into.put("socket", socket == null ? "" : socket.toAbsolutePath().toString());
    ArrayNode sessions = into.putArray("sessions");
    for (SessionInfo session : controller.sessions()) {
      ObjectNode entry = sessions.addObject();
      entry.put("vid", session.id());
      entry.put("id", session.id());
      entry.put("name", session.name());
      entry.put("started", session.started());
      entry.put("max_queues", session.maxQueues());
      entry.put("inflight_task_cnt", session.inFlight());
    }
    into.set("backend_specific", JsonTree.of(controller.backendSpecific()));
  }
}
