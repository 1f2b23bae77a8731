package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.BYTES;
import static io.millrace.virtqueue.GuestMemory.DATA;
import static io.millrace.virtqueue.RingUnderTest.NEXT;
import static io.millrace.virtqueue.RingUnderTest.WRITE;
import static io.millrace.virtqueue.RingUnderTest.used;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitDeviceQueueChainTest {
  private static final int SIZE = 8;

  private RingUnderTest ring;

  @BeforeEach
  void open() throws LinuxException {
    ring = new RingUnderTest(SIZE, 0);
  }

  @AfterEach
  void close() {
    ring.close();
  }

  @Test
  void aRingWithoutOffersIsEmpty() {
    assertThat(ring.fetch()).isEqualTo(ChainStatus.EMPTY);
  }

  @Test
  void aChainComesWithItsReadableAndThenItsWritableSegments() {
    ring.descriptor(3, DATA, 16, NEXT, 5);
    ring.descriptor(5, DATA + 4096, 512, WRITE | NEXT, 0);
    ring.descriptor(0, DATA + 100, 1, WRITE, 0);
    ring.offer(3);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);

    assertThat(ring.chain.head()).isEqualTo(3);
    assertThat(ring.segments())
        .containsExactly(ring.in(DATA, 16), ring.out(DATA + 4096, 512), ring.out(DATA + 100, 1));
    assertThat(ring.chain.readableBytes()).isEqualTo(16);
    assertThat(ring.chain.writableBytes()).isEqualTo(513);
    assertThat(ring.fetch()).isEqualTo(ChainStatus.EMPTY);
  }

  @Test
  void aDescriptorForEachByteIsAsGoodAsOneForAll() {
    for (int i = 0; i < SIZE; i++) {
      ring.descriptor(i, DATA + i, 1, i < SIZE - 1 ? NEXT : 0, i + 1);
    }
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);

    assertThat(ring.chain.count()).isEqualTo(SIZE);
    assertThat(ring.chain.readableBytes()).isEqualTo(SIZE);
  }

  @Test
  void nextIsIgnoredWithoutItsFlag() {
    ring.descriptor(0, DATA, 1, 0, 0xffff);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.segments()).containsExactly(ring.in(DATA, 1));
  }

  @Test
  void unknownFlagsAreIgnored() {
    ring.descriptor(0, DATA, 1, 0xfff8 | WRITE, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.segments()).containsExactly(ring.out(DATA, 1));
  }

  @Test
  void chainThatLoopsBackIsRefusedAndTheQueueGoesOn() {
    ring.descriptor(0, DATA, 512, NEXT, 1);
    ring.descriptor(1, DATA, 512, NEXT, 0);
    ring.descriptor(2, DATA, 1, WRITE, 0);
    ring.offer(0);
    ring.offer(2);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.TOO_LONG);
    ring.queue.complete(ring.chain.head(), 0);
    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    ring.queue.complete(ring.chain.head(), 1);
    ring.queue.publish();

    assertThat(ring.used()).containsExactly(used(0, 0), used(2, 1));
  }

  @Test
  void aDescriptorThatNamesItselfIsALoop() {
    ring.descriptor(4, DATA, 0, NEXT, 4);
    ring.offer(4);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.TOO_LONG);
  }

  @Test
  void theLastDescriptorOfTheTableIsOne() {
    ring.descriptor(0, DATA, 1, NEXT, SIZE - 1);
    ring.descriptor(SIZE - 1, DATA + 1, 1, 0, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.segments()).containsExactly(ring.in(DATA, 1), ring.in(DATA + 1, 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {SIZE, SIZE + 1, 0x8000, 0xffff})
  void nextBeyondTheTableIsRefused(int next) {
    ring.descriptor(0, DATA, 1, NEXT, next);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_INDEX);
    assertThat(ring.chain.head()).isZero();
  }

  @Test
  void theLastDescriptorCanBeAHead() {
    ring.descriptor(SIZE - 1, DATA, 1, 0, 0);
    ring.offer(SIZE - 1);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.chain.head()).isEqualTo(SIZE - 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {SIZE, SIZE + 1, 0xffff})
  void aHeadBeyondTheTableBreaksTheRing(int head) {
    ring.offer(head);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.BROKEN_RING);
    assertThat(ring.fetch()).isEqualTo(ChainStatus.BROKEN_RING);
  }

  @Test
  void zeroLengthDescriptorsMeanNothingWhereverTheyPoint() {
    ring.descriptor(0, -1, 0, NEXT, 1);
    ring.descriptor(1, DATA, 4, NEXT, 2);
    ring.descriptor(2, GuestMemory.HOLE, 0, WRITE | NEXT, 3);
    ring.descriptor(3, DATA + 8, 4, WRITE, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.segments()).containsExactly(ring.in(DATA, 4), ring.out(DATA + 8, 4));
  }

  @Test
  void aChainOfNothingIsAChain() {
    ring.descriptor(0, 0, 0, 0, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.chain.count()).isZero();
    assertThat(ring.chain.readableBytes() + ring.chain.writableBytes()).isZero();
  }

  @Test
  void readableBehindWritableIsRefused() {
    ring.descriptor(0, DATA, 16, NEXT, 1);
    ring.descriptor(1, DATA, 1, WRITE | NEXT, 2);
    ring.descriptor(2, DATA, 16, 0, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_ORDER);
  }

  @ParameterizedTest
  @ValueSource(longs = {0x4000_0001L, 0x8000_0000L, 0xffff_ffffL})
  void aDescriptorLongerThanASegmentIsRefused(long bytes) {
    ring.descriptor(0, DATA, bytes, 0, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_LENGTH);
  }

  @Test
  void aDescriptorAsLongAsASegmentIsLookedUp() {
    ring.descriptor(0, DATA, 0x4000_0000L, 0, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_ADDRESS);
  }

  @Test
  void theLastByteOfMemoryBelongsToIt() {
    ring.descriptor(0, GuestMemory.HOLE - 1, 1, NEXT, 1);
    ring.descriptor(1, GuestMemory.HOLE - BYTES, BYTES, 0, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.chain.readableBytes()).isEqualTo(BYTES + 1);
  }

  @Test
  void theByteBehindTheLastIsNobodys() {
    ring.descriptor(0, GuestMemory.HOLE, 1, 0, 0);
    ring.descriptor(1, GuestMemory.HOLE - 1, 2, 0, 0);
    ring.descriptor(2, GuestMemory.HOLE - BYTES, BYTES + 1, 0, 0);
    ring.descriptor(3, DATA - 1, 1, 0, 0);
    ring.descriptor(4, DATA - 1, 2, 0, 0);
    for (int head = 0; head < 5; head++) {
      ring.offer(head);
    }

    for (int head = 0; head < 5; head++) {
      assertThat(ring.fetch()).as("descriptor %d", head).isEqualTo(ChainStatus.BAD_ADDRESS);
    }
  }

  @Test
  void theVeryLastAddressIsUsable() {
    ring.descriptor(0, -1, 1, 0, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.segments()).containsExactly(ring.in(-1, 1));
  }

  @Test
  void aBufferDoesNotWrapAroundToAddressZero() {
    ring.descriptor(0, -1, 2, 0, 0);
    ring.descriptor(1, -16, 4096, WRITE, 0);
    ring.offer(0);
    ring.offer(1);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_ADDRESS);
    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_ADDRESS);
  }

  @Test
  void aBufferAcrossTwoRegionsComesInTwoSegments() {
    long border = GuestMemory.NEXT;
    ring.descriptor(0, border - 3, 10, WRITE, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.segments()).containsExactly(ring.out(border - 3, 3), ring.out(border, 7));
  }

  @Test
  void aBufferThatFillsTwoRegionsIsWhole() {
    ring.descriptor(0, DATA, 2L * BYTES, 0, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.segments())
        .containsExactly(ring.in(DATA, BYTES), ring.in(GuestMemory.NEXT, BYTES));
  }

  @Test
  void aBufferThatSpansIntoAHoleAddsNothing() {
    ring.descriptor(0, DATA, 2L * BYTES + 1, 0, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_ADDRESS);
    assertThat(ring.chain.count()).isZero();
    assertThat(ring.chain.readableBytes()).isZero();
  }

  @Test
  void theLargestQueueWalksItsLongestChain() throws LinuxException {
    int size = VringLayout.MAX_SIZE;
    try (RingUnderTest large = new RingUnderTest(size, 0)) {
      for (int i = 0; i < size; i++) {
        large.descriptor(i, DATA + i, 1, i < size - 1 ? NEXT : 0, i + 1);
      }
      large.offer(0);

      assertThat(large.fetch()).isEqualTo(ChainStatus.FETCHED);
      assertThat(large.chain.descriptorsWalked()).isEqualTo(size);
    }
  }

  @Test
  void aQueueOfOneDescriptorWorks() throws LinuxException {
    try (RingUnderTest one = new RingUnderTest(1, 0)) {
      one.descriptor(0, DATA, 5, WRITE, 0);
      for (int i = 0; i < 3; i++) {
        one.offer(0);
        assertThat(one.fetch()).isEqualTo(ChainStatus.FETCHED);
        one.queue.complete(0, i);
        one.queue.publish();
      }

      assertThat(one.usedIdx()).isEqualTo(3);
    }
  }

  @Test
  void aChainOfThousandsOfSegmentsKeepsTheFirstAndTheLast() throws LinuxException {
    int size = 8192;
    try (RingUnderTest ring = new RingUnderTest(size, 0)) {
      for (int i = 0; i < size; i++) {
        boolean last = i == size - 1;
        ring.descriptor(i, DATA + i, last ? 5 : 1, last ? WRITE : NEXT, i + 1);
      }
      ring.offer(0);

      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      assertThat(ring.chain.count()).isEqualTo(DescriptorChain.MAX_SEGMENTS);
      assertThat(ring.chain.readableCount()).isEqualTo(DescriptorChain.MAX_SEGMENTS - 1);
      assertThat(ring.chain.readableBytes()).isEqualTo(size - 1);
      assertThat(ring.chain.writableBytes()).isEqualTo(5);
      assertThat(ring.segments().getFirst()).isEqualTo(ring.in(DATA, 1));
      assertThat(ring.segments().getLast()).isEqualTo(ring.out(DATA + size - 1, 5));
    }
  }
}
