package io.millrace.server;

import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.rpc.RpcState;
import io.millrace.vhost.user.server.MovableRing;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The cores that are polled on, in SPDK's shapes. Control thread. */
final class CoreMethods {
  private final ContextSwitches switches;

  private CoreMethods(ContextSwitches switches) {
    this.switches = switches;
  }

  /**
   * Adds the methods.
   *
   * @param rings gives those that run
   */
  static void addTo(
      MethodRegistry methods, Cores cores, CoreLocks locks, Supplier<List<MovableRing>> rings) {
    KernelThreads threads = new KernelThreads(cores.polling().values());
    ReactorReport report = new ReactorReport(cores, threads, rings);
    CoreMethods self =
        new CoreMethods(new ContextSwitches(cores.control(), cores.polling().values(), threads));
    methods.add(
        RpcMethod.named("framework_get_reactors", "Tells how busy each core is, and with what")
            .handledBy(none -> CompletableFuture.completedStage(report.describe())));
    methods.add(
        RpcMethod.named("framework_get_governor", "Tells who sets the cores' speed: the kernel")
            .handledBy(
                none -> CompletableFuture.completedStage(JsonNodeFactory.instance.objectNode())));
    methods.add(
        RpcMethod.named(
                "framework_monitor_context_switch",
                "Logs each second how often a core was taken from its reactor")
            .configuresNothing()
            .badParams(RpcException.INVALID_PARAMS, "Invalid parameters")
            .param(Param.bool("enabled", "whether to; without it, tells only"))
            .handledBy(self::monitor));
    methods.add(
        locking("framework_enable_cpumask_locks", "Claims the cores of -m, as SPDK claims its own")
            .handledBy(none -> done("claim", () -> locks.claim(cores.pinned()))));
    methods.add(
        locking("framework_disable_cpumask_locks", "Claims no core any more")
            .handledBy(none -> done("unclaim", locks::release)));
  }

  private static RpcMethod.Builder locking(String name, String help) {
    return RpcMethod.named(name, help)
        .states(RpcState.STARTUP, RpcState.RUNTIME)
        .configuresNothing()
        .badParams(RpcException.INVALID_PARAMS, name + "requires no arguments"); // SPDK's words
  }

  private CompletionStage<JsonNode> monitor(Arguments arguments) throws RpcException {
    if (arguments.has("enabled")) {
      switches.enable(arguments.bool("enabled"));
    }
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.put("enabled", switches.isEnabled());
    return CompletableFuture.completedStage(result);
  }

  private interface Locking {
    void run() throws CoreLocks.RefusedException;
  }

  private static CompletionStage<JsonNode> done(String what, Locking locking) throws RpcException {
    try {
      locking.run();
      return CompletableFuture.completedStage(BooleanNode.TRUE);
    } catch (CoreLocks.RefusedException e) {
      throw new RpcException(
          RpcException.INTERNAL_ERROR,
          "Failed to " + what + " CPU core: " + e.core(),
          e.getMessage());
    }
  }
}
