package io.millrace.vhost.user.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.Mapping;
import io.millrace.linux.MemoryFile;
import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.ChainStatus;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.DriverRing;
import io.millrace.virtqueue.GuestMemoryMap;
import io.millrace.virtqueue.GuestRegion;
import io.millrace.virtqueue.IndirectTables;
import io.millrace.virtqueue.InflightPlace;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.RingMemory;
import io.millrace.virtqueue.VirtioFeature;
import io.millrace.virtqueue.VringAddresses;
import io.millrace.virtqueue.VringLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What a greedy guest costs the other one on its reactor, in rounds and units of work: no clock is
 * looked at.
 */
class FairShareTest {
  private static final long GUEST = 1L << 32;
  private static final long MEMORY = 128L << 20;
  private static final int ROUNDS = 2_000;
  private static final long TICK = 1_000;

  private FileDescriptor file;
  private Mapping memory;
  private GuestMemoryMap map;
  private Reactor reactor;
  private long allocated;
  private long now;

  @BeforeEach
  void open() throws Exception {
    file = MemoryFile.create("fair-share", MEMORY, true);
    memory = Mapping.map(file, 0, MEMORY, true);
    map =
        new GuestMemoryMap(
            List.of(new GuestRegion(GUEST, MEMORY, memory.address(), memory.address())));
    reactor = Reactor.stepped("fair");
  }

  @AfterEach
  void close() {
    reactor.close();
    memory.close();
    file.close();
  }

  private long allocate(long bytes) {
    long at = memory.address() + allocated;
    allocated += bytes + 63 & -64;
    return at;
  }

  private long guest(long host) {
    return GUEST + host - memory.address();
  }

  /** A driver that offers again whatever it gets back, and its queue. */
  private final class Guest {
    final Counter counter = new Counter();
    final DriverRing ring;
    long served;

    Guest(RingFormat format, int size) throws QueueStartException {
      long features = format == RingFormat.PACKED ? VirtioFeature.RING_PACKED : 0;
      VringLayout layout = VringLayout.at(allocate(VringLayout.bytes(format, size)), format, size);
      ring = DriverRing.open(layout, features, IndirectTables.NONE);
      start(layout, features, format.firstBase(), counter);
    }

    void offer(int chains, int buffers, long data, int bytes) {
      for (int i = 0; i < chains; i++) {
        int head = ring.begin(buffers);
        for (int j = 0; j < buffers; j++) {
          ring.add(guest(data), bytes, false);
        }
        ring.offer(head);
      }
      ring.publish();
    }

    void step() {
      served += ring.reap((head, written) -> ring.offer(head), ring.size());
      ring.publish();
    }
  }

  private VringWorker start(VringLayout at, long features, int base, Counter counter)
      throws QueueStartException {
    VringSetup setup =
        new VringSetup(
            "test",
            0,
            at.size(),
            new VringAddresses(at.desc(), at.avail(), at.used()),
            base,
            features,
            map,
            false,
            -1,
            -1,
            RingLog.OFF,
            InflightPlace.NONE,
            () -> Coalescing.OFF);
    return new VringWorker(
        setup, reactor, counter, new NoEvents(), new QueueCounters(new DeviceStatistics("test")));
  }

  private void round() {
    now += TICK;
    reactor.runOnce(now);
  }

  @ParameterizedTest
  @EnumSource
  void longRequestsCostTheNeighbourNoTurn(RingFormat format) throws Exception {
    Guest greedy = new Guest(format, 256);
    Guest modest = new Guest(format, 16);
    greedy.offer(32, 8, allocate(1 << 20), 1 << 20); // 8 MiB each
    modest.offer(4, 1, allocate(4096), 4096);

    for (int i = 0; i < ROUNDS; i++) {
      round();
      greedy.step();
      modest.step();
    }

    assertThat(modest.served).as("a turn in each round").isGreaterThanOrEqualTo(4 * (ROUNDS - 2));
    assertThat(greedy.counter.bytes)
        .as("a quantum a round, and what one request may be")
        .isBetween((ROUNDS - 64) * FairShare.QUANTUM, ROUNDS * FairShare.QUANTUM + (8 << 20));
  }

  @ParameterizedTest
  @EnumSource
  void longChainsAreCharged(RingFormat format) throws Exception {
    int most = VringLayout.MAX_SIZE;
    Guest greedy = new Guest(format, most);
    Guest modest = new Guest(format, 16);
    greedy.offer(1, most, allocate(64), 0); // descriptors of nothing
    modest.offer(4, 1, allocate(4096), 4096);

    for (int i = 0; i < ROUNDS; i++) {
      round();
      greedy.step();
      modest.step();
    }

    assertThat(modest.served).isGreaterThanOrEqualTo(4 * (ROUNDS - 2));
    assertThat(greedy.counter.descriptors * FairShare.DESCRIPTOR)
        .isBetween(
            (ROUNDS - 64) * FairShare.QUANTUM,
            ROUNDS * FairShare.QUANTUM + most * FairShare.DESCRIPTOR);
  }

  @Test
  void chainsThatLoopAreCharged() throws Exception {
    int size = VringLayout.MAX_SIZE;
    VringLayout layout =
        VringLayout.at(allocate(VringLayout.bytes(RingFormat.SPLIT, size)), RingFormat.SPLIT, size);
    RingMemory ring = new RingMemory(layout);
    ring.descriptor(0, guest(allocate(64)), 0, RingMemory.NEXT, 0);
    start(layout, 0, 0, new Counter());
    for (int i = 0; i < size; i++) {
      ring.avail(i, 0);
    }
    ring.availIdx(size);

    for (int i = 0; i < ROUNDS; i++) {
      round();
    }

    int affordable = (int) (ROUNDS * FairShare.QUANTUM / (size * FairShare.DESCRIPTOR));
    assertThat(ring.usedIdx()).isBetween(affordable - 2, affordable + 2);
  }

  @Test
  void shortRequestsAreNeverPassedOver() throws Exception {
    Guest one = new Guest(RingFormat.SPLIT, 128);
    one.offer(32, 3, allocate(4096), 1365); // 4 KiB each

    for (int i = 0; i < ROUNDS; i++) {
      round();
      one.step();
    }

    assertThat(one.served).isEqualTo(32L * ROUNDS);
  }

  @Test
  void aRingOf32768IsServedAThousandAtATime() throws Exception {
    int size = VringLayout.MAX_SIZE;
    Guest deep = new Guest(RingFormat.SPLIT, size);
    deep.counter.holds = true;
    deep.offer(size, 1, allocate(64), 1);

    for (int i = 0; i < ROUNDS; i++) {
      round();
    }

    assertThat(deep.counter.chains).isEqualTo(1024);
    deep.counter.holds = false;
    deep.counter.submitTaken(); // those that were held are done
    for (int i = 0; i < ROUNDS; i++) {
      round();
    }
    assertThat(deep.counter.chains).isEqualTo(size);
  }

  @Test
  void aStormOfKicksIsOneLook() throws Exception {
    try (FileDescriptor kick = EventFd.create()) {
      Counter counter = new Counter();
      VringLayout layout =
          VringLayout.at(allocate(VringLayout.bytes(RingFormat.SPLIT, 16)), RingFormat.SPLIT, 16);
      VringWorker worker = start(layout, 0, 0, counter);
      worker.kick(kick.number());
      int work = 0;
      for (int i = 0; i < ROUNDS; i++) {
        for (int j = 0; j < 100; j++) {
          EventFd.signal(kick.number());
        }
        now += TICK;
        work += reactor.runOnce(now);
      }

      assertThat(work).isZero();
      assertThat(counter.chains).isZero();
    }
  }

  /** A device that does nothing, at once, and counts what it was asked. */
  private static final class Counter implements DeviceSession, QueueHandler {
    private QueueContext context;
    private final int[] heads = new int[VringLayout.MAX_SIZE];
    private int taken;
    long chains;
    long bytes;
    long descriptors;
    boolean holds;

    @Override
    public long take(DescriptorChain chain) {
      heads[taken++] = chain.head();
      chains++;
      bytes += chain.readableBytes();
      descriptors += chain.descriptorsWalked();
      return chain.readableBytes();
    }

    @Override
    public void submitTaken() {
      if (!holds) {
        context.requestDone();
      }
    }

    @Override
    public int outstanding() {
      return taken;
    }

    @Override
    public void mark(GoingMemory going) {
      // No memory goes here.
    }

    @Override
    public int markedCount() {
      return 0;
    }

    @Override
    public void cancelMarked() {
      // Nothing is ever marked.
    }

    @Override
    public void cancelAll() {
      // Nothing is ever waited for.
    }

    @Override
    public void respond(Returns returns) {
      for (int i = 0; i < taken; i++) {
        returns.give(heads[i], 0);
      }
    }

    @Override
    public void recycle() {
      taken = 0;
    }

    @Override
    public void close() {
      // Nothing is held.
    }

    @Override
    public void negotiated(long features) {
      // All the same here.
    }

    @Override
    public byte[] config() {
      return new byte[0];
    }

    @Override
    public boolean writeConfig(int offset, byte[] data, boolean migration) {
      return false;
    }

    @Override
    public QueueHandler startQueue(QueueContext queue) {
      context = queue;
      return this;
    }

    @Override
    public void closed() {
      // Nothing is held.
    }
  }

  private static final class NoEvents implements WorkerEvents {
    @Override
    public void badChain(ChainStatus why) {
      // Chains that loop are.
    }

    @Override
    public void broken() {
      throw new AssertionError("no ring is broken");
    }

    @Override
    public void lostRing(String why) {
      throw new AssertionError(why);
    }

    @Override
    public void failed(Throwable cause) {
      throw new AssertionError(cause);
    }
  }
}
