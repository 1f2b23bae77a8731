package io.millrace.virtqueue;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.live.migration.BadInflightException;
import io.millrace.live.migration.InflightRegion;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Device queues that die between any two steps, and what the next one makes of the region. */
class InflightTest {
  private static final int SIZE = 16;
  private static final long DATA = 1 << 16; // guest address
  private static final long PACKED = VirtioFeature.RING_PACKED;
  private static final long INDIRECT = VirtioFeature.INDIRECT_DESC;

  private Mapping memory;
  private Mapping region;
  private long features;
  private DriverRing driver;
  private DeviceQueue device;
  private final DescriptorChain chain = new DescriptorChain();
  private final TreeMap<Integer, Integer> offered = new TreeMap<>(); // head -> its bytes
  private final List<Integer> out = new ArrayList<>(); // heads, fetched and not published, in order
  private final TreeMap<Integer, Integer> milestones = new TreeMap<>(); // by head, of those out
  private int again; // of them, that this device has not fetched again
  private final List<Integer> published = new ArrayList<>();
  private boolean dying; // at the next store into the ring
  private Random random = new Random();

  @BeforeEach
  void map() throws Exception {
    memory = Mapping.anonymous(1 << 20, false);
    region = Mapping.anonymous(1 << 16, false);
  }

  @AfterEach
  void unmap() {
    memory.close();
    region.close();
  }

  private void start(long with, long seed) throws Exception {
    features = with;
    random = new Random(seed);
    offered.clear();
    out.clear();
    published.clear();
    RawMemory.fill(region.address(), region.size(), (byte) 0);
    VringLayout layout = VringLayout.at(memory.address(), RingFormat.of(features), SIZE);
    long tables = memory.address() + (1 << 14);
    driver = DriverRing.open(layout, features, new IndirectTables(tables, 1 << 14, 4));
    open();
  }

  private void open() throws BadInflightException {
    GuestMemoryMap map =
        new GuestMemoryMap(List.of(new GuestRegion(0, 1 << 20, 0, memory.address())));
    device =
        Objects.requireNonNull(
            DeviceQueue.open(
                driver.layout(),
                map.translation(),
                features,
                RingFormat.of(features).firstBase(), // wrong but the first time: the region counts
                this::wrote,
                new InflightPlace(region.address())));
    again = out.size();
    assertThat(device.hasUnfinished()).isEqualTo(again > 0);
  }

  private void offer() {
    int buffers = 1 + random.nextInt(3);
    int head = driver.begin(buffers);
    if (head == DriverRing.NONE) {
      return;
    }
    int bytes = 0;
    for (int i = 0; i < buffers; i++) {
      int length = 1 + random.nextInt(1000);
      bytes += length;
      driver.add(DATA + random.nextInt(1 << 12), length, true);
    }
    driver.offer(head);
    driver.publish();
    offered.put(head, bytes);
  }

  private void fetch() {
    ChainStatus status = device.fetch(chain);
    if (again > 0) {
      int expected = out.get(out.size() - again);
      assertThat(status).isEqualTo(ChainStatus.FETCHED);
      assertThat(chain.head()).as("in the order of the first time").isEqualTo(expected);
      assertThat(chain.isFetchedAgain()).isTrue();
      assertThat(chain.milestone()).isEqualTo(milestones.getOrDefault(expected, 0));
      again--;
    } else if (status == ChainStatus.FETCHED) {
      out.add(chain.head());
      milestones.remove(chain.head());
      assertThat(chain.isFetchedAgain()).isFalse();
    } else {
      assertThat(status).isEqualTo(ChainStatus.EMPTY);
      return;
    }
    assertThat(chain.writableBytes()).isEqualTo((long) offered.get(chain.head()));
  }

  /** One of those that this device has comes to a milestone. */
  private void reach() {
    int mine = out.size() - again;
    if (mine > 0) {
      int head = out.get(random.nextInt(mine));
      int milestone = random.nextInt(256);
      device.milestone(head, milestone);
      milestones.put(head, milestone);
    }
  }

  private void wrote(long address, long bytes) {
    if (dying) {
      throw new IllegalStateException("dead");
    }
  }

  /** Shows the driver a batch; may die when it is shown, and the region does not know yet. */
  private void publish() throws BadInflightException {
    dying = random.nextInt(4) == 0;
    try {
      device.publish();
    } catch (IllegalStateException dead) {
      dying = false;
      open();
    }
    dying = false;
  }

  /** Gives some back, in any order; dies before the driver is shown, or goes on. */
  private void complete(boolean dies) throws Exception {
    List<Integer> mine = new ArrayList<>(out.subList(0, out.size() - again));
    Collections.shuffle(mine, random);
    List<Integer> batch = List.copyOf(mine.subList(0, random.nextInt(mine.size() + 1)));
    for (int head : batch) {
      device.complete(head, offered.get(head));
    }
    if (dies) {
      open();
      return;
    }
    out.removeAll(batch);
    published.addAll(batch);
    publish();
  }

  private void reap() {
    driver.reap(
        (head, bytes) -> {
          assertThat(published.remove(Integer.valueOf(head))).as("%d was shown", head).isTrue();
          assertThat(bytes).isEqualTo((long) offered.remove(head));
          driver.free(head);
        },
        SIZE);
    assertThat(driver.isBroken()).isFalse();
    assertThat(published).as("shown and not seen").isEmpty();
  }

  private void play(int steps) throws Exception {
    for (int i = 0; i < steps; i++) {
      switch (random.nextInt(9)) {
        case 0, 1 -> offer();
        case 2, 3, 4 -> fetch();
        case 5 -> complete(false);
        case 6 -> reap();
        case 7 -> reach();
        default -> {
          if (random.nextInt(3) == 0) {
            complete(random.nextBoolean());
          }
          open();
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, INDIRECT, PACKED, PACKED | INDIRECT})
  void nothingIsLostAndNothingIsDoneTwice(long with) throws Exception {
    for (int seed = 0; seed < 300; seed++) {
      start(with, seed);
      play(400);
      while (!offered.isEmpty()) { // all that was offered comes back
        fetch();
        complete(false);
        reap();
      }
      assertThat(device.hasUnfinished()).isFalse();
      assertThat(driver.inFlightCount()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, PACKED})
  void anOrderlyStopLeavesNothingToRecover(long with) throws Exception {
    start(with, 1);
    offer();
    fetch();
    complete(false);
    while (!out.isEmpty()) {
      complete(false);
    }
    dying = false;
    device.stopped();
    int base = RingFormat.of(with).base(device.state());
    GuestMemoryMap map =
        new GuestMemoryMap(List.of(new GuestRegion(0, 1 << 20, 0, memory.address())));
    DeviceQueue next =
        Objects.requireNonNull(
            DeviceQueue.open(
                driver.layout(),
                map.translation(),
                features,
                base,
                SwitchedWrites.UNTRACKED,
                new InflightPlace(region.address())));
    assertThat(next.hasUnfinished()).isFalse();
    assertThat(next.state()).isEqualTo(device.state());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, PACKED})
  void anyWrongByteIsRefusedOrHarmless(long with) throws Exception {
    int regionBytes = (int) InflightRegion.queueBytes(with != 0, SIZE);
    int refused = 0;
    for (int seed = 0; seed < 3_000; seed++) {
      start(with, seed);
      play(60);
      for (int i = random.nextInt(3); i >= 0; i--) {
        int at = random.nextInt(3) == 0 ? random.nextInt(32) : random.nextInt(regionBytes);
        RawMemory.putByte(region.address() + at, (byte) random.nextInt());
      }
      byte[] before = bytes(regionBytes);
      byte[] ring = ring();
      try {
        open(); // may say what it likes of hasUnfinished
      } catch (BadInflightException e) {
        refused++;
        assertThat(e.getMessage()).doesNotContain("\n");
        assertThat(bytes(regionBytes)).as("the region").isEqualTo(before);
        assertThat(ring()).as("the ring").isEqualTo(ring);
        continue;
      } catch (AssertionError e) {
        // hasUnfinished differs: other chains than before are in flight now
      }
      drain();
    }
    assertThat(refused).isGreaterThan(300);
  }

  /** Whatever is in flight now: each chain once, and an end. */
  private void drain() {
    for (int i = 0; i < 4 * SIZE; i++) {
      ChainStatus status = device.fetch(chain);
      if (status == ChainStatus.FETCHED || status.isBadChain()) {
        device.complete(chain.head(), 0);
        device.publish();
      }
    }
    assertThat(device.hasUnfinished()).isFalse();
  }

  private byte[] bytes(int count) {
    byte[] all = new byte[count];
    RawMemory.get(region.address(), all, 0, count);
    return all;
  }

  private byte[] ring() {
    byte[] all = new byte[1 << 12];
    RawMemory.get(memory.address(), all, 0, all.length);
    return all;
  }
}
