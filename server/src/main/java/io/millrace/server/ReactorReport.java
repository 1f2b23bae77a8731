package io.millrace.server;

import io.millrace.reactor.CoreMask;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.server.MovableRing;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What {@code framework_get_reactors} tells of cores that are polled on, in SPDK's shape and order;
 * it waits for no reactor. Control thread.
 */
final class ReactorReport {
  private final Cores cores;
  private final Supplier<List<MovableRing>> rings;
  private final KernelThreads threads;
  private final CoreTimes times = new CoreTimes();
  private final long startNanos = System.nanoTime();

  ReactorReport(Cores cores, KernelThreads threads, Supplier<List<MovableRing>> rings) {
    this.cores = cores;
    this.threads = threads;
    this.rings = rings;
  }

  ObjectNode describe() {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.put("tick_rate", TimeUnit.SECONDS.toNanos(1));
    result.put("pid", ProcessHandle.current().pid());
    ArrayNode all = result.putArray("reactors");
    List<MovableRing> running = rings.get();
    cores.polling().forEach((core, reactor) -> describe(core, reactor, running, all.addObject()));
    return result;
  }

  private void describe(int core, Reactor reactor, List<MovableRing> running, ObjectNode into) {
    long now = System.nanoTime();
    long busy = reactor.statistics().busyNanos();
    CoreTimes.Times used = times.of(core);
    into.put("lcore", core);
    into.put("numa_id", CoreTimes.node(core));
    into.put("tid", threads.of(reactor));
    into.put("busy", busy);
    into.put("idle", Math.max(0, now - startNanos - busy));
    into.put("in_interrupt", !reactor.isRestless());
    into.put("irq", used.irq());
    into.put("sys", used.system());
    into.put("usr", used.user());
    ArrayNode onIt = into.putArray("lw_threads");
    for (MovableRing ring : running) {
      if (ring.reactor().equals(reactor)) {
        ObjectNode thread = onIt.addObject();
        thread.put("name", ring.name());
        thread.put("id", ring.id());
        thread.put("cpumask", mask(ring));
        thread.put("elapsed", now - ring.sinceNanos());
      }
    }
  }

  private String mask(MovableRing ring) {
    BitSet mask = new BitSet();
    cores
        .polling()
        .forEach((core, reactor) -> {
          if (ring.reactors().contains(reactor)) {
            mask.set(core);
          }
        });
    return bare(mask);
  }

  /** As SPDK writes the masks of threads: hexadecimal digits, and nothing before them. */
  static String bare(BitSet cores) {
    return CoreMask.format(cores).substring("0x".length());
  }
}
