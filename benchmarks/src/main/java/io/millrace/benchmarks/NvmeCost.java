package io.millrace.benchmarks;

import com.sun.management.ThreadMXBean;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.Mapping;
import io.millrace.nvme.bdev.AttachedController;
import io.millrace.nvme.bdev.NvmeModule;
import io.millrace.nvme.model.ModelDevice;
import io.millrace.nvme.model.ModelOptions;
import io.millrace.reactor.Reactor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * 4 KiB reads through the NVMe driver from a controller made of memory, which runs on a core of its
 * own and transfers nothing: what the driver costs on one core, and how fast it is there.
 */
public final class NvmeCost {
  private static final int DEPTH = 128;
  private static final int BLOCK = 4096;
  private static final int BLOCKS = 1 << 16;
  private static final int WARM_UP_SECONDS = 6;
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Figure.Bar RATE = Figure.Bar.atLeast(1e6, ">= 1,000,000");
  private static final Figure.Bar COST = Figure.Bar.below(400, "<= 400 ns");

  private NvmeCost() {}

  /** Rate, CPU of a read and bytes allocated: the median of several processes. */
  static List<Figure> measure(Peers peers, int runs) throws IOException, InterruptedException {
    List<Double> rates = new ArrayList<>();
    List<Double> nanos = new ArrayList<>();
    List<Double> bytes = new ArrayList<>();
    for (int i = 0; i < runs; i++) {
      List<String> command = JavaProgram.command(NvmeCost.class, List.of());
      try (Child child = Child.start("nvme", "0,1", command, peers.work())) {
        String[] words = child.awaitOutput(LIMIT).strip().split(" ", -1);
        rates.add(Double.parseDouble(words[0]));
        nanos.add(Double.parseDouble(words[1]));
        bytes.add(Double.parseDouble(words[2]));
      }
    }
    String load =
        "nvme: 4 KiB reads at depth %d, model controller on another core: ".formatted(DEPTH);
    return List.of(
        figure(load + "a second", rates, 0, "", RATE),
        figure(load + "CPU each", nanos, 0, " ns", COST),
        figure(load + "allocated each", bytes, 3, " bytes", null));
  }

  private static Figure figure(
      String name, List<Double> values, int digits, String unit, Figure.@Nullable Bar bar) {
    Spread spread = Spread.of(values);
    return new Figure(name, spread.median(), spread.format(digits) + unit, bar, List.of())
        .withValues(values);
  }

  /** A request that is submitted again as soon as it is done, somewhere else. */
  private static final class Again extends BdevIo {
    private final Load load;
    private final long address;
    private long place;

    Again(Load load, long address, long place) {
      super(1);
      this.load = load;
      this.address = address;
      this.place = place;
    }

    void submit() {
      place = (place * 0x5DEECE66DL + 11) & (BLOCKS - 1);
      begin(IoType.READ, place * BLOCK, BLOCK);
      addSegment(address, BLOCK);
      load.channel.submit(this);
    }

    @Override
    protected void completed(IoStatus status) {
      if (status != IoStatus.SUCCESS) {
        throw new IllegalStateException("a read failed: " + status);
      }
      load.countOne();
      submit();
    }
  }

  /** The load on its reactor. */
  private static final class Load {
    final BdevChannel channel;
    final long threadId = Thread.currentThread().threadId();
    private final AtomicLong done = new AtomicLong();

    Load(BdevChannel channel) {
      this.channel = channel;
    }

    /** On the reactor, the only thread that counts. */
    void countOne() {
      done.setOpaque(done.getPlain() + 1);
    }

    long done() {
      return done.getOpaque();
    }
  }

  private static final BdevListener NOBODY =
      new BdevListener() {
        @Override
        public void removed() {}

        @Override
        public void resized() {}
      };

  /** Prints reads a second, nanoseconds of CPU each, and bytes allocated each. */
  public static void main(String[] args) throws Exception {
    ModelDevice device = new ModelDevice(new ModelOptions().nullNamespace(BLOCKS, 12));
    BdevRegistry bdevs = new BdevRegistry();
    Reactor reactor = Reactor.start("nvme", 0);
    NvmeModule module = new NvmeModule(bdevs, reactor, address -> device);
    try (AutoCloseable running = device.controller().runOnThread();
        Mapping memory = Mapping.anonymous((long) DEPTH * BLOCK, false)) {
      CompletableFuture<Load> begun = new CompletableFuture<>();
      reactor.execute(() -> begin(module, bdevs, reactor, memory, begun));
      Load load = begun.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      TimeUnit.SECONDS.sleep(WARM_UP_SECONDS);
      long before = load.done();
      long cpu = threads.getThreadCpuTime(load.threadId);
      long allocated = threads.getThreadAllocatedBytes(load.threadId);
      long start = System.nanoTime();
      TimeUnit.SECONDS.sleep(3);
      double nanos = System.nanoTime() - start;
      double reads = load.done() - before;
      System.out.printf(
          Locale.ROOT,
          "%.0f %.1f %.3f%n",
          reads / nanos * TimeUnit.SECONDS.toNanos(1),
          (threads.getThreadCpuTime(load.threadId) - cpu) / reads,
          (threads.getThreadAllocatedBytes(load.threadId) - allocated) / reads);
      assert running != null;
    }
    System.exit(0); // the load goes on for ever
  }

  private static void begin(
      NvmeModule module,
      BdevRegistry bdevs,
      Reactor reactor,
      Mapping memory,
      CompletableFuture<Load> begun) {
    try {
      CompletionStage<AttachedController> attached = module.attach("Nvme0", "model", 1);
      var _ =
          attached.whenComplete((controller, e) -> {
            if (e == null) {
              submitAll(bdevs, reactor, memory, begun);
            } else {
              begun.completeExceptionally(e);
            }
          });
    } catch (BdevException e) {
      begun.completeExceptionally(e);
    }
  }

  private static void submitAll(
      BdevRegistry bdevs, Reactor reactor, Mapping memory, CompletableFuture<Load> begun) {
    try {
      BdevDescriptor opened = bdevs.open("Nvme0n1", false, NOBODY);
      bdevs.memory().add(opened.bdev(), memory.address(), memory.size());
      Load load = new Load(opened.openChannel(reactor));
      for (int i = 0; i < DEPTH; i++) {
        new Again(load, memory.address() + (long) i * BLOCK, i).submit();
      }
      begun.complete(load);
    } catch (BdevException e) {
      begun.completeExceptionally(e);
    }
  }
}
