package io.millrace.virtqueue;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The driver side over real memory; the device is this test, reading the bytes of the ring. */
class SplitDriverRingTest {
  private static final int SIZE = 8;
  private static final long BUFFER = 0x1_0000;

  private Mapping memory;
  private long tables;
  private final List<String> used = new ArrayList<>();
  private final UsedHandler collect = (head, bytes) -> used.add(head + ":" + bytes);

  @BeforeEach
  void map() throws LinuxException {
    memory = Mapping.anonymous(1 << 20, false);
    tables = memory.address() + (1 << 19);
  }

  @AfterEach
  void unmap() {
    memory.close();
  }

  @Test
  void chainIsLinkedInOrderAndEndsWithItsLastBuffer() {
    SplitDriverRing ring = ring(0, IndirectTables.NONE);

    int head = ring.begin(3);
    ring.add(BUFFER, 16, false);
    ring.add(BUFFER + 16, 4096, true);
    ring.add(BUFFER + 5000, 1, true);
    ring.offer(head);

    assertThat(chain(ring, head)).containsExactly("10000+16 1", "10010+4096 3", "11388+1 2");
    assertThat(ring.freeCount()).isEqualTo(SIZE - 3);
  }

  @Test
  void deviceSeesNothingBeforePublish() {
    SplitDriverRing ring = ring(0, IndirectTables.NONE);
    int head = single(ring);

    ring.offer(head);
    assertThat(VirtqAvail.idxAcquire(ring.layout().avail())).isZero();
    ring.publish();

    assertThat(VirtqAvail.idxAcquire(ring.layout().avail())).isEqualTo(1);
    assertThat(VirtqAvail.ring(ring.layout().avail(), 0)).isEqualTo(head);
  }

  @Test
  void indirectChainTakesOneDescriptor() {
    SplitDriverRing ring = ring(VirtioFeature.INDIRECT_DESC, new IndirectTables(tables, 0x9000, 4));
    ring.free(single(ring)); // so that the head is not always 0
    int other = single(ring);

    int head = ring.begin(3);
    ring.add(BUFFER, 16, false);
    ring.add(BUFFER + 16, 512, true);
    ring.add(BUFFER + 600, 1, true);

    long entry = ring.layout().desc() + 16L * head;
    assertThat(VirtqDesc.addr(entry)).isEqualTo(0x9000 + 64L * head);
    assertThat(VirtqDesc.lenFlagsNext(entry)).isEqualTo(48L | 4L << 32);
    long table = tables + 64L * head;
    assertThat(VirtqDesc.lenFlagsNext(table)).isEqualTo(16L | 1L << 32 | 1L << 48);
    assertThat(VirtqDesc.lenFlagsNext(table + 16)).isEqualTo(512L | 3L << 32 | 2L << 48);
    assertThat(VirtqDesc.lenFlagsNext(table + 32)).isEqualTo(1L | 2L << 32);
    assertThat(ring.freeCount()).isEqualTo(SIZE - 2);
    assertThat(head).isNotEqualTo(other);
  }

  @Test
  void indirectTablesAreLeftAloneWhenNotNegotiated() {
    SplitDriverRing ring = ring(0, new IndirectTables(tables, 0x9000, 4));

    ring.begin(3);

    assertThat(ring.freeCount()).isEqualTo(SIZE - 3);
  }

  @Test
  void chainThatDoesNotFitIsRefusedAndTakesNothing() {
    SplitDriverRing ring = ring(0, IndirectTables.NONE);

    assertThat(ring.begin(SIZE + 1)).isEqualTo(DriverRing.NONE);
    assertThat(ring.begin(SIZE)).isNotEqualTo(DriverRing.NONE);
    assertThat(ring.begin(1)).isEqualTo(DriverRing.NONE);
  }

  @Test
  void reapedChainCanBeOfferedAgainAsItIs() {
    SplitDriverRing ring = ring(0, IndirectTables.NONE);
    int head = single(ring);
    ring.offer(head);
    ring.publish();
    complete(ring, 0, head, 513);

    assertThat(ring.reap(collect, 32)).isEqualTo(1);
    ring.offer(head);
    ring.publish();

    assertThat(used).containsExactly(head + ":513");
    assertThat(VirtqAvail.idxAcquire(ring.layout().avail())).isEqualTo(2);
    assertThat(ring.inFlightCount()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {SIZE, 1, -1, Integer.MIN_VALUE})
  void usedHeadThatIsNotWithTheDeviceBreaksTheRing(int claimed) {
    SplitDriverRing ring = ring(0, IndirectTables.NONE);
    int head = single(ring);
    ring.offer(head);
    ring.publish();

    complete(ring, 0, claimed, 0);

    assertThat(ring.reap(collect, 32)).isZero();
    assertThat(ring.isBroken()).isTrue();
    assertThat(used).isEmpty();
  }

  @Test
  void chainThatComesBackTwiceBreaksTheRing() {
    SplitDriverRing ring = ring(0, IndirectTables.NONE);
    int head = single(ring);
    ring.offer(head);
    ring.publish();
    complete(ring, 0, head, 0);
    complete(ring, 1, head, 0);

    assertThat(ring.reap(collect, 32)).isEqualTo(1);
    assertThat(ring.isBroken()).isTrue();
  }

  @Test
  void usedIndexFurtherThanTheRingBreaksIt() {
    SplitDriverRing ring = ring(0, IndirectTables.NONE);

    RawMemory.putShort(ring.layout().used() + 2, (short) (SIZE + 1));

    assertThat(ring.reap(collect, 32)).isZero();
    assertThat(ring.isBroken()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"0,true", "1,false"})
  void kickIsWantedUnlessTheDevicePolls(int usedFlags, boolean wanted) {
    SplitDriverRing ring = ring(0, IndirectTables.NONE);
    RawMemory.putShort(ring.layout().used(), (short) usedFlags);

    ring.offer(single(ring));

    assertThat(ring.publish()).isEqualTo(wanted);
  }

  @ParameterizedTest
  @CsvSource({"0,true", "1,false", "65535,false", "32768,false"})
  void kickIsWantedWhenTheBatchPassesTheEvent(int availEvent, boolean wanted) {
    SplitDriverRing ring = ring(VirtioFeature.EVENT_IDX, IndirectTables.NONE);
    RawMemory.putShort(VirtqUsed.availEventAddress(ring.layout().used(), SIZE), (short) availEvent);

    ring.offer(single(ring));

    assertThat(ring.publish()).isEqualTo(wanted);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1L << 29})
  void aFreshRingIsClearedAndAsksForNoCalls(long features) {
    RawMemory.fill(memory.address(), 4096, (byte) 0xff);

    SplitDriverRing ring = ring(features, IndirectTables.NONE);

    VringLayout at = ring.layout();
    for (int i = 0; i < 16 * SIZE; i++) {
      assertThat(RawMemory.getByte(at.desc() + i)).isZero();
    }
    assertThat(RawMemory.getShort(at.avail() + 2)).isZero();
    assertThat(RawMemory.getShort(at.used() + 2)).isZero();
    assertThat(RawMemory.getShort(at.avail())).isEqualTo((short) (features == 0 ? 1 : 0));
    assertThat(usedEvent(ring)).isEqualTo(features == 0 ? 0 : 0x8000);
    assertThat(ring.size()).isEqualTo(SIZE);
    assertThat(ring.base()).isZero();
  }

  private static int usedEvent(SplitDriverRing ring) {
    return RawMemory.getShort(ring.layout().avail() + 4 + 2 * SIZE) & 0xffff;
  }

  @Test
  void callsAreAskedForByFlagOrByEvent() {
    SplitDriverRing flags = ring(0, IndirectTables.NONE);
    flags.enableCalls();
    assertThat(RawMemory.getShort(flags.layout().avail())).isZero();
    flags.disableCalls();
    assertThat(RawMemory.getShort(flags.layout().avail())).isEqualTo((short) 1);

    SplitDriverRing events = ring(VirtioFeature.EVENT_IDX, IndirectTables.NONE);
    int head = single(events);
    events.offer(head);
    events.publish();
    complete(events, 0, head, 0);
    events.reap(collect, 1);
    events.enableCalls();
    assertThat(usedEvent(events)).isEqualTo(1);
    assertThat(events.base()).isEqualTo(1);
    events.disableCalls();
    assertThat(usedEvent(events)).isEqualTo(0x8001);
  }

  @Test
  void whileTheRingIsPolledTheEventStaysOutOfReach() {
    SplitDriverRing ring = ring(VirtioFeature.EVENT_IDX, IndirectTables.NONE);
    int head = single(ring);
    for (int i = 0; i < 100_000; i++) {
      ring.offer(head);
      ring.publish();
      complete(ring, i & 0xffff, head, 0);
      assertThat(ring.reap((chain, bytes) -> {}, 1)).isEqualTo(1);
      assertThat((usedEvent(ring) - i) & 0xffff).isGreaterThan(0x3000);
    }
  }

  @Test
  void publishOfNothingWantsNoKick() {
    SplitDriverRing ring = ring(0, IndirectTables.NONE);

    assertThat(ring.publish()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1L << 29})
  void callsAreNotArmedOverAnUnseenCompletion(long features) {
    SplitDriverRing ring = ring(features, IndirectTables.NONE);
    int head = single(ring);
    ring.offer(head);
    ring.publish();

    assertThat(ring.enableCalls()).isTrue();
    complete(ring, 0, head, 0);
    assertThat(ring.enableCalls()).isFalse();
    ring.reap(collect, 32);

    assertThat(ring.enableCalls()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"0,0", "0,4", "536870912,0", "805306368,4"})
  void anyOrderOverSeveralWrapsOfTheIndexLosesNothing(long features, int tableEntries) {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    SplitDriverRing ring = ring(features, new IndirectTables(tables, 0x9000, tableEntries));
    RingMemory device = new RingMemory(ring.layout());
    ArrayDeque<Integer> withDevice = new ArrayDeque<>();
    int[] returned = {0};
    UsedHandler free =
        (head, bytes) -> {
          returned[0]++;
          ring.free(head);
        };
    int offered = 0;
    int deviceAvail = 0;
    int deviceUsed = 0;

    while (offered < 200_000) {
      int buffers = 1 + random.nextInt(3);
      int head = ring.begin(buffers);
      if (head != DriverRing.NONE) {
        for (int i = 0; i < buffers; i++) {
          ring.add(BUFFER + i, 1, false);
        }
        ring.offer(head);
        offered++;
      }
      if (head == DriverRing.NONE || random.nextInt(4) == 0) {
        ring.publish();
        int idx = VirtqAvail.idxAcquire(ring.layout().avail());
        for (; deviceAvail != idx; deviceAvail = (deviceAvail + 1) & 0xffff) {
          withDevice.add(VirtqAvail.ring(ring.layout().avail(), deviceAvail & (SIZE - 1)));
        }
        for (int n = random.nextInt(withDevice.size() + 1); n > 0; n--) {
          int back = random.nextBoolean() ? withDevice.pollFirst() : withDevice.pollLast();
          complete(ring, deviceUsed, back, 0);
          deviceUsed = (deviceUsed + 1) & 0xffff;
        }
        ring.reap(free, 1 + random.nextInt(SIZE));
      }
    }
    ring.publish();

    assertThat(ring.isBroken()).as("seed %d", seed).isFalse();
    assertThat(ring.inFlightCount()).as("seed %d", seed).isEqualTo(offered - returned[0]);
    assertThat(device.usedIdx()).isEqualTo(deviceUsed);
  }

  @Test
  void partsOfALayoutHaveCacheLinesOfTheirOwn() {
    SplitDriverRing ring =
        ring(
            VirtioFeature.EVENT_IDX | VirtioFeature.INDIRECT_DESC,
            new IndirectTables(tables, 0x9000, 4));

    assertThat(ring.layout().avail() % 64).isZero();
    assertThat(ring.layout().used() % 64).isZero();
    assertThat(VringLayout.bytes(RingFormat.SPLIT, SIZE)).isEqualTo(128 + 64 + 128);
  }

  private SplitDriverRing ring(long features, IndirectTables indirect) {
    return new SplitDriverRing(
        VringLayout.at(memory.address(), RingFormat.SPLIT, SIZE), features, indirect);
  }

  private static int single(SplitDriverRing ring) {
    int head = ring.begin(1);
    ring.add(BUFFER, 512, true);
    return head;
  }

  private static void complete(SplitDriverRing ring, int slot, int head, int bytes) {
    long used = ring.layout().used();
    RawMemory.putLong(
        VirtqUsed.elementAddress(used, slot & (SIZE - 1)),
        Integer.toUnsignedLong(head) | (long) bytes << 32);
    RawMemory.putShortRelease(VirtqUsed.idxAddress(used), (short) (slot + 1));
  }

  private static List<String> chain(SplitDriverRing ring, int head) {
    List<String> buffers = new ArrayList<>();
    int index = head;
    while (true) {
      long entry = ring.layout().desc() + 16L * index;
      long rest = VirtqDesc.lenFlagsNext(entry);
      buffers.add(
          "%x+%d %d".formatted(VirtqDesc.addr(entry), VirtqDesc.len(rest), VirtqDesc.flags(rest)));
      if ((VirtqDesc.flags(rest) & VirtqDesc.F_NEXT) == 0) {
        return buffers;
      }
      index = VirtqDesc.next(rest);
    }
  }
}
