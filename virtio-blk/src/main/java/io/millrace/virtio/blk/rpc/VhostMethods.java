package io.millrace.virtio.blk.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.rpc.BdevErrors;
import io.millrace.linux.Errno;
import io.millrace.reactor.CoreMask;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.VhostSocket.SocketAccess;
import io.millrace.vhost.user.server.Coalescing;
import io.millrace.vhost.user.server.SessionInfo;
import io.millrace.virtio.blk.BlkController;
import io.millrace.virtio.blk.BlkControllers;
import io.millrace.virtio.blk.RingOptions;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Makes, deletes and lists block controllers. Control thread. */
public final class VhostMethods {
  private static final String TRANSPORT = "vhost_user_blk";

  private final BlkControllers controllers;
  private final Path directory;
  private final @Nullable SocketAccess access;

  private VhostMethods(BlkControllers controllers, Path directory, @Nullable SocketAccess access) {
    this.controllers = controllers;
    this.directory = directory;
    this.access = access;
  }

  /**
   * Adds the methods.
   *
   * @param directory where sockets are made: a controller's is the directory and its name
   * @param access who may connect to them; null for what the umask allows
   */
  public static void addTo(
      MethodRegistry methods,
      BlkControllers controllers,
      Path directory,
      @Nullable SocketAccess access) {
    VhostMethods self = new VhostMethods(controllers, directory, access);
    methods.add(
        RpcMethod.named("vhost_create_blk_controller", "Makes a disk's socket for front-ends")
            .badParams(RpcException.INVALID_PARAMS, Errno.EINVAL.describe())
            .param(Param.string("ctrlr", "its name, and its socket's in the directory").required())
            .param(Param.string("dev_name", "name or UUID of the bdev").required())
            .param(Param.bool("readonly", "guests may only read").orElse(false))
            .param(Param.bool("packed_ring", "offer packed rings").orElse(true))
            .param(Param.bool("in_order", "offer answers in the order of requests").orElse(true))
            .param(Param.bool("ring_reset", "offer the reset of single queues").orElse(false))
            .param(Param.string("cpumask", "cores its queues may run on; all without"))
            .param(Param.oneOf("transport", List.of(TRANSPORT), "the only one").orElse(TRANSPORT))
            .takesUnknownParams() // SPDK hands them to the transport
            .handledBy(self::create));
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

  private CompletionStage<JsonNode> create(Arguments arguments) throws RpcException {
    String name = arguments.string("ctrlr");
    requireName(name);
    if (controllers.get(name) != null) {
      throw RpcException.invalidParams(
          Errno.EEXIST, "controller " + name + " exists already; choose another name");
    }
    Optional<BitSet> cores = cores(arguments);
    try {
      VhostSocket socket = VhostSocket.listen(directory.resolve(name), access);
      controllers.create(
          new BlkControllers.Spec(
              name,
              arguments.string("dev_name"),
              arguments.bool("readonly"),
              null,
              cores.orElse(null),
              new RingOptions(
                  arguments.bool("packed_ring"),
                  arguments.bool("in_order"),
                  arguments.bool("ring_reset"))),
          socket);
    } catch (BdevException e) {
      throw RpcException.invalidParams(BdevErrors.errno(e), e.getMessage());
    } catch (IOException e) {
      throw RpcException.invalidParams(Errno.EIO, e.getMessage());
    } catch (InvalidPathException e) {
      throw RpcException.invalidParams(Errno.EINVAL, name + ": cannot be a socket's name");
    }
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }

  private static void requireName(String name) throws RpcException {
    try {
      BlkControllers.requireName(name);
    } catch (BdevException e) {
      throw RpcException.invalidParams(BdevErrors.errno(e), e.getMessage());
    }
  }

  private static Optional<BitSet> cores(Arguments arguments) throws RpcException {
    try {
      return arguments.optionalString("cpumask").map(CoreMask::parse);
    } catch (IllegalArgumentException e) {
      throw RpcException.invalidParams(Errno.EINVAL, "cpumask: " + e.getMessage());
    }
  }

  private CompletionStage<JsonNode> delete(Arguments arguments) throws RpcException {
    try {
      return controllers.delete(arguments.string("ctrlr")).thenApply(gone -> BooleanNode.TRUE);
    } catch (BdevException e) {
      throw RpcException.invalidParams(BdevErrors.errno(e), e.getMessage());
    }
  }

  private CompletionStage<JsonNode> coalesce(Arguments arguments) throws RpcException {
    String name = arguments.string("ctrlr");
    BlkController controller = controllers.get(name);
    if (controller == null) {
      throw RpcException.invalidParams(Errno.ENODEV, "there is no controller " + name);
    }
    controller.coalescing(
        new Coalescing(arguments.intValue("delay_base_us"), arguments.intValue("iops_threshold")));
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }

  private CompletionStage<JsonNode> list(Arguments arguments) throws RpcException {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    if (arguments.has("name")) {
      String name = arguments.string("name");
      BlkController one = controllers.get(name);
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

  private static void describe(BlkController controller, ObjectNode into) {
    into.put("ctrlr", controller.name());
    into.put("cpumask", CoreMask.format(controller.cores()));
    into.put("delay_base_us", controller.coalescing().delayBaseMicros());
    into.put("iops_threshold", controller.coalescing().iopsThreshold());
    into.put("socket", controller.socket().toAbsolutePath().toString());
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
    ObjectNode block = into.putObject("backend_specific").putObject("block");
    block.put("readonly", controller.isReadOnly());
    Bdev bdev = controller.bdev();
    block.put("bdev", bdev == null ? null : bdev.name());
    block.put("transport", TRANSPORT);
  }
}
