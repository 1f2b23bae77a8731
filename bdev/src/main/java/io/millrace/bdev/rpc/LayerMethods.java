package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.BdevWatcher;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.rpc.RpcState;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What SPDK writes around the bdevs of every saved configuration: sizes of pools that do not exist
 * here, kept so that they are saved as they were; which bdevs modules may look at; and a wait for
 * what is over before a bdev's create method answers.
 */
final class LayerMethods implements BdevWatcher {
  private static final String POOL = "bdev_io_pool_size";
  private static final String CACHE = "bdev_io_cache_size";
  private static final String EXAMINE = "bdev_examine";

  private final BdevRegistry bdevs;
  private final Configuration configuration;

  /** Sizes as they are set, SPDK's to begin with: a call that gives one leaves the others. */
  private final Map<String, Long> sizes = new LinkedHashMap<>();

  private boolean examinesEvery = true;

  LayerMethods(BdevRegistry bdevs, Configuration configuration) {
    this.bdevs = bdevs;
    this.configuration = configuration;
    sizes.put(POOL, 65_535L);
    sizes.put(CACHE, 256L);
    sizes.put("iobuf_small_cache_size", 128L);
    sizes.put("iobuf_large_cache_size", 16L);
  }

  void addTo(MethodRegistry methods) {
    bdevs.addWatcher(this);
    methods.add(
        RpcMethod.named("bdev_set_options", "Sets options of the block layer")
            .states(RpcState.STARTUP)
            .param(Param.uint32(POOL, "requests; kept only, there is no pool here"))
            .param(Param.uint32(CACHE, "requests of a thread; kept only"))
            .param(Param.bool("bdev_auto_examine", "whether modules look at every bdev"))
            .param(Param.uint32("iobuf_small_cache_size", "buffers of a thread; kept only"))
            .param(Param.uint32("iobuf_large_cache_size", "buffers of a thread; kept only"))
            .handledBy(this::setOptions));
    methods.add(
        RpcMethod.named(EXAMINE, "Has modules look at a bdev, where they do not at every one")
            .badParams(RpcException.INVALID_PARAMS, "spdk_json_decode_object failed")
            .param(Param.string("name", "its name or UUID; it may come later").required())
            .handledBy(this::examine));
    methods.add(
        RpcMethod.named(
                "bdev_wait_for_examine", "Answers when all bdevs have been looked at: at once")
            .configuresNothing()
            .handledBy(none -> CompletableFuture.completedStage(BooleanNode.TRUE)));
  }

  private CompletionStage<JsonNode> setOptions(Arguments arguments) throws RpcException {
    Map<String, Long> wanted = new LinkedHashMap<>(sizes);
    wanted.replaceAll((name, now) -> arguments.optionalInteger(name).orElse(now));
    long pool = wanted.getOrDefault(POOL, 0L);
    long cache = wanted.getOrDefault(CACHE, 0L);
    if (pool < cache) {
      throw new RpcException(
          RpcException.INVALID_PARAMS,
          "Pool size " + pool + " too small for cache size " + cache,
          "give a bdev_io_pool_size of at least bdev_io_cache_size, or leave both out");
    }
    sizes.putAll(wanted);
    if (arguments.has("bdev_auto_examine")) {
      examinesEvery = arguments.bool("bdev_auto_examine");
      bdevs.examineEvery(examinesEvery);
    }
    ObjectNode all = JsonNodeFactory.instance.objectNode();
    sizes.forEach((name, size) -> {
      all.put(name, size);
      if (name.equals(CACHE)) { // where SPDK has it
        all.put("bdev_auto_examine", examinesEvery);
      }
    });
    configuration.put("bdev", "bdev_set_options", "bdev_set_options", all);
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }

  private CompletionStage<JsonNode> examine(Arguments arguments) throws RpcException {
    String name = arguments.string("name");
    try {
      bdevs.examine(name);
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
    configuration.put("bdev", EXAMINE + "/" + name, EXAMINE, arguments.asCalled());
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }

  @Override
  public void registered(Bdev bdev) {
    // Whether it is looked at the registry knows.
  }

  @Override
  public void resized(Bdev bdev) {
    // Nobody looks again.
  }

  @Override
  public void unregistered(Bdev bdev) {
    configuration.remove(EXAMINE + "/" + bdev.name());
    configuration.remove(EXAMINE + "/" + bdev.properties().uuid());
  }
}
