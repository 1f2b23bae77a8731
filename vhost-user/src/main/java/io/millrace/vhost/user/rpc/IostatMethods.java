package io.millrace.vhost.user.rpc;

import io.millrace.linux.Errno;
import io.millrace.reactor.Reactor;
import io.millrace.reactor.ReactorStatistics;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.vhost.user.server.QueueStatistics;
import io.millrace.vhost.user.server.QueueTotals;
import io.millrace.vhost.user.server.RequestKind;
import io.millrace.vhost.user.server.VhostController;
import io.millrace.vhost.user.server.VhostControllers;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What controllers, their queues and the reactors did: methods of our own. Control thread. */
public final class IostatMethods {
  private static final int NO_CORE = -1;

  private final VhostControllers controllers;

  private IostatMethods(VhostControllers controllers) {
    this.controllers = controllers;
  }

  /** Adds the methods. */
  public static void addTo(MethodRegistry methods, VhostControllers controllers) {
    IostatMethods self = new IostatMethods(controllers);
    methods.add(
        RpcMethod.named("vhost_get_iostat", "Tells what controllers, queues and reactors did")
            .param(Param.string("name", "only this controller"))
            .param(Param.bool("per_queue", "also of each queue").orElse(true))
            .param(Param.bool("reset", "count from 0 again after this").orElse(false))
            .handledBy(self::get));
  }

  private CompletionStage<JsonNode> get(Arguments arguments) throws RpcException {
    Collection<VhostController> wanted =
        arguments.has("name") ? List.of(named(arguments.string("name"))) : controllers.all();
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.put("tick_rate", TimeUnit.SECONDS.toNanos(1));
    ArrayNode all = result.putArray("controllers");
    wanted.forEach(each -> describe(each, arguments.bool("per_queue"), all.addObject()));
    ArrayNode reactors = result.putArray("reactors");
    describe(controllers.control(), NO_CORE, reactors.addObject());
    controllers
        .reactors()
        .forEach((core, reactor) -> describe(reactor, core, reactors.addObject()));
    if (arguments.bool("reset")) {
      wanted.forEach(each -> each.statistics().reset());
    }
    return CompletableFuture.completedStage(result);
  }

  private VhostController named(String name) throws RpcException {
    VhostController one = controllers.get(name);
    if (one == null) {
      throw RpcException.invalidParams(Errno.ENODEV, "there is no controller " + name);
    }
    return one;
  }

  private static void describe(VhostController controller, boolean perQueue, ObjectNode into) {
    into.put("ctrlr", controller.name());
    ArrayNode bdevs = into.putArray("bdevs");
    controller.bdevNames().forEach(bdevs::add);
    QueueTotals sum = new QueueTotals();
    List<QueueStatistics> queues = controller.statistics().queues();
    queues.forEach(queue -> sum.add(queue.totals()));
    describe(sum, into);
    if (perQueue) {
      ArrayNode all = into.putArray("queues");
      for (QueueStatistics queue : queues) {
        ObjectNode entry = all.addObject();
        entry.put("index", queue.index());
        entry.put("reactor", queue.reactor());
        describe(queue.totals(), entry);
      }
    }
  }

  private static void describe(QueueTotals totals, ObjectNode into) {
    for (RequestKind kind : RequestKind.values()) {
      String name = kind.name().toLowerCase(Locale.ROOT);
      into.put(name + "_ops", totals.operations(kind));
      if (kind != RequestKind.FLUSH && kind != RequestKind.OTHER) {
        into.put(name + "_bytes", totals.bytes(kind));
      }
      into.put(name + "_errors", totals.errors(kind));
    }
    into.put("bad_chains", totals.badChains());
    into.put("kicks", totals.kicks());
    into.put("calls", totals.calls());
    into.put("polls", totals.polls());
    into.put("empty_polls", totals.emptyPolls());
    into.put("in_flight", totals.inFlight());
    into.put("max_in_flight", totals.mostInFlight());
  }

  private static void describe(Reactor reactor, int core, ObjectNode into) {
    ReactorStatistics did = reactor.statistics();
    into.put("name", reactor.name());
    into.put("lcore", core);
    into.put("busy", did.busyNanos());
    into.put("idle", did.idleNanos());
    into.put("sleeping", did.sleptNanos());
    into.put("rounds", did.rounds());
    into.put("sleeps", did.sleeps());
    into.put("wakeups", did.wakeUps());
  }
}
