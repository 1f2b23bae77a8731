package io.millrace.vhost.user.rpc;

import io.millrace.linux.Errno;
import io.millrace.reactor.CoreMask;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.VhostSocket.SocketAccess;
import io.millrace.vhost.user.server.ControllerException;
import io.millrace.vhost.user.server.VhostController;
import io.millrace.vhost.user.server.VhostControllers;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Where the sockets of controllers are that methods make, and what these methods have in common.
 *
 * @param directory a controller's socket is the directory and its name
 * @param access who may connect; null for what the umask allows
 * @param gate waits until front-ends may come; run before each socket is made
 */
public record ControllerSockets(Path directory, @Nullable SocketAccess access, Runnable gate) {
  /** Sockets that front-ends may come to as soon as they are made. */
  public ControllerSockets(Path directory, @Nullable SocketAccess access) {
    this(directory, access, () -> {});
  }

  /** The controller's name, which no other may have. */
  public static Param nameParam() {
    return Param.string("ctrlr", "its name, and its socket's in the directory").required();
  }

  /** What a controller, or something set on it, is recorded under when it is configured. */
  public static String id(String controller, String... below) {
    List<String> names = new ArrayList<>();
    names.add(controller);
    names.addAll(List.of(below));
    return Configuration.id("vhost", names.toArray(String[]::new));
  }

  /**
   * Records a call that set something on a controller, unless no configuration would bring that
   * controller back: what would then be saved could not be loaded.
   *
   * @param setting what it set; one call is recorded of each
   * @param params of the call; null where things are now as they are without it
   */
  static void record(
      Configuration configuration,
      VhostController controller,
      String setting,
      Arguments call,
      @Nullable ObjectNode params) {
    String id = id(controller.name(), setting);
    if (params == null) {
      configuration.remove(id);
    } else if (controller.isConfigurable()) {
      configuration.put(controller.subsystem(), id, call.method(), params);
    }
  }

  /** The cores that it may use. */
  public static Param coresParam() {
    return Param.string("cpumask", "cores its queues may run on; all without");
  }

  /** The name of a controller that is to be made: nothing that is not there is found by it. */
  public static String newName(Arguments arguments, VhostControllers controllers)
      throws RpcException {
    String name = arguments.string("ctrlr");
    try {
      controllers.requireFree(name);
    } catch (ControllerException e) {
      throw refused(e);
    }
    return name;
  }

  /** The cores of {@link #coresParam}; null for all. */
  public static @Nullable BitSet cores(Arguments arguments) throws RpcException {
    try {
      return arguments.optionalString("cpumask").map(CoreMask::parse).orElse(null);
    } catch (IllegalArgumentException e) {
      throw RpcException.invalidParams(Errno.EINVAL, "cpumask: " + e.getMessage());
    }
  }

  /** Lets a controller's socket listen. */
  public VhostSocket listen(String name) throws RpcException {
    gate.run();
    try {
      return VhostSocket.listen(directory.resolve(name), access);
    } catch (IOException e) {
      throw RpcException.invalidParams(Errno.EIO, e.getMessage());
    } catch (InvalidPathException e) {
      throw RpcException.invalidParams(Errno.EINVAL, name + ": cannot be a socket's name");
    }
  }

  /** As SPDK's vhost methods say it. */
  public static RpcException refused(ControllerException e) {
    return RpcException.invalidParams(e.errno(), e.getMessage());
  }
}
