package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;

/** Has the depth of bdevs' queues looked at, for {@code bdev_get_iostat} to show. */
final class QueueDepthMethods {
  private static final long MOST_MICROS = TimeUnit.DAYS.toMicros(1);

  private final BdevMethods shared;
  private final Configuration configuration;

  QueueDepthMethods(BdevMethods shared, Configuration configuration) {
    this.shared = shared;
    this.configuration = configuration;
  }

  void addTo(MethodRegistry methods) {
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
    String id = "bdev/" + bdev.name() + "/queue_depth";
    if (micros == 0) {
      configuration.remove(id);
    } else {
      configuration.put(
          "bdev", id, "bdev_set_qd_sampling_period", arguments.asCalled().put("name", bdev.name()));
    }
    return bdev.lookAtDepth(micros).thenApply(done -> BooleanNode.TRUE);
  }
}
