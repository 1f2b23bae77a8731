package io.millrace.vhost.user.rpc;

import io.millrace.linux.Errno;
import io.millrace.reactor.Reactor;
import io.millrace.reactor.ReactorStatistics;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.vhost.user.server.LatencyHistogram;
import io.millrace.vhost.user.server.QueueStatistics;
import io.millrace.vhost.user.server.QueueTotals;
import io.millrace.vhost.user.server.RequestKind;
import io.millrace.vhost.user.server.RequestStage;
import io.millrace.vhost.user.server.StageHistograms;
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
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What controllers, their queues and the reactors did: methods of our own. Control thread. */
public final class IostatMethods {
  private static final int NO_CORE = -1;

  private final VhostControllers controllers;
  private final Configuration configuration;

  private IostatMethods(VhostControllers controllers, Configuration configuration) {
    this.controllers = controllers;
    this.configuration = configuration;
  }

  /** Adds the methods. */
  public static void addTo(MethodRegistry methods, VhostControllers controllers) {
    IostatMethods self = new IostatMethods(controllers, methods.configuration());
    methods.add(
        RpcMethod.named("vhost_get_iostat", "Tells what controllers, queues and reactors did")
            .ours()
            .param(Param.string("name", "only this controller"))
            .param(Param.bool("per_queue", "also of each queue").orElse(true))
            .param(Param.bool("reset", "count from 0 again after this").orElse(false))
            .handledBy(self::get));
    methods.add(
        RpcMethod.named("vhost_enable_histogram", "Counts how long requests are in which stage")
            .ours()
            .param(Param.string("ctrlr", "the controller's name").required())
            .param(Param.bool("enable", "begin anew, or end it").required())
            .handledBy(self::enableHistogram));
    methods.add(
        RpcMethod.named("vhost_set_slow_request_threshold", "Logs requests that take long")
            .ours()
            .param(Param.string("ctrlr", "the controller's name").required())
            .param(
                Param.integer(
                        "threshold_us",
                        0,
                        VhostControllers.MAX_SLOW_MICROS,
                        "what a request has to take; 0 for never")
                    .required())
            .handledBy(self::setSlowRequestThreshold));
  }

  private CompletionStage<JsonNode> enableHistogram(Arguments arguments) throws RpcException {
    boolean enable = arguments.bool("enable");
    VhostController controller = named(arguments.string("ctrlr"));
    controller.statistics().histograms(enable);
    ObjectNode params = JsonNodeFactory.instance.objectNode();
    params.put("ctrlr", controller.name());
    params.put("enable", enable);
    ControllerSockets.record(
        configuration, controller, "histogram", arguments, enable ? params : null);
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }

  private CompletionStage<JsonNode> setSlowRequestThreshold(Arguments arguments)
      throws RpcException {
    long micros = arguments.intValue("threshold_us");
    VhostController controller = named(arguments.string("ctrlr"));
    controllers.reportSlow(controller, micros);
    ObjectNode params = JsonNodeFactory.instance.objectNode();
    params.put("ctrlr", controller.name());
    params.put("threshold_us", micros);
    ControllerSockets.record(configuration, controller, "slow_requests", arguments, params);
    return CompletableFuture.completedStage(BooleanNode.TRUE);
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
    into.put("histogram_enabled", controller.statistics().hasHistograms());
    into.put("slow_request_threshold_us", controller.statistics().slowMicros());
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
        StageHistograms histograms = queue.histograms();
        if (histograms != null) {
          describe(histograms, entry.putObject("histogram"));
        }
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

  private static void describe(StageHistograms histograms, ObjectNode into) {
    for (RequestStage stage : RequestStage.values()) {
      LatencyHistogram histogram = histograms.of(stage);
      ObjectNode entry = into.putObject(stage.name().toLowerCase(Locale.ROOT));
      entry.put("count", histogram.count());
      entry.put("sum", histogram.sumNanos());
      entry.put("p50", histogram.quantileNanos(0.5));
      entry.put("p90", histogram.quantileNanos(0.9));
      entry.put("p99", histogram.quantileNanos(0.99));
      entry.put("p999", histogram.quantileNanos(0.999));
      ArrayNode buckets = entry.putArray("buckets");
      for (int i = 0; i < LatencyHistogram.buckets(); i++) {
        if (histogram.count(i) > 0) {
          ObjectNode bucket = buckets.addObject();
          bucket.put("below", LatencyHistogram.limitNanos(i));
          bucket.put("count", histogram.count(i));
        }
      }
    }
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
