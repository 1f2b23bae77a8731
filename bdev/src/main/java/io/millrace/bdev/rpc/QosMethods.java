package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.RateLimit;
import io.millrace.bdev.RateLimits;
import io.millrace.linux.Errno;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Rate limits of bdevs. They go with their bdev, as in SPDK, and so does their record. */
final class QosMethods {
  private static final String METHOD = "bdev_set_qos_limit";
  private static final String BURST = "burst_ms";

  private final BdevMethods bdevMethods;
  private final Reactor control;
  private final Configuration configuration;

  QosMethods(BdevMethods bdevMethods, Configuration configuration) {
    this.bdevMethods = bdevMethods;
    this.control = bdevMethods.control();
    this.configuration = configuration;
  }

  void addTo(MethodRegistry methods) {
    RpcMethod.Builder method =
        bdevMethods
            .method(METHOD, "Limits what all users of a bdev together have it do")
            .param(Param.string("name", "the bdev: its name or UUID").required());
    for (RateLimit limit : RateLimit.values()) {
      method.param(Param.integer(limit.spdkName(), 0, limit.max(), help(limit)));
    }
    methods.add(
        method
            .param(
                Param.integer(
                    BURST,
                    1,
                    RateLimits.MAX_BURST_MILLIS,
                    "milliseconds for which a limit can be saved up; at first "
                        + RateLimits.DEFAULT_BURST_MILLIS))
            .handledBy(this::limit));
  }

  private static String help(RateLimit limit) {
    String what =
        switch (limit) {
          case RW_IOS -> "operations";
          case RW_BYTES -> "MiB read and written";
          case READ_BYTES -> "MiB read";
          case WRITE_BYTES -> "MiB written";
        };
    return what + " a second; 0 for no limit, and without it the limit stays as it is";
  }

  private CompletionStage<JsonNode> limit(Arguments arguments) throws RpcException {
    Bdev bdev = bdev(arguments.string("name"));
    boolean named =
        arguments.has(BURST)
            || Arrays.stream(RateLimit.values()).anyMatch(limit -> arguments.has(limit.spdkName()));
    if (!named) {
      throw new RpcException(
          -Errno.EINVAL.number(),
          "No rate limits specified",
          "bdev " + bdev.name() + ": give one of " + names());
    }
    RateLimits limits = changed(bdev.rateLimits(), arguments);
    if (limits.isNone()) {
      limits = RateLimits.NONE; // the burst of a limit that comes later is not the one that went
    }
    CompletableFuture<JsonNode> done = new CompletableFuture<>();
    bdev.limit(
        limits, control.nanoTime(), () -> control.execute(() -> done.complete(BooleanNode.TRUE)));
    record(bdev);
    return done;
  }

  private static String names() {
    return Arrays.stream(RateLimit.values())
            .map(RateLimit::spdkName)
            .collect(Collectors.joining(", "))
        + " or "
        + BURST;
  }

  private Bdev bdev(String name) throws RpcException {
    try (BdevDescriptor opening = bdevMethods.bdevs().open(name, false, new Indifferent())) {
      return opening.bdev();
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
  }

  private static RateLimits changed(RateLimits before, Arguments arguments) {
    RateLimits limits = before;
    for (RateLimit limit : RateLimit.values()) {
      if (arguments.has(limit.spdkName())) {
        limits = limits.with(limit, arguments.integer(limit.spdkName()));
      }
    }
    return arguments.has(BURST) ? limits.withBurst(arguments.intValue(BURST)) : limits;
  }

  /**
   * The call that makes all of a bdev's limits at once; SPDK knows it, too, unless it has a burst.
   */
  private void record(Bdev bdev) {
    RateLimits limits = bdev.rateLimits();
    if (limits.isNone()) {
      configuration.remove(id(bdev));
      return;
    }
    ObjectNode params = JsonNodeFactory.instance.objectNode();
    params.put("name", bdev.name());
    for (RateLimit limit : RateLimit.values()) {
      if (limits.of(limit) > 0) {
        params.put(limit.spdkName(), limits.of(limit));
      }
    }
    if (limits.burstMillis() != RateLimits.DEFAULT_BURST_MILLIS) {
      params.put(BURST, limits.burstMillis());
    }
    configuration.put("bdev", id(bdev), METHOD, params);
  }

  private static String id(Bdev bdev) {
    return ConfiguredBdevs.id(bdev.name()) + "/qos";
  }

  /** Has the bdev open for as long as a method takes. */
  private static final class Indifferent implements BdevListener {
    @Override
    public void removed() {
      // Nothing was begun.
    }

    @Override
    public void resized() {
      // The limits do not depend on the size.
    }
  }
}
