package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import java.util.BitSet;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Every byte the queue changes in guest memory is told, and no other is. */
class GuestWritesTest {
  private static final int SIZE = 8;

  /** Keeps what was told as positions in {@link GuestMemory#contents}. */
  private static final class Notes implements GuestWrites {
    private GuestMemory memory;
    private final BitSet told = new BitSet();

    @Override
    public void wrote(long hostAddress, long bytes) {
      if (memory != null) {
        int at = memory.positionOf(hostAddress);
        told.set(at, at + (int) bytes);
      }
    }
  }

  /** Changed bytes were told; told bytes that kept their value were rewritten with it. */
  private static void toldIsExactly(Notes notes, GuestMemory memory, byte[] before) {
    byte[] after = memory.contents();
    for (int i = 0; i < after.length; i++) {
      if (before[i] != after[i]) {
        assertThat(notes.told.get(i)).as("byte %d changed and nobody was told", i).isTrue();
      }
    }
  }

  @Property(tries = 15)
  void everyByteThatChangedWasTold(@ForAll long seed) throws LinuxException {
    Random random = new Random(seed);
    long features = random.nextBoolean() ? VirtioFeature.EVENT_IDX : 0;
    Notes notes = new Notes();
    try (RingUnderTest ring = new RingUnderTest(SIZE, features, random.nextInt(0x10000), notes)) {
      notes.memory = ring.memory;
      for (int i = 0; i < SIZE; i++) {
        ring.descriptor(i, DATA, 1, 0, 0);
      }
      for (int round = 0; round < 20; round++) {
        int offered = random.nextInt(SIZE + 1);
        for (int i = 0; i < offered; i++) {
          ring.offer(i);
        }
        byte[] before = ring.memory.contents();
        notes.told.clear();
        for (int i = 0; i < offered; i++) {
          assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
          ring.queue.complete(ring.chain.head(), random.nextInt(1000));
        }
        ring.queue.publish();
        if (random.nextBoolean()) {
          ring.queue.enableNotifications();
        } else {
          ring.queue.disableNotifications();
        }
        toldIsExactly(notes, ring.memory, before);
        // Elements, the index and one event or flags field: no byte more.
        assertThat(notes.told.cardinality()).isEqualTo(8 * offered + (offered > 0 ? 2 : 0) + 2);
      }
    }
  }

  @Test
  void whatStartingAQueueWritesIsToldToo() throws LinuxException {
    try (RingUnderTest ring = new RingUnderTest(SIZE, 0)) {
      Notes notes = new Notes();
      notes.memory = ring.memory;
      byte[] before = ring.memory.contents();

      ring.queueOver(ring.memory.map().translation(), VirtioFeature.EVENT_IDX, 1000, notes);

      toldIsExactly(notes, ring.memory, before);
      assertThat(notes.told.cardinality()).isEqualTo(2);
      assertThat(ring.availEvent()).isEqualTo(1000 + 0x8000);
    }
  }

  @Test
  void aFetchWritesNothing() throws LinuxException {
    Notes notes = new Notes();
    try (RingUnderTest ring = new RingUnderTest(SIZE, VirtioFeature.EVENT_IDX, 0, notes)) {
      for (int head : new int[] {3, 3, 5}) { // as was expected, and not so
        ring.descriptor(head, DATA, 512, 2, 0);
        ring.offer(head);
        byte[] before = ring.memory.contents();
        notes.memory = ring.memory;
        notes.told.clear();

        assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
        ring.chain.answersInto(ring.chain.address(0), 512);

        assertThat(ring.memory.contents()).isEqualTo(before);
        assertThat(notes.told.cardinality()).isZero();
        ring.queue.complete(head, 1);
        ring.queue.publish();
      }
    }
  }

  @Test
  void aMovedRingIsReadAndWrittenWhereItIsNow() throws LinuxException {
    Notes notes = new Notes();
    try (RingUnderTest here = new RingUnderTest(SIZE, 0, 0, notes);
        RingUnderTest there = new RingUnderTest(SIZE, 0)) {
      here.descriptor(0, DATA, 1, 0, 0);
      here.offer(0);
      here.fetch();
      byte[] before = here.memory.contents();
      notes.memory = there.memory;

      here.queue.relocate(there.layout(), there.memory.map().translation());
      here.queue.complete(0, 5); // out while the ring moved
      here.queue.publish();
      there.descriptor(1, DATA + 9, 3, 0, 0);
      there.avail(1, 1);
      there.showAvailIdx(2);

      assertThat(here.fetch()).isEqualTo(ChainStatus.FETCHED);
      assertThat(here.segments()).containsExactly(there.in(DATA + 9, 3));
      assertThat(there.used()).containsExactly(RingUnderTest.used(0, 5));
      assertThat(here.memory.contents()).isEqualTo(before);
      // The element and the index.
      assertThat(notes.told.cardinality()).isEqualTo(8 + 2);
    }
  }
}
