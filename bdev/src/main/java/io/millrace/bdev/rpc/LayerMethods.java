package io.millrace.bdev.rpc;

import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.rpc.RpcState;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;

/**
 * What SPDK writes around the bdevs of every saved configuration: sizes of pools that do not exist
 * here, and a wait for what is over before a bdev's create method answers.
 */
final class LayerMethods {
  private static final Logger LOG = LoggerFactory.getLogger(LayerMethods.class);

  /** SPDK's defaults; a call that gives one of the two is checked against the other's. */
  private static final long POOL_SIZE = 65_535;

  private static final long CACHE_SIZE = 256;

  private LayerMethods() {}

  static void addTo(MethodRegistry methods) {
    methods.add(
        RpcMethod.named("bdev_set_options", "Takes SPDK's options of the block layer: no effect")
            .states(RpcState.STARTUP)
            .param(Param.uint32("bdev_io_pool_size", "requests; there is no pool here"))
            .param(Param.uint32("bdev_io_cache_size", "requests of a thread; the same"))
            .param(Param.bool("bdev_auto_examine", "true: every bdev is looked at").orElse(true))
            .param(Param.uint32("iobuf_small_cache_size", "buffers of a thread; there are none"))
            .param(Param.uint32("iobuf_large_cache_size", "buffers of a thread; there are none"))
            .handledBy(LayerMethods::setOptions));
    methods.add(
        RpcMethod.named(
                "bdev_wait_for_examine", "Answers when all bdevs have been looked at: at once")
            .configuresNothing()
            .handledBy(none -> CompletableFuture.completedStage(BooleanNode.TRUE)));
  }

  private static CompletionStage<JsonNode> setOptions(Arguments arguments) throws RpcException {
    long pool = arguments.optionalInteger("bdev_io_pool_size").orElse(POOL_SIZE);
    long cache = arguments.optionalInteger("bdev_io_cache_size").orElse(CACHE_SIZE);
    if (pool < cache) {
      throw new RpcException(
          RpcException.INVALID_PARAMS,
          "Pool size " + pool + " too small for cache size " + cache,
          "give a bdev_io_pool_size of at least bdev_io_cache_size, or leave both out");
    }
    if (!arguments.bool("bdev_auto_examine")) {
      LOG.warn("bdev_set_options: bdev_auto_examine=false has no effect; every bdev is looked at");
    }
    LOG.info("bdev_set_options: taken without effect; each queue has the requests it needs");
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }
}
