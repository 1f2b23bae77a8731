package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static io.millrace.virtqueue.PackedRingUnderTest.AVAIL;
import static io.millrace.virtqueue.PackedRingUnderTest.INDIRECT;
import static io.millrace.virtqueue.PackedRingUnderTest.NEXT;
import static io.millrace.virtqueue.PackedRingUnderTest.RING;
import static io.millrace.virtqueue.PackedRingUnderTest.USED;
import static io.millrace.virtqueue.PackedRingUnderTest.WRITE;
import static io.millrace.virtqueue.PackedRingUnderTest.in;
import static io.millrace.virtqueue.PackedRingUnderTest.out;
import static io.millrace.virtqueue.RingUnderTest.used;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.PackedRingUnderTest.Element;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Chains of a packed ring, there and back (virtio 1.3 §2.8). */
class PackedDeviceQueueTest {
  private static final int SIZE = 5;

  private static PackedRingUnderTest ring() throws LinuxException {
    return new PackedRingUnderTest(SIZE, VirtioFeature.INDIRECT_DESC);
  }

  @Test
  void aFreshRingIsEmpty() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      assertThat(ring.fetch()).isEqualTo(ChainStatus.EMPTY);
    }
  }

  @Test
  void aChainIsItsDescriptorsInRingOrderAndTheIdOfTheLast() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      ring.offer(3, in(DATA, 16), in(DATA + 100, 0), out(DATA + 512, 512), out(DATA + 9, 1));

      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      assertThat(ring.chain.head()).isEqualTo(3);
      assertThat(ring.segments())
          .containsExactly(
              ring.readable(DATA, 16), ring.writable(DATA + 512, 512), ring.writable(DATA + 9, 1));
      assertThat(ring.fetch()).isEqualTo(ChainStatus.EMPTY);
    }
  }

  @Test
  void chainsComeBackInTheOrderOfTheirCompletionEachOverItsOwnLength() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      ring.offer(0, in(DATA, 1), in(DATA, 1));
      ring.offer(1, in(DATA, 1));
      ring.offer(2, in(DATA, 1), out(DATA, 1));
      for (int i = 0; i < 3; i++) {
        assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      }
      ring.queue.complete(2, 1);
      ring.queue.complete(0, 0);
      ring.queue.complete(1, 0xffff_ffffL);
      assertThat(ring.used()).isEmpty();

      ring.queue.publish();

      assertThat(ring.used()).containsExactly(used(2, 1), used(0, 0), used(1, 0xffff_ffffL));
    }
  }

  @Test
  void nothingOfABatchIsSeenBeforeItsFirstDescriptorIs() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      ring.offer(0, in(DATA, 1));
      ring.offer(1, in(DATA, 1));
      ring.fetch();
      ring.fetch();
      ring.queue.complete(0, 0);
      ring.queue.complete(1, 0);

      int first = RawMemory.getShort(ring.host(RING + 14)) & 0xffff;

      assertThat(first & (AVAIL | USED)).isEqualTo(AVAIL);
    }
  }

  @ParameterizedTest
  @CsvSource({"0,1", "3,0", "4,1", "4,0", "1,0"})
  void theRingGoesRoundForEver(int index, int wrap) throws LinuxException {
    try (PackedRingUnderTest ring = new PackedRingUnderTest(SIZE, 0, index, wrap)) {
      for (int i = 0; i < 40; i++) {
        int id = i % SIZE;
        Element[] elements = new Element[1 + i % SIZE];
        for (int j = 0; j < elements.length; j++) {
          elements[j] = in(DATA + j, 1 + i);
        }
        ring.offer(id, elements);

        assertThat(ring.fetch()).as("round %d", i).isEqualTo(ChainStatus.FETCHED);
        assertThat(ring.chain.readableBytes()).isEqualTo((long) elements.length * (1 + i));
        assertThat(ring.fetch()).isEqualTo(ChainStatus.EMPTY);
        ring.queue.complete(id, i);
        ring.queue.publish();
        assertThat(ring.used()).containsExactly(used(id, i));
        int position = ring.availIndex | ring.availWrap << 15;
        assertThat(ring.queue.state()).isEqualTo(new QueueState(position, position));
      }
    }
  }

  @Test
  void aUsedDescriptorSaysWhetherAnythingWasWritten() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      ring.offer(0, in(DATA, 1));
      ring.fetch();
      ring.queue.complete(0, 0);
      ring.queue.publish();
      assertThat(RawMemory.getShort(ring.host(RING + 14)) & WRITE).isZero();

      ring.offer(0, out(DATA, 9));
      ring.fetch();
      ring.queue.complete(0, 9);
      ring.queue.publish();
      assertThat(RawMemory.getShort(ring.host(RING + 16 + 14)) & WRITE).isEqualTo(WRITE);
    }
  }

  @Test
  void aBadChainIsTakenWholeSoThatTheNextIsFound() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      ring.offer(1, in(GuestMemory.HOLE, 1), out(DATA, 1), in(DATA, 1));
      ring.offer(2, in(DATA + 7, 7));

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_ADDRESS);
      assertThat(ring.chain.head()).isEqualTo(1);
      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      assertThat(ring.segments()).containsExactly(ring.readable(DATA + 7, 7));

      ring.queue.complete(1, 0);
      ring.queue.complete(2, 0);
      ring.queue.publish();
      assertThat(ring.used()).containsExactly(used(1, 0), used(2, 0));
    }
  }

  @Test
  void aReadableDescriptorBehindAWritableOneIsRefused() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      ring.offer(0, out(DATA, 1), in(DATA, 1));

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_ORDER);
    }
  }

  @Test
  void aDescriptorLongerThanARequestCanBeIsRefused() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      ring.offer(0, in(DATA, (1L << 30) + 1));

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_LENGTH);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {SIZE, 0x7fff, 0x8000, 0xffff})
  void anIdThatNoChainCanHaveBreaksTheRing(int id) throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      ring.offer(id, in(DATA, 1));

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BROKEN_RING);
    }
  }

  @Test
  void anIdThatIsOutAlreadyBreaksTheRing() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      ring.offer(2, in(DATA, 1));
      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      ring.offer(2, in(DATA, 1));

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BROKEN_RING);
    }
  }

  @Test
  void aChainWithoutEndBreaksTheRing() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      for (int i = 0; i < SIZE; i++) {
        ring.descriptor(i, DATA, 1, 0, NEXT | AVAIL);
      }

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BROKEN_RING);
      assertThat(ring.chain.descriptorsWalked()).isLessThanOrEqualTo(SIZE);
    }
  }

  @Test
  void aChainThatReachesOverThoseThatAreOutBreaksTheRing() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      ring.offer(0, in(DATA, 1), in(DATA, 1));
      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      ring.offer(1, in(DATA, 1), in(DATA, 1), in(DATA, 1), in(DATA, 1));

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BROKEN_RING);
    }
  }

  @Test
  void aRingThatIsAllOutIsEmptyUntilItsDriverCheats() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      for (int i = 0; i < SIZE; i++) {
        ring.offer(i, in(DATA, 1));
        assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      }
      assertThat(ring.fetch()).isEqualTo(ChainStatus.EMPTY);

      ring.descriptor(0, DATA, 1, 0, USED);

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BROKEN_RING);
    }
  }

  @Test
  void whatTheGuestWritesIntoAChainThatIsOutChangesNothing() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      ring.offer(0, in(DATA, 1), in(DATA, 1));
      ring.offer(1, in(DATA, 1));
      ring.fetch();
      ring.fetch();
      for (int i = 0; i < SIZE; i++) {
        ring.descriptor(i, -1, -1, 0xffff, 0xffff);
      }
      ring.queue.complete(0, 0);
      ring.queue.complete(1, 0);
      ring.queue.publish();

      assertThat(ring.used()).containsExactly(used(0, 0), used(1, 0));
    }
  }

  @Test
  void aTableIsAllItsDescriptorsWhateverTheirFlagsAndIds() throws LinuxException {
    long table = DATA + 0x8000;
    try (PackedRingUnderTest ring = ring()) {
      ring.tableEntry(table, 0, DATA, 16, 9, 0);
      ring.tableEntry(table, 1, DATA + 64, 32, 0xffff, INDIRECT | NEXT | AVAIL);
      ring.tableEntry(table, 2, DATA + 200, 1, 1, WRITE | USED);
      ring.offer(4, new Element(table, 48, INDIRECT | WRITE));

      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      assertThat(ring.chain.head()).isEqualTo(4);
      assertThat(ring.segments())
          .containsExactly(
              ring.readable(DATA, 16), ring.readable(DATA + 64, 32), ring.writable(DATA + 200, 1));
      ring.queue.complete(4, 1);
      ring.queue.publish();
      assertThat(ring.used()).containsExactly(used(4, 1));
    }
  }

  @Test
  void aTableMayLieAcrossTwoRegionsBetweenItsEntries() throws LinuxException {
    long table = GuestMemory.NEXT - 16;
    try (PackedRingUnderTest ring = ring()) {
      ring.tableEntry(table, 0, DATA, 16, 0, 0);
      ring.tableEntry(table, 1, DATA + 16, 1, 0, WRITE);
      ring.offer(0, new Element(table, 32, INDIRECT));

      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      assertThat(ring.segments())
          .containsExactly(ring.readable(DATA, 16), ring.writable(DATA + 16, 1));
    }
  }

  @Test
  void aTableMayBeLongerThanTheQueue() throws LinuxException {
    long table = DATA + 0x8000;
    try (PackedRingUnderTest ring = ring()) {
      for (int i = 0; i < SIZE + 3; i++) {
        ring.tableEntry(table, i, DATA, 1, 0, 0);
      }
      ring.offer(0, new Element(table, 16 * (SIZE + 3), INDIRECT));

      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      assertThat(ring.chain.readableBytes()).isEqualTo(SIZE + 3);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 8, 17, 16 * 1025})
  void aTableOfNoGoodLengthIsRefused(long bytes) throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      ring.offer(0, new Element(DATA, bytes, INDIRECT));
      ring.offer(1, in(DATA, 1));

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_INDIRECT);
      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    }
  }

  @Test
  void aTableInMemoryThatIsNotSharedIsRefused() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      ring.offer(0, new Element(GuestMemory.HOLE, 16, INDIRECT));
      ring.offer(1, new Element(GuestMemory.HOLE - 16, 32, INDIRECT));

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_ADDRESS);
      assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_INDIRECT);
    }
  }

  @Test
  void aTableInAListIsRefusedWithTheWholeList() throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      ring.offer(0, in(DATA, 1), new Element(DATA + 0x8000, 16, INDIRECT));
      ring.offer(1, new Element(DATA + 0x8000, 16, INDIRECT), in(DATA, 1));
      ring.offer(2, in(DATA, 1));

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_INDIRECT);
      assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_INDIRECT);
      assertThat(ring.chain.head()).isEqualTo(1);
      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    }
  }

  @Test
  void aTableIsRefusedWhereTheFeatureIsMissing() throws LinuxException {
    try (PackedRingUnderTest ring = new PackedRingUnderTest(SIZE, 0)) {
      ring.offer(0, new Element(DATA, 16, INDIRECT));

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_INDIRECT);
    }
  }

  @Test
  void everyStoreIsNoted() throws LinuxException {
    List<String> stores = new ArrayList<>();
    try (PackedRingUnderTest ring =
        new PackedRingUnderTest(SIZE, 0, 0, 1, (host, bytes) -> stores.add(host + "+" + bytes))) {
      ring.offer(0, in(DATA, 1), in(DATA, 1));
      ring.offer(1, in(DATA, 1));
      ring.fetch();
      ring.fetch();
      long event = ring.layout().used();
      assertThat(stores).containsExactly(event + "+4");
      stores.clear();

      ring.queue.complete(0, 1);
      ring.queue.complete(1, 1);
      ring.queue.publish();
      ring.queue.enableNotifications();

      long desc = ring.layout().desc();
      assertThat(stores)
          .containsExactly((desc + 2 * 16 + 8) + "+8", (desc + 8) + "+8", event + "+4");
    }
  }
}
