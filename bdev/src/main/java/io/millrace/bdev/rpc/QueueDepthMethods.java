package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevWatcher;
import io.millrace.bdev.QueueDepth;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;

/** How deep the queues of bdevs are, as {@code bdev_get_iostat} shows it. */
final class QueueDepthMethods implements BdevWatcher {
  private static final long MOST_MICROS = TimeUnit.DAYS.toMicros(1);

  private final BdevMethods shared;
  private final Reactor control;
  private final Configuration configuration;
  private final Map<Bdev, QueueDepth> depths = new HashMap<>();

  QueueDepthMethods(BdevMethods shared, Reactor control, Configuration configuration) {
    this.shared = shared;
    this.control = control;
    this.configuration = configuration;
  }

  void addTo(MethodRegistry methods) {
    shared.bdevs().addWatcher(this);
    methods.add(
        shared
            .method("bdev_set_qd_sampling_period", "Has the depth of a bdev's queue looked at")
            .param(Param.string("name", "the bdev: its name or UUID").required())
            .param(
                Param.integer(
                        "period",
                        0,
                        MOST_MICROS,
                        "microseconds between two looks, a millisecond at least; 0 for none")
                    .required())
            .handledBy(this::setPeriod));
  }

  private CompletionStage<JsonNode> setPeriod(Arguments arguments) throws RpcException {
    Bdev bdev;
    try {
      bdev = shared.bdevs().get(arguments.string("name"));
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
    long micros = arguments.integer("period");
    depths.computeIfAbsent(bdev, one -> new QueueDepth(one, control)).every(micros);
    String id = "bdev/" + bdev.name() + "/queue_depth";
    if (micros == 0) {
      configuration.remove(id);
    } else {
      configuration.put(
          "bdev", id, "bdev_set_qd_sampling_period", arguments.asCalled().put("name", bdev.name()));
    }
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }

  /** The one that looks at a bdev. */
  Optional<QueueDepth> find(Bdev bdev) {
    return Optional.ofNullable(depths.get(bdev)).filter(depth -> depth.periodMicros() > 0);
  }

  @Override
  public void registered(Bdev bdev) {
    // Nobody looks at it yet.
  }

  @Override
  public void resized(Bdev bdev) {
    // Its queue is as deep as before.
  }

  @Override
  public void unregistered(Bdev bdev) {
    QueueDepth depth = depths.remove(bdev);
    if (depth != null) {
      depth.every(0);
    }
  }
}
