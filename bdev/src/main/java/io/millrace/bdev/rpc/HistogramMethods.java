package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.IoType;
import io.millrace.bdev.LatencyHistogram;
import io.millrace.bdev.LatencyHistogram.Shape;
import io.millrace.linux.Errno;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** How requests spread over the times they take, in SPDK's shapes. A tick is a nanosecond. */
final class HistogramMethods {
  private static final int DEFAULT_GRANULARITY = 7;
  private static final long DEFAULT_MIN_NANOS = 1_000;
  private static final long DEFAULT_MAX_NANOS = TimeUnit.SECONDS.toNanos(120);

  private final BdevMethods shared;
  private final Configuration configuration;

  HistogramMethods(BdevMethods shared, Configuration configuration) {
    this.shared = shared;
    this.configuration = configuration;
  }

  void addTo(MethodRegistry methods) {
    methods.add(
        shared
            .method("bdev_enable_histogram", "Counts requests by the time they take, or no more")
            .param(Param.string("name", "the bdev: its name or UUID").required())
            .param(Param.bool("enable", "whether they are counted").required())
            .param(Param.string("opc", "only this type of request, read for example"))
            .param(
                Param.integer(
                        "granularity",
                        0,
                        LatencyHistogram.MAX_GRANULARITY,
                        "buckets a doubling, as a power of two")
                    .orElse(DEFAULT_GRANULARITY))
            .param(
                Param.uint64("min_nsec", "nanoseconds; what is shorter has one bucket")
                    .orElse(DEFAULT_MIN_NANOS))
            .param(
                Param.uint64("max_nsec", "nanoseconds; what is longer has one bucket")
                    .orElse(DEFAULT_MAX_NANOS))
            .handledBy(this::enable));
    methods.add(
        shared
            .method("bdev_get_histogram", "Tells the counts of all buckets")
            .param(Param.string("name", "the bdev: its name or UUID").required())
            .handledBy(a -> latencies(a).thenApply(HistogramMethods::describe)));
    methods.add(
        shared
            .method("bdev_get_histogram_borders", "Tells how many requests took at most so long")
            .param(Param.string("name", "the bdev: its name or UUID").required())
            .param(Param.uint64s("borders", "microseconds").required())
            .handledBy(a -> {
              long[] borders = a.integers("borders");
              return latencies(a).thenApply(counts -> describe(counts, borders));
            }));
  }

  private Bdev bdev(Arguments arguments) throws RpcException {
    try {
      return shared.bdevs().get(arguments.string("name"));
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
  }

  private CompletionStage<JsonNode> enable(Arguments arguments) throws RpcException {
    Bdev bdev = bdev(arguments);
    List<IoType> types = types(arguments);
    String id = "bdev/" + bdev.name() + "/histogram";
    if (!arguments.bool("enable")) {
      configuration.remove(id);
      return bdev.countLatencies(null).thenApply(done -> BooleanNode.TRUE);
    }
    Shape shape;
    try {
      shape =
          new Shape(
              types,
              arguments.intValue("granularity"),
              arguments.integer("min_nsec"),
              arguments.integer("max_nsec"));
    } catch (IllegalArgumentException e) {
      throw RpcException.of(Errno.EINVAL, "bdev " + bdev.name() + ": " + e.getMessage());
    }
    configuration.put(
        "bdev", id, "bdev_enable_histogram", arguments.asCalled().put("name", bdev.name()));
    return bdev.countLatencies(shape).thenApply(done -> BooleanNode.TRUE);
  }

  private static List<IoType> types(Arguments arguments) throws RpcException {
    if (!arguments.has("opc")) {
      return List.of(IoType.values());
    }
    String name = arguments.string("opc");
    if (!IoTypeNames.ALL.contains(name)) {
      throw new RpcException(
          RpcException.INTERNAL_ERROR,
          "Invalid Io type",
          name + " is no type of request; take one of " + String.join(", ", IoTypeNames.ALL));
    }
    return IoTypeNames.named(name);
  }

  private CompletionStage<LatencyHistogram> latencies(Arguments arguments) throws RpcException {
    Bdev bdev = bdev(arguments);
    return bdev.latencies()
        .thenCompose(counts ->
            counts
                .map(CompletableFuture::completedStage)
                .orElseGet(() -> CompletableFuture.failedStage(noHistogram(bdev))));
  }

  private static RpcException noHistogram(Bdev bdev) {
    return new RpcException(
        RpcException.INTERNAL_ERROR,
        Errno.EFAULT.describe(),
        "bdev " + bdev.name() + " keeps no histogram; call bdev_enable_histogram");
  }

  private static ObjectNode describe(LatencyHistogram counts) {
    int buckets = counts.buckets();
    ByteBuffer bytes = ByteBuffer.allocate(buckets * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < buckets; i++) {
      bytes.putLong(counts.count(i));
    }
    Shape shape = counts.shape();
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.put("histogram", Base64.getEncoder().encodeToString(bytes.array()));
    result.put("granularity", shape.granularity());
    result.put("min_range", shape.minRange());
    result.put("max_range", shape.maxRange());
    result.put("tsc_rate", TimeUnit.SECONDS.toNanos(1));
    return result;
  }

  /** As SPDK counts: a bucket belongs to a border that it begins at or before; the last is all. */
  private static ObjectNode describe(LatencyHistogram counts, long[] borderMicros) {
    if (borderMicros.length == 0) {
      return describe(counts); // all that SPDK has to say then
    }
    long[] totals = new long[borderMicros.length + 1];
    long begin = 0;
    for (int bucket = 0; bucket < counts.buckets(); bucket++) {
      for (int i = 0; i < borderMicros.length; i++) {
        if (begin <= TimeUnit.MICROSECONDS.toNanos(borderMicros[i])) {
          totals[i] += counts.count(bucket);
        }
      }
      totals[borderMicros.length] += counts.count(bucket);
      begin = counts.endNanos(bucket);
    }
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    ArrayNode array = result.putArray("borders_count");
    for (long total : totals) {
      array.add(total);
    }
    return result;
  }
}
