package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.MallocBdev;
import io.millrace.bdev.stacked.DelayBdev;
import io.millrace.bdev.stacked.Latency;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import io.millrace.scsi.TaskManagement.Function;
import io.millrace.scsi.TaskManagement.Response;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two initiators, each with ways by two reactors that run at once, and one disk. */
class ReactorsTest {
  private static final int DEADLINE_SECONDS = 60;
  private static final int TASKS = 6; // of each path
  private static final int FUNCTIONS = 300;
  private static final int HOT_PLUGS = 500;
  private static final int SWAPS = 400; // of each path

  private final BdevRegistry bdevs = new BdevRegistry();
  private final ScsiTarget target = new ScsiTarget(new TargetPort("t", 1));
  private final List<Reactor> reactors = new ArrayList<>();
  private final List<Nexus> nexuses = new ArrayList<>();
  private final List<NexusPaths> paths = new ArrayList<>();
  private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());
  private Mapping memory;

  @BeforeEach
  void open() throws Exception {
    memory = Mapping.anonymous(1 << 20, false);
    Bdev base = MallocBdev.create("base", UUID.randomUUID(), 512, 512, 4096);
    bdevs.register(base);
    Map<Latency, Long> micros = new EnumMap<>(Latency.class);
    for (Latency each : Latency.values()) {
      micros.put(each, 200L);
    }
    Bdev disk = DelayBdev.create(bdevs, "base", "slow", null, micros);
    bdevs.register(disk);
    LogicalUnit unit = new LogicalUnits().take(disk);
    target.add(0, unit, bdevs.open("slow", true, new ScsiRig.Steadfast()), false);
    for (int i = 0; i < 2; i++) {
      reactors.add(Reactor.start("scsi" + i, -1));
      nexuses.add(new Nexus(new InitiatorPort("i" + i), target));
    }
    for (Nexus nexus : nexuses) {
      for (Reactor reactor : reactors) {
        paths.add(on(reactor, () -> nexus.pathsOn(reactor)));
      }
    }
  }

  @AfterEach
  void close() throws Exception {
    for (NexusPaths each : paths) {
      on(
          each.reactor(),
          () -> {
            each.close();
            return true;
          });
    }
    nexuses.forEach(Nexus::close);
    reactors.forEach(Reactor::close);
    memory.close();
  }

  private static <T> T on(Reactor reactor, Supplier<T> action) throws Exception {
    CompletableFuture<T> done = new CompletableFuture<>();
    reactor.execute(() -> done.complete(action.get()));
    return done.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
  }

  private CompletableFuture<Response> perform(Function function, Random random) {
    CompletableFuture<Response> answer = new CompletableFuture<>();
    TaskManagement.perform(
        function,
        nexuses.get(random.nextInt(2)),
        0,
        random.nextInt(8),
        reactors.get(random.nextInt(2)),
        response -> {
          if (!answer.complete(response)) {
            wrong.add("a second answer");
          }
        });
    return answer;
  }

  @Test
  void tasksThatAreAbortedUnderLoadEndOnceAndInOrder() throws Exception {
    Random random = new Random(1);
    AtomicLong clock = new AtomicLong();
    List<LoadTask> tasks = new ArrayList<>();
    for (int i = 0; i < paths.size(); i += 2) {
      List<LoadTask> ofNexus = new ArrayList<>();
      for (int k = 0; k < 2 * TASKS; k++) {
        NexusPaths by = paths.get(i + k % 2);
        LunPath path = on(by.reactor(), () -> by.find(0));
        ofNexus.add(new LoadTask(path, memory.address(), random.nextLong(), clock, ofNexus, wrong));
      }
      tasks.addAll(ofNexus);
    }
    for (int i = 0; i < tasks.size(); i++) {
      reactors.get(i % 2).execute(tasks.get(i)::go);
    }

    Function[] functions = Function.values();
    for (int i = 0; i < FUNCTIONS; i++) {
      CompletableFuture<Response> one =
          perform(functions[random.nextInt(functions.length)], random);
      perform(functions[random.nextInt(functions.length)], random)
          .get(DEADLINE_SECONDS, TimeUnit.SECONDS);
      one.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }
    tasks.forEach(task -> task.stopping = true);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
    while (!tasks.stream().allMatch(task -> task.stopped)) {
      assertThat(System.nanoTime()).as("for all to end: %s", wrong).isLessThan(deadline);
      Thread.onSpinWait();
    }

    assertThat(wrong).isEmpty();
    assertThat(tasks).allMatch(task -> task.ends.get() > 10);
    for (NexusPaths each : paths) {
      assertThat(on(each.reactor(), () -> each.find(0).newest() == null)).isTrue();
    }
    for (Nexus nexus : nexuses) {
      for (Lun lun : target.luns().values()) {
        assertThat(nexus.with(lun).order().isGated()).isFalse();
      }
    }
  }

  /** Asks a LUN that comes and goes whether it is ready, all the time. */
  private static final class Asking extends ScsiTask {
    private final NexusPaths by;
    final CountDownLatch stopped = new CountDownLatch(1);
    volatile boolean stopping;

    Asking(NexusPaths by) {
      this.by = by;
    }

    void go() {
      SlowRig.fill(this, "28 00 00 00 00 00 00 00 00 00", 0, TaskAttribute.SIMPLE);
      LunPath to = by.find(1);
      to.prepare(this);
      to.submit(this);
    }

    @Override
    protected void ended() {
      if (stopping) {
        stopped.countDown();
      } else {
        by.reactor().execute(this::go);
      }
    }
  }

  @Test
  void aUnitThatIsGoneIsInNobodysUse() throws Exception {
    Bdev disk = MallocBdev.create("quick", UUID.randomUUID(), 512, 512, 64);
    bdevs.register(disk);
    LogicalUnit unit = new LogicalUnits().take(disk);
    List<Asking> all = new ArrayList<>();
    for (NexusPaths each : paths) {
      Asking asking = new Asking(each);
      all.add(asking);
      each.reactor().execute(asking::go);
    }

    for (int i = 0; i < HOT_PLUGS; i++) {
      BdevDescriptor opened = bdevs.open("quick", true, new ScsiRig.Steadfast());
      target.add(1, unit, opened, false);
      CountDownLatch gone = new CountDownLatch(1);
      if (i % 2 == 0) {
        on(reactors.get(0), () -> true);
      }
      target.remove(1, gone::countDown);
      assertThat(gone.await(DEADLINE_SECONDS, TimeUnit.SECONDS)).as("gone").isTrue();
      assertThat(unit.paths()).isEmpty();
      assertThat(unit.nexuses()).isEmpty();
      opened.close();
    }

    for (Asking each : all) {
      each.stopping = true;
      assertThat(each.stopped.await(DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** Reads a counter and has it be one more, if nobody else was quicker; again and again. */
  private static final class Counter extends ScsiTask {
    private final LunPath way;
    private final long block;
    private final CountDownLatch done;
    private boolean swapping;
    private int swaps;
    int misses;

    Counter(LunPath way, long block, CountDownLatch done) {
      this.way = way;
      this.block = block;
      this.done = done;
    }

    void go() {
      String cdb =
          swapping
              ? "89 00 00 00 00 00 00 00 00 05 00 00 00 01 00 00"
              : "28 00 00 00 00 05 00 00 01 00";
      SlowRig.fill(this, cdb, 0, TaskAttribute.SIMPLE);
      way.prepare(this);
      if (swapping) {
        RawMemory.copy(block, blocks(), 512);
        RawMemory.copy(block, blocks() + 512, 512);
        RawMemory.putLong(blocks() + 512, RawMemory.getLong(block) + 1);
      } else {
        addSegment(block, 512);
      }
      way.submit(this);
    }

    @Override
    protected void ended() {
      if (swapping && status() == ScsiStatus.GOOD) {
        swaps++;
      } else if (swapping) {
        misses++;
      }
      swapping = !swapping && status() == ScsiStatus.GOOD; // and not a unit attention
      if (swaps == SWAPS) {
        done.countDown();
      } else {
        way.reactor().execute(this::go);
      }
    }
  }

  @Test
  void compareAndWriteCountsRightForAllReactors() throws Exception {
    CountDownLatch done = new CountDownLatch(paths.size());
    List<Counter> counters = new ArrayList<>();
    for (int i = 0; i < paths.size(); i++) {
      NexusPaths by = paths.get(i);
      LunPath path = on(by.reactor(), () -> by.find(0));
      counters.add(new Counter(path, memory.address() + i * 512L, done));
    }
    for (int i = 0; i < counters.size(); i++) {
      paths.get(i).reactor().execute(counters.get(i)::go);
    }
    assertThat(done.await(DEADLINE_SECONDS, TimeUnit.SECONDS)).as("all are done").isTrue();

    LunPath path = counters.get(0).way;
    CountDownLatch read = new CountDownLatch(1);
    long block = memory.address() + 8192;
    path.reactor()
        .execute(() -> {
          ScsiTask task =
              new ScsiTask() {
                @Override
                protected void ended() {
                  read.countDown();
                }
              };
          SlowRig.fill(task, "28 00 00 00 00 05 00 00 01 00", 0, TaskAttribute.SIMPLE);
          path.prepare(task);
          task.addSegment(block, 512);
          path.submit(task);
        });
    assertThat(read.await(DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(RawMemory.getLong(block)).isEqualTo((long) SWAPS * counters.size());
    assertThat(counters.stream().mapToInt(counter -> counter.misses).sum()).isPositive();
  }
}
