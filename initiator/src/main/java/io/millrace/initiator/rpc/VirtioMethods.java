package io.millrace.initiator.rpc;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.rpc.BdevErrors;
import io.millrace.initiator.bdev.VhostUserModule;
import io.millrace.initiator.bdev.VhostUserModule.Attached;
import io.millrace.linux.Errno;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Attaches other servers' virtio devices. Control thread. */
public final class VirtioMethods {
  private static final int MOST_QUEUES = 64;

  private final BdevRegistry registry;
  private final Reactor control;
  private final Configuration configuration;
  private @Nullable VhostUserModule module; // made when it is first wanted

  private VirtioMethods(BdevRegistry registry, Reactor control, Configuration configuration) {
    this.registry = registry;
    this.control = control;
    this.configuration = configuration;
  }

  /**
   * Adds the methods.
   *
   * @param control runs the registry's thread
   */
  public static void addTo(MethodRegistry methods, BdevRegistry registry, Reactor control) {
    VirtioMethods self = new VirtioMethods(registry, control, methods.configuration());
    methods.add(
        method("bdev_virtio_attach_controller", "Makes bdevs of another server's virtio device")
            .param(Param.string("name", "of the bdev, or of SCSI ones without their tN").required())
            .param(Param.oneOf("trtype", List.of("user"), "vhost-user, no other").required())
            .param(Param.string("traddr", "path of the server's socket").required())
            .param(Param.oneOf("dev_type", List.of("blk", "scsi"), "what it is").required())
            .param(
                Param.integer("vq_count", 0, MOST_QUEUES, "reactors that may use a bdev at a time")
                    .orElse(1))
            .param(Param.uint32("vq_size", "no effect: each queue has 128 descriptors"))
            .handledBy(self::attach));
    methods.add(
        method("bdev_virtio_detach_controller", "Removes a virtio device's bdevs, and lets it go")
            .param(Param.string("name", "the device").required())
            .handledBy(self::detach));
    methods.add(
        method("bdev_virtio_scsi_get_devices", "Lists the SCSI controllers that are attached")
            .handledBy(self::list));
  }

  private static RpcMethod.Builder method(String name, String help) {
    return RpcMethod.named(name, help)
        .badParams(RpcException.INTERNAL_ERROR, "spdk_json_decode_object failed");
  }

  private VhostUserModule module() {
    VhostUserModule made = module;
    if (made == null) {
      made = new VhostUserModule(registry, control);
      module = made;
    }
    return made;
  }

  private CompletionStage<JsonNode> attach(Arguments arguments) throws RpcException {
    String name = arguments.string("name");
    Path socket = path(arguments.string("traddr"));
    int queues = Math.max(1, arguments.intValue("vq_count")); // 0 is SPDK's default too
    try {
      return answer(
          (arguments.string("dev_type").equals("scsi")
                  ? module().attachScsi(name, socket, queues)
                  : module().attachBlk(name, socket, queues))
              .thenApply(attached -> {
                configuration.put("bdev", id(name), arguments.method(), arguments.asCalled());
                return names(attached);
              }));
    } catch (BdevException e) {
      throw refused(e);
    }
  }

  private static String id(String name) {
    return Configuration.id("virtio", name);
  }

  /** A server that is not there, or is not what it should be, is a wrong parameter to SPDK. */
  private static RpcException refused(BdevException e) {
    return e.kind() == BdevException.Kind.SYSTEM
        ? RpcException.invalidParams(Errno.EINVAL, e.getMessage())
        : BdevErrors.of(e);
  }

  private static Path path(String address) throws RpcException {
    try {
      return Path.of(address);
    } catch (InvalidPathException e) {
      throw RpcException.of(Errno.EINVAL, "traddr is no path: " + e.getReason());
    }
  }

  private static JsonNode names(Attached attached) {
    ArrayNode names = JsonNodeFactory.instance.arrayNode();
    attached.disks().forEach(disk -> names.add(disk.name()));
    return names;
  }

  private CompletionStage<JsonNode> detach(Arguments arguments) throws RpcException {
    String name = arguments.string("name");
    try {
      return answer(
          module()
              .detach(name)
              .thenApply(gone -> {
                configuration.remove(id(name));
                return BooleanNode.TRUE;
              }));
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
  }

  private CompletionStage<JsonNode> list(Arguments none) {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    VhostUserModule made = module;
    for (Attached attached : made == null ? List.<Attached>of() : made.all()) {
      if (attached.scsi()) {
        ObjectNode one = all.addObject();
        one.put("name", attached.name());
        one.put("type", "user");
        one.put("socket", attached.socket().toString());
      }
    }
    return CompletableFuture.completedStage(all);
  }

  private static CompletionStage<JsonNode> answer(CompletionStage<JsonNode> stage) {
    return stage.exceptionallyCompose(e -> {
      Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
      return CompletableFuture.failedStage(
          cause instanceof BdevException bdev ? refused(bdev) : cause);
    });
  }
}
