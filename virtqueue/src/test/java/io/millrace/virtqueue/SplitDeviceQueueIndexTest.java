package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static io.millrace.virtqueue.RingUnderTest.used;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The 16-bit indices of both rings: running ahead, wrapping around, going on elsewhere. */
class SplitDeviceQueueIndexTest {
  private static final int SIZE = 4;

  private static RingUnderTest ring(int startIdx) throws LinuxException {
    RingUnderTest ring = new RingUnderTest(SIZE, 0, startIdx);
    for (int i = 0; i < SIZE; i++) {
      ring.descriptor(i, DATA, 1, 0, 0);
      ring.avail(i, i);
    }
    return ring;
  }

  @Test
  void aFullRingIsFetchedWhole() throws LinuxException {
    try (RingUnderTest ring = ring(0)) {
      ring.showAvailIdx(SIZE);

      for (int i = 0; i < SIZE; i++) {
        assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
        assertThat(ring.chain.head()).isEqualTo(i);
      }
      assertThat(ring.fetch()).isEqualTo(ChainStatus.EMPTY);
    }
  }

  @Test
  void anAvailIndexOneBeyondAFullRingBreaksIt() throws LinuxException {
    try (RingUnderTest ring = ring(0)) {
      ring.showAvailIdx(SIZE + 1);

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BROKEN_RING);
    }
  }

  @Test
  void anAvailIndexThatGoesBackBreaksTheRing() throws LinuxException {
    try (RingUnderTest ring = ring(100)) {
      ring.showAvailIdx(99);

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BROKEN_RING);
    }
  }

  @Test
  void aFullRingAcrossTheIndexWrapIsFetchedWhole() throws LinuxException {
    try (RingUnderTest ring = ring(0xfffe)) {
      ring.showAvailIdx(2);

      assertThat(ring.queue.knownCount()).as("before it is looked at").isZero();
      List<Integer> heads = new ArrayList<>();
      List<Integer> known = new ArrayList<>();
      while (ring.fetch() == ChainStatus.FETCHED) {
        heads.add(ring.chain.head());
        known.add(ring.queue.knownCount());
      }
      assertThat(heads).containsExactly(2, 3, 0, 1);
      assertThat(known).containsExactly(3, 2, 1, 0);
    }
  }

  @Test
  void anAvailIndexOneTooFarAcrossTheWrapBreaksTheRing() throws LinuxException {
    try (RingUnderTest ring = ring(0xfffe)) {
      ring.showAvailIdx(3);

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BROKEN_RING);
    }
  }

  @Test
  void theUsedIndexWrapsAround() throws LinuxException {
    try (RingUnderTest ring = ring(0xffff)) {
      ring.showAvailIdx(2);
      for (int i = 0; i < 3; i++) {
        assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
        ring.queue.complete(ring.chain.head(), 10 + i);
      }
      ring.queue.publish();

      assertThat(ring.usedIdx()).isEqualTo(2);
      assertThat(ring.used()).containsExactly(used(3, 10), used(0, 11), used(1, 12));
    }
  }

  @Test
  void seventyThousandChainsGoRoundAndRound() throws LinuxException {
    try (RingUnderTest ring = ring(0)) {
      for (int i = 0; i < 70_000; i++) {
        ring.offer(i & (SIZE - 1));
        if (ring.fetch() != ChainStatus.FETCHED || ring.chain.head() != (i & (SIZE - 1))) {
          throw new AssertionError("chain " + i + " was not fetched");
        }
        ring.queue.complete(ring.chain.head(), 0);
        ring.queue.publish();
      }

      assertThat(ring.usedIdx()).isEqualTo(70_000 & 0xffff);
      assertThat(ring.queue.state()).isEqualTo(new QueueState(70_000 & 0xffff, 70_000 & 0xffff));
    }
  }

  @Test
  void moreChainsThanDescriptorsCannotBeOutAtOnce() throws LinuxException {
    try (RingUnderTest ring = ring(0)) {
      ring.showAvailIdx(SIZE);
      for (int i = 0; i < SIZE; i++) {
        assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      }

      ring.showAvailIdx(SIZE + 1); // nothing came back: every descriptor is the device's

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BROKEN_RING);
    }
  }

  @Test
  void aDescriptorThatCameBackCanBeOfferedAgain() throws LinuxException {
    try (RingUnderTest ring = ring(0)) {
      ring.showAvailIdx(SIZE);
      for (int i = 0; i < SIZE; i++) {
        assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      }
      ring.queue.complete(0, 0);
      ring.queue.publish();

      ring.showAvailIdx(SIZE + 1);

      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    }
  }

  @Test
  void aStoppedQueueGoesOnWhereItsStateSays() throws LinuxException {
    try (RingUnderTest ring = ring(65534)) {
      for (int i = 0; i < 3; i++) {
        ring.offer(i);
        ring.fetch();
        ring.queue.complete(i, 0);
      }
      ring.queue.publish();
      ring.used();
      QueueState state = ring.queue.state();

      assertThat(state).isEqualTo(new QueueState(1, 1));
      assertThat(RingFormat.SPLIT.start(0, ring.layout()).usedIndex()).isEqualTo(1);
      SplitDeviceQueue second =
          new SplitDeviceQueue(
              ring.layout(), ring.memory.map().translation(), 0, state, SwitchedWrites.UNTRACKED);
      assertThat(second.fetch(ring.chain)).isEqualTo(ChainStatus.EMPTY);
      ring.offer(3);
      assertThat(second.fetch(ring.chain)).isEqualTo(ChainStatus.FETCHED);
      second.complete(3, 7);
      second.publish();
      assertThat(ring.used()).containsExactly(used(3, 7));
    }
  }

  @Test
  void writtenBytesAreCountedIn32Bits() throws LinuxException {
    try (RingUnderTest ring = ring(0)) {
      ring.offer(3);
      ring.fetch();
      ring.queue.complete(3, 0xffff_ffffL);
      ring.queue.publish();

      assertThat(ring.used()).containsExactly(used(3, 0xffff_ffffL));
    }
  }
}
