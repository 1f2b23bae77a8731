package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.ChannelStatistics;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.QueueDepth;
import io.millrace.bdev.StatisticsReport;
import io.millrace.bdev.StatisticsReset;
import io.millrace.linux.Errno;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What bdevs did, in SPDK's shape. A tick is a nanosecond. As there, successful reads, writes and
 * unmaps count, and nothing is ever copied.
 */
final class IostatMethods {
  private static final Map<String, StatisticsReset> MODES =
      new LinkedHashMap<>(
          Map.of(
              "all", StatisticsReset.ALL,
              "maxmin", StatisticsReset.EXTREMES,
              "error", StatisticsReset.FAILURES,
              "none", StatisticsReset.NONE));

  private static final List<String> MODE_NAMES = List.of("all", "maxmin", "error", "none");

  /** What SPDK counts as bytes and operations, and what as times. */
  private record Counted(IoType type, String bytes, String operations, String time) {}

  private static final List<Counted> COUNTED =
      List.of(
          new Counted(IoType.READ, "bytes_read", "num_read_ops", "read"),
          new Counted(IoType.WRITE, "bytes_written", "num_write_ops", "write"),
          new Counted(IoType.UNMAP, "bytes_unmapped", "num_unmap_ops", "unmap"));

  private final BdevMethods shared;
  private final Reactor control;

  IostatMethods(BdevMethods shared, Reactor control) {
    this.shared = shared;
    this.control = control;
  }

  void addTo(MethodRegistry methods) {
    methods.add(
        shared
            .method("bdev_get_iostat", "Tells how much block devices did, and how long it took")
            .param(Param.strings("names", "only these: names or UUIDs"))
            .param(
                Param.bool("per_channel", "by the thread that did it; for one device")
                    .orElse(false))
            .param(
                Param.oneOf("reset_mode", MODE_NAMES, "what begins anew when it was read")
                    .orElse("none"))
            .handledBy(this::get));
    methods.add(
        shared
            .method("bdev_reset_iostat", "Has statistics of block devices begin anew")
            .configuresNothing()
            .param(Param.string("name", "only this one: its name or UUID"))
            .param(Param.oneOf("mode", MODE_NAMES, "what begins anew").orElse("all"))
            .handledBy(this::reset));
  }

  private static StatisticsReset mode(String name) {
    return Objects.requireNonNull(MODES.get(name));
  }

  private CompletionStage<JsonNode> get(Arguments arguments) throws RpcException {
    boolean perChannel = arguments.bool("per_channel");
    if (perChannel && arguments.strings("names").size() != 1) {
      throw RpcException.of(Errno.EINVAL, "per_channel is for exactly one bdev; give its name");
    }
    StatisticsReset reset = mode(arguments.string("reset_mode"));
    List<Bdev> wanted = new ArrayList<>();
    try {
      for (String name : arguments.strings("names")) {
        wanted.add(shared.bdevs().get(name));
      }
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
    return perChannel
        ? channels(wanted.getFirst(), reset)
        : totals(arguments.has("names") ? wanted : shared.bdevs().all(), reset);
  }

  private ObjectNode head() {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.put("tick_rate", TimeUnit.SECONDS.toNanos(1));
    result.put("ticks", control.nanoTime());
    return result;
  }

  /** Answers are put together there, not on a reactor that has requests to do. */
  private void onControl(Runnable task) {
    if (control.inReactor()) {
      task.run();
    } else {
      control.execute(task);
    }
  }

  private CompletionStage<JsonNode> totals(Collection<Bdev> wanted, StatisticsReset reset) {
    Map<Bdev, CompletableFuture<StatisticsReport>> reports = new LinkedHashMap<>();
    wanted.forEach(bdev -> reports.put(bdev, bdev.read(reset).toCompletableFuture()));
    return CompletableFuture.allOf(reports.values().toArray(CompletableFuture[]::new))
        .thenApplyAsync(
            all -> {
              ObjectNode result = head();
              ArrayNode bdevs = result.putArray("bdevs");
              reports.forEach((bdev, report) -> {
                ObjectNode one = bdevs.addObject();
                one.put("name", bdev.name());
                describe(report.join().total(), one);
                describeQueue(bdev, one);
              });
              return result;
            },
            this::onControl);
  }

  private CompletionStage<JsonNode> channels(Bdev bdev, StatisticsReset reset) {
    return bdev.read(reset)
        .thenApplyAsync(
            report -> {
              ObjectNode result = head();
              result.put("name", bdev.name());
              ArrayNode channels = result.putArray("channels");
              report.channels().entrySet().stream()
                  .sorted(Comparator.comparingLong(one -> one.getKey().threadId()))
                  .forEach(one -> {
                    ObjectNode channel = channels.addObject();
                    channel.put("thread_id", one.getKey().threadId());
                    describe(one.getValue(), channel);
                  });
              return result;
            },
            this::onControl);
  }

  private static void describe(ChannelStatistics counts, ObjectNode into) {
    for (Counted one : COUNTED) {
      into.put(one.bytes, counts.bytes(one.type));
      into.put(one.operations, counts.operations(one.type));
    }
    into.put("bytes_copied", 0);
    into.put("num_copy_ops", 0);
    for (Counted one : COUNTED) {
      times(
          one.time,
          counts.nanos(one.type),
          counts.mostNanos(one.type),
          counts.leastNanos(one.type),
          into);
    }
    times("copy", 0, 0, 0, into);
    describeFailures(counts, into.putObject("io_error"));
  }

  private static void times(String what, long all, long most, long least, ObjectNode into) {
    into.put(what + "_latency_ticks", all);
    into.put("max_" + what + "_latency_ticks", most);
    into.put("min_" + what + "_latency_ticks", least);
  }

  /** Requests that nobody may ask for do not count in SPDK: they are no failures of the disk. */
  private static void describeFailures(ChannelStatistics counts, ObjectNode into) {
    Map<String, Long> named = new LinkedHashMap<>();
    named.put(
        "failed",
        counts.failures(IoStatus.IO_ERROR)
            + counts.failures(IoStatus.NO_SPACE)
            + counts.failures(IoStatus.BAD_MEMORY));
    named.put("miscompare", counts.failures(IoStatus.MISCOMPARE));
    named.put("aborted", counts.failures(IoStatus.ABORTED));
    named.forEach((name, count) -> {
      if (count > 0) {
        into.put(name, count);
      }
    });
  }

  private static void describeQueue(Bdev bdev, ObjectNode into) {
    QueueDepth depth = bdev.queueDepth();
    if (depth.periodMicros() > 0) {
      into.put("queue_depth_polling_period", depth.periodMicros());
      into.put("queue_depth", bdev.inFlightCount());
      into.put("io_time", depth.busyMicros());
      into.put("weighted_io_time", depth.weightedMicros());
    }
  }

  private CompletionStage<JsonNode> reset(Arguments arguments) throws RpcException {
    StatisticsReset reset = mode(arguments.string("mode"));
    if (reset == StatisticsReset.NONE) {
      return CompletableFuture.completedStage(BooleanNode.TRUE);
    }
    Collection<Bdev> wanted;
    try {
      wanted =
          arguments.has("name")
              ? List.of(shared.bdevs().get(arguments.string("name")))
              : shared.bdevs().all();
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
    return CompletableFuture.allOf(
            wanted.stream()
                .map(bdev -> bdev.read(reset).toCompletableFuture())
                .toArray(CompletableFuture[]::new))
        .thenApply(all -> BooleanNode.TRUE);
  }
}
