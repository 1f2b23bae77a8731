package io.millrace.server;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevRegistry;
import io.millrace.linux.Cpu;
import io.millrace.linux.Errno;
import io.millrace.linux.LinuxException;
import io.millrace.reactor.CoreMask;
import io.millrace.reactor.PollerReport;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.vhost.user.server.MovableRing;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Who runs where and does what, in SPDK's shapes. Its threads are our reactors, each a thread of
 * the kernel with pollers and channels; what moves between them is a ring, which is one of those
 * pollers. A tick is a nanosecond. Control thread.
 */
final class ThreadMethods {
  /** A reactor answers between two rounds; one that does not hangs in a system call. */
  private static final long ANSWER_MILLIS = 2_000;

  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final Cores cores;
  private final BdevRegistry bdevs;
  private final Supplier<List<MovableRing>> rings;

  private ThreadMethods(Cores cores, BdevRegistry bdevs, Supplier<List<MovableRing>> rings) {
    this.cores = cores;
    this.bdevs = bdevs;
    this.rings = rings;
  }

  /**
   * Adds the methods.
   *
   * @param rings gives those that run
   */
  static void addTo(
      MethodRegistry methods, Cores cores, BdevRegistry bdevs, Supplier<List<MovableRing>> rings) {
    ThreadMethods self = new ThreadMethods(cores, bdevs, rings);
    methods.add(
        RpcMethod.named("thread_get_stats", "Tells how busy each thread is")
            .badParams(RpcException.INVALID_PARAMS, "'thread_get_stats' requires no arguments")
            .handledBy(none -> self.eachWithPollers(self::describe)));
    methods.add(
        RpcMethod.named("thread_get_pollers", "Tells what each thread looks at, and how often")
            .badParams(RpcException.INVALID_PARAMS, "'thread_get_pollers' requires no arguments")
            .handledBy(none -> self.eachWithPollers(ThreadMethods::describePollers)));
    methods.add(
        RpcMethod.named("thread_get_io_channels", "Tells which bdevs each thread has open")
            .badParams(
                RpcException.INVALID_PARAMS, "'thread_get_io_channels' requires no arguments")
            .handledBy(none -> CompletableFuture.completedStage(self.channels())));
    methods.add(
        RpcMethod.named("thread_set_cpumask", "Says which cores a queue may run on")
            .configuresNothing()
            .badParams(RpcException.INVALID_PARAMS, "spdk_json_decode_object failed")
            .param(Param.uint64("id", "the queue's, of framework_get_reactors").required())
            .param(Param.string("cpumask", "cores that it may run on").required())
            .handledBy(self::setMask));
    methods.add(
        RpcMethod.named("iobuf_get_stats", "Tells the use of buffer pools, of which there is none")
            .handledBy(
                none -> CompletableFuture.completedStage(JsonNodeFactory.instance.arrayNode())));
  }

  private List<Reactor> reactors() {
    return Stream.concat(Stream.of(cores.control()), cores.polling().values().stream()).toList();
  }

  private static ObjectNode head(ArrayNode threads) {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.put("tick_rate", TimeUnit.SECONDS.toNanos(1));
    result.set("threads", threads);
    return result;
  }

  /** Asks every reactor for its pollers, and describes it when all have answered. */
  private CompletionStage<JsonNode> eachWithPollers(Describer describer) {
    List<Reactor> all = reactors();
    List<CompletableFuture<List<PollerReport>>> answers =
        all.stream().map(ThreadMethods::pollers).toList();
    return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
        .thenApply(done -> {
          ArrayNode threads = JsonNodeFactory.instance.arrayNode();
          for (int i = 0; i < all.size(); i++) {
            describer.describe(all.get(i), answers.get(i).join(), threads.addObject());
          }
          return head(threads);
        });
  }

  private interface Describer {
    void describe(Reactor reactor, List<PollerReport> pollers, ObjectNode into);
  }

  private static CompletableFuture<List<PollerReport>> pollers(Reactor reactor) {
    CompletableFuture<List<PollerReport>> answer = new CompletableFuture<>();
    if (!reactor.execute(() -> answer.complete(reactor.pollers()))) {
      answer.complete(List.of()); // it has ended
    }
    return answer
        .orTimeout(ANSWER_MILLIS, TimeUnit.MILLISECONDS)
        .exceptionallyCompose(late ->
            CompletableFuture.failedFuture(
                RpcException.of(
                    Errno.ETIMEDOUT,
                    "thread %s does not answer; see where it hangs: jcmd PID Thread.print"
                        .formatted(reactor.name()))));
  }

  private void describe(Reactor reactor, List<PollerReport> pollers, ObjectNode into) {
    long resting = pollers.stream().filter(PollerReport::resting).count();
    into.put("name", reactor.name());
    into.put("id", reactor.threadId());
    into.put("cpumask", ReactorReport.bare(coresOf(reactor)));
    into.put("busy", reactor.statistics().busyNanos());
    into.put("idle", reactor.statistics().idleNanos() + reactor.statistics().sleptNanos());
    into.put("active_pollers_count", pollers.size() - resting);
    into.put("timed_pollers_count", 0);
    into.put("paused_pollers_count", resting);
  }

  private BitSet coresOf(Reactor reactor) {
    BitSet own = masked(List.of(reactor));
    own.and(cores.pinned());
    try {
      return own.isEmpty() ? Cpu.affinity() : own;
    } catch (LinuxException e) {
      return own; // the kernel does not say where this thread may run, and so nobody does
    }
  }

  private static void describePollers(
      Reactor reactor, List<PollerReport> pollers, ObjectNode into) {
    into.put("name", reactor.name());
    into.put("id", reactor.threadId());
    ArrayNode active = into.putArray("active_pollers");
    into.putArray("timed_pollers");
    ArrayNode paused = into.putArray("paused_pollers");
    for (PollerReport poller : pollers) {
      ObjectNode one = (poller.resting() ? paused : active).addObject();
      one.put("name", poller.name());
      one.put("id", poller.id());
      one.put("state", poller.resting() ? "paused" : "waiting");
      one.put("run_count", poller.polls());
      one.put("busy_count", poller.busyPolls());
    }
  }

  private ObjectNode channels() {
    ArrayNode threads = JsonNodeFactory.instance.arrayNode();
    for (Reactor reactor : reactors()) {
      ObjectNode thread = threads.addObject();
      thread.put("name", reactor.name());
      ArrayNode channels = thread.putArray("io_channels");
      for (Bdev bdev : bdevs.all()) {
        Integer users = bdev.channelUsers().get(reactor);
        if (users != null) {
          channels.addObject().put("name", bdev.name()).put("ref", users);
        }
      }
    }
    return head(threads);
  }

  private CompletionStage<JsonNode> setMask(Arguments arguments) throws RpcException {
    long id = arguments.integer("id");
    for (Reactor reactor : reactors()) {
      if (reactor.threadId() == id) {
        return keep(reactor, mask(arguments));
      }
    }
    MovableRing ring =
        rings.get().stream()
            .filter(one -> one.id() == id)
            .findAny()
            .orElseThrow(() ->
                new RpcException(RpcException.INVALID_PARAMS, "Thread " + id + " does not exist"));
    List<Reactor> wanted = on(mask(arguments));
    List<Reactor> allowed = ring.reactors().stream().filter(wanted::contains).toList();
    if (allowed.isEmpty()) {
      throw new RpcException(
          RpcException.INTERNAL_ERROR,
          "No CPU is selected from reactor mask " + ReactorReport.bare(masked(ring.reactors())),
          ring.name() + " may run on those cores only, as its controller's cpumask says");
    }
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    move(ring, allowed, cores.control().nanoTime() + PATIENCE_NANOS, answer);
    return answer;
  }

  /** A ring stays where a request holds it, or its session wants something: it is asked again. */
  private void move(
      MovableRing ring, List<Reactor> allowed, long deadline, CompletableFuture<JsonNode> answer) {
    if (allowed.contains(ring.reactor())) {
      ring.allow(allowed);
      answer.complete(BooleanNode.TRUE);
    } else if (cores.control().nanoTime() - deadline >= 0) {
      answer.completeExceptionally(
          RpcException.of(
              Errno.EBUSY,
              ring.name()
                  + " stays on "
                  + ring.reactor().name()
                  + ": what it has in flight does not come back; see to its bdev, and try again"));
    } else {
      ring.moveTo(
          allowed.getFirst(),
          moved -> {
            var _ =
                cores.control().schedule(AGAIN_NANOS, () -> move(ring, allowed, deadline, answer));
          });
    }
  }

  /** A reactor stays on its cores, which is all right if it may. */
  private CompletionStage<JsonNode> keep(Reactor reactor, BitSet mask) throws RpcException {
    BitSet elsewhere = coresOf(reactor);
    elsewhere.andNot(mask);
    if (elsewhere.isEmpty()) {
      return CompletableFuture.completedStage(BooleanNode.TRUE);
    }
    throw new RpcException(
        RpcException.INTERNAL_ERROR,
        Errno.EPERM.describe(),
        "thread "
            + reactor.name()
            + " is a reactor and stays on its cores; its queues move: framework_get_reactors has"
            + " their ids");
  }

  private static BitSet mask(Arguments arguments) throws RpcException {
    String text = arguments.string("cpumask");
    try {
      return CoreMask.parse(text);
    } catch (IllegalArgumentException e) {
      throw new RpcException(
          RpcException.INTERNAL_ERROR, "Invalid cpumask " + text, e.getMessage());
    }
  }

  private List<Reactor> on(BitSet mask) {
    return cores.polling().entrySet().stream()
        .filter(one -> mask.get(one.getKey()))
        .map(Map.Entry::getValue)
        .toList();
  }

  private BitSet masked(List<Reactor> some) {
    BitSet mask = new BitSet();
    cores
        .polling()
        .forEach((core, reactor) -> {
          if (some.contains(reactor)) {
            mask.set(core);
          }
        });
    return mask;
  }
}
