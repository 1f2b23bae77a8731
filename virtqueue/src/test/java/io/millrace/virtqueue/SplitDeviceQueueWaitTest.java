package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static io.millrace.virtqueue.RingUnderTest.INDIRECT;
import static io.millrace.virtqueue.RingUnderTest.NEXT;
import static io.millrace.virtqueue.RingUnderTest.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.virtqueue.RingUnderTest.Segment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A translation that is not known yet stops a walk at any place; later it goes on. */
class SplitDeviceQueueWaitTest {
  private static final int SIZE = 8;
  private static final long FEATURES = VirtioFeature.INDIRECT_DESC;

  private RingUnderTest ring;

  @BeforeEach
  void open() throws LinuxException {
    ring = new RingUnderTest(SIZE, FEATURES);
  }

  @AfterEach
  void close() {
    ring.close();
  }

  private SplitDeviceQueue waiting(int atCall) {
    return queue(new WaitsOnce(ring.memory.map().translation(), atCall, AddressTranslation.WAIT));
  }

  private SplitDeviceQueue queue(AddressTranslation translation) {
    return ring.queueOver(translation, FEATURES, 0, SwitchedWrites.UNTRACKED);
  }

  /** Header, data across two regions, status: by descriptors of the ring. */
  private void plainChain() {
    ring.descriptor(0, DATA, 16, NEXT, 1);
    ring.descriptor(1, GuestMemory.NEXT - 512, 4096, NEXT | WRITE, 2);
    ring.descriptor(2, DATA + 16, 1, WRITE, 0);
    ring.offer(0);
  }

  /** The same out of a table that itself lies across two regions. */
  private void indirectChain() {
    long table = GuestMemory.NEXT - 32;
    ring.tableEntry(table, 0, DATA, 16, NEXT, 1);
    ring.tableEntry(table, 1, GuestMemory.NEXT - 512, 4096, NEXT | WRITE, 2);
    ring.tableEntry(table, 2, DATA + 16, 1, WRITE, 0);
    ring.descriptor(5, DATA + 64, 8, NEXT, 6);
    ring.descriptor(6, table, 48, INDIRECT, 0);
    ring.offer(5);
  }

  private void isTheSameWhereverItWaits() {
    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    List<Segment> expected = ring.segments();
    int places = 0;
    for (WaitsOnce translation = null; translation == null || translation.waited(); places++) {
      translation = new WaitsOnce(ring.memory.map().translation(), places, AddressTranslation.WAIT);
      SplitDeviceQueue queue = queue(translation);
      ChainStatus first = queue.fetch(ring.chain);
      assertThat(first)
          .as("call %d", places)
          .isEqualTo(translation.waited() ? ChainStatus.WAIT : ChainStatus.FETCHED);
      if (first == ChainStatus.WAIT) {
        assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.FETCHED);
      }
      assertThat(ring.segments()).as("waited at call %d", places).isEqualTo(expected);
      assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.EMPTY);
    }
    assertThat(places).as("places to wait at").isGreaterThan(4);
  }

  @Test
  void aChainIsTheSameWhereverItWaits() {
    plainChain();

    isTheSameWhereverItWaits();
  }

  @Test
  void anIndirectChainIsTheSameWhereverItWaits() {
    indirectChain();

    isTheSameWhereverItWaits();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
  void memoryThatGoesBetweenTwoLooksIsNeverASegment(int atCall) {
    plainChain();
    SplitDeviceQueue queue =
        queue(
            new WaitsOnce(ring.memory.map().translation(), atCall, AddressTranslation.NOT_MAPPED));

    ChainStatus status = queue.fetch(ring.chain);

    assertThat(status).isIn(ChainStatus.BAD_ADDRESS, ChainStatus.FETCHED);
    for (Segment segment : ring.segments()) {
      ring.memory.positionOf(segment.host());
    }
  }

  @Test
  void aChainThatWaitsIsNotLostByAStop() {
    plainChain();
    SplitDeviceQueue queue = waiting(0);

    assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.WAIT);

    assertThat(queue.state()).isEqualTo(new QueueState(0, 0));
    assertThat(waiting(99).fetch(ring.chain)).isEqualTo(ChainStatus.FETCHED);
  }

  @Test
  void aChainThatWaitsStartsAgainInAnotherMap() throws LinuxException {
    indirectChain();
    SplitDeviceQueue queue = waiting(5);
    assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.WAIT);

    try (RingUnderTest elsewhere = new RingUnderTest(SIZE, FEATURES)) {
      elsewhere.descriptor(5, DATA, 7, 0, 0);
      queue.relocate(elsewhere.layout(), elsewhere.memory.map().translation());

      assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.FETCHED);
      assertThat(ring.chain.head()).isEqualTo(5);
      assertThat(ring.segments()).containsExactly(elsewhere.in(DATA, 7));
    }
  }

  @Test
  void whatTheGuestChangesMeanwhileIsCheckedAgain() {
    plainChain();
    SplitDeviceQueue queue = waiting(1);
    assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.WAIT);

    ring.descriptor(1, GuestMemory.HOLE, 4096, WRITE, 0);

    assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.BAD_ADDRESS);
  }

  @Test
  void aWaitingChainStillCountsTheDescriptorsOfALoop() {
    ring.descriptor(0, DATA, 1, NEXT, 0);
    ring.offer(0);
    SplitDeviceQueue queue = waiting(3);

    assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.WAIT);
    assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.TOO_LONG);
    assertThat(ring.chain.count()).isEqualTo(SIZE);
  }
}
