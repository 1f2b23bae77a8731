package io.millrace.server;

import io.millrace.linux.Errno;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.rpc.RpcState;
import io.millrace.server.RingScheduler.Kind;
import io.millrace.vhost.user.server.DynamicPlacement.Limits;
import java.util.List;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** By what rings change their core, in SPDK's shapes: its scheduler moves threads. */
final class SchedulerMethods {
  /** Where it is configured, as SPDK names it. */
  static final String SUBSYSTEM = "scheduler";

  private static final long LEAST_PERIOD_MICROS = 1000;
  private static final long MOST_PERIOD_MICROS = TimeUnit.HOURS.toMicros(1);
  private static final List<String> LIMITS = List.of("load_limit", "core_limit", "core_busy");

  private final RingScheduler scheduler;
  private final SortedMap<Integer, Reactor> reactors;
  private final Configuration configuration;

  private SchedulerMethods(
      RingScheduler scheduler, SortedMap<Integer, Reactor> reactors, Configuration configuration) {
    this.scheduler = scheduler;
    this.reactors = reactors;
    this.configuration = configuration;
  }

  /**
   * Adds the methods.
   *
   * @param reactors by core
   */
  static void addTo(
      MethodRegistry methods, RingScheduler scheduler, SortedMap<Integer, Reactor> reactors) {
    SchedulerMethods self = new SchedulerMethods(scheduler, reactors, methods.configuration());
    methods.add(
        RpcMethod.named("framework_set_scheduler", "Says whether busy queues change their core")
            .states(RpcState.STARTUP, RpcState.RUNTIME)
            .param(Param.string("name", "dynamic; or static, where all stay").required())
            .param(
                Param.integer("period", 0, MOST_PERIOD_MICROS, "microseconds; 0 leaves it as it is")
                    .orElse(0))
            .param(percent("load_limit", "difference of two cores up to which they count as even"))
            .param(percent("core_limit", "load up to which a core takes another queue"))
            .param(percent("core_busy", "load from which a core gives queues away"))
            .handledBy(self::set));
    methods.add(
        RpcMethod.named("framework_get_scheduler", "Tells by what queues change their core")
            .states(RpcState.STARTUP, RpcState.RUNTIME)
            .handledBy(none -> CompletableFuture.completedStage(self.describe())));
  }

  private static Param percent(String name, String help) {
    return Param.integer(name, 0, 100, "percent: " + help);
  }

  private CompletionStage<JsonNode> set(Arguments arguments) throws RpcException {
    String name = arguments.string("name");
    Kind kind =
        Stream.of(Kind.values())
            .filter(one -> one.spelling().equals(name))
            .findFirst()
            .orElseThrow(() -> refused("name is dynamic or static; there is no other"));
    if (kind == Kind.STATIC && LIMITS.stream().anyMatch(arguments::has)) {
      throw refused(String.join(", ", LIMITS) + " are of the dynamic scheduler");
    }
    long period = arguments.integer("period");
    if (period != 0 && period < LEAST_PERIOD_MICROS) {
      throw refused("period is in microseconds, and at least " + LEAST_PERIOD_MICROS);
    }
    Limits now = scheduler.limits();
    scheduler.set(
        kind,
        period == 0 ? scheduler.periodMicros() : period,
        new Limits(
            arguments.optionalInt("load_limit").orElse(now.loadLimit()),
            arguments.optionalInt("core_limit").orElse(now.coreLimit()),
            arguments.optionalInt("core_busy").orElse(now.coreBusy())));
    record(arguments);
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }

  /** A call leaves as it was what it does not name: all of it is recorded. */
  private void record(Arguments arguments) {
    ObjectNode meant = JsonNodeFactory.instance.objectNode();
    meant.put("period", scheduler.periodMicros());
    if (scheduler.kind() == Kind.DYNAMIC) {
      putLimits(meant);
    }
    configuration.put(SUBSYSTEM, SUBSYSTEM, arguments.method(), arguments.asCalledWith(meant));
  }

  private void putLimits(ObjectNode into) {
    into.put("load_limit", scheduler.limits().loadLimit());
    into.put("core_limit", scheduler.limits().coreLimit());
    into.put("core_busy", scheduler.limits().coreBusy());
  }

  private static RpcException refused(String why) {
    return new RpcException(RpcException.INTERNAL_ERROR, Errno.EINVAL.describe(), why);
  }

  private ObjectNode describe() {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.put("scheduler_name", scheduler.kind().spelling());
    result.put("scheduler_period", scheduler.periodMicros());
    result.put("isolated_core_mask", "0"); // SPDK's spelling: this mask has no 0x
    result.put("scheduling_core", reactors.firstKey());
    if (scheduler.kind() == Kind.DYNAMIC) {
      putLimits(result);
    }
    return result;
  }
}
