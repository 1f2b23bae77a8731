package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static io.millrace.virtqueue.PackedRingUnderTest.INDIRECT;
import static io.millrace.virtqueue.PackedRingUnderTest.WRITE;
import static io.millrace.virtqueue.PackedRingUnderTest.in;
import static io.millrace.virtqueue.PackedRingUnderTest.out;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.virtqueue.PackedRingUnderTest.Element;
import io.millrace.virtqueue.RingUnderTest.Segment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A translation that is not known yet stops a walk at any place; later it goes on. */
class PackedDeviceQueueWaitTest {
  private static final int SIZE = 6;
  private static final long FEATURES = VirtioFeature.INDIRECT_DESC;

  private PackedRingUnderTest ring;

  @BeforeEach
  void open() throws LinuxException {
    ring = new PackedRingUnderTest(SIZE, FEATURES);
  }

  @AfterEach
  void close() {
    ring.close();
  }

  /** A queue that stands where the ring stood before anything was offered. */
  private DeviceQueue queue(AddressTranslation translation) {
    QueueState start = new QueueState(PackedPosition.FIRST, PackedPosition.FIRST);
    return new PackedDeviceQueue(
        ring.layout(), translation, FEATURES, start, SwitchedWrites.UNTRACKED);
  }

  private WaitsOnce waiting(int atCall) {
    return new WaitsOnce(ring.memory.map().translation(), atCall, AddressTranslation.WAIT);
  }

  /** Header, data across two regions, status. */
  private void plainChain() {
    ring.offer(3, in(DATA, 16), out(GuestMemory.NEXT - 512, 4096), out(DATA + 16, 1));
  }

  /** The same out of a table that itself lies across two regions. */
  private void indirectChain() {
    long table = GuestMemory.NEXT - 32;
    ring.tableEntry(table, 0, DATA, 16, 0, 0);
    ring.tableEntry(table, 1, GuestMemory.NEXT - 512, 4096, 0, WRITE);
    ring.tableEntry(table, 2, DATA + 16, 1, 0, WRITE);
    ring.offer(4, new Element(table, 48, INDIRECT));
  }

  private void isTheSameWhereverItWaits() {
    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    int head = ring.chain.head();
    List<Segment> expected = ring.segments();
    int places = 0;
    for (WaitsOnce translation = null; translation == null || translation.waited(); places++) {
      translation = waiting(places);
      DeviceQueue queue = queue(translation);
      ChainStatus first = queue.fetch(ring.chain);
      assertThat(first)
          .as("call %d", places)
          .isEqualTo(translation.waited() ? ChainStatus.WAIT : ChainStatus.FETCHED);
      if (first == ChainStatus.WAIT) {
        assertThat(queue.enableNotifications()).isTrue();
        assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.FETCHED);
      }
      assertThat(ring.chain.head()).isEqualTo(head);
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

  @Test
  void aChainThatWaitsIsNotLostByAStop() {
    plainChain();
    DeviceQueue queue = queue(waiting(2));

    assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.WAIT);

    assertThat(queue.state()).isEqualTo(new QueueState(PackedPosition.FIRST, PackedPosition.FIRST));
  }

  @Test
  void aChainThatWaitsStartsAgainInAnotherMap() throws LinuxException {
    indirectChain();
    DeviceQueue queue = queue(waiting(4));
    assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.WAIT);

    try (PackedRingUnderTest elsewhere = new PackedRingUnderTest(SIZE, FEATURES)) {
      elsewhere.offer(1, in(DATA, 7));
      queue.relocate(elsewhere.layout(), elsewhere.memory.map().translation());

      assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.FETCHED);
      assertThat(ring.chain.head()).isEqualTo(1);
      assertThat(ring.segments()).containsExactly(elsewhere.readable(DATA, 7));
    }
  }

  @Test
  void aChainThatWaitedMayBeGoneInAnotherMap() throws LinuxException {
    plainChain();
    DeviceQueue queue = queue(waiting(1));
    assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.WAIT);

    try (PackedRingUnderTest elsewhere = new PackedRingUnderTest(SIZE, FEATURES)) {
      queue.relocate(elsewhere.layout(), elsewhere.memory.map().translation());

      assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.EMPTY);
      elsewhere.offer(1, in(DATA, 7));
      assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.FETCHED);
    }
  }

  @Test
  void whatTheGuestChangesMeanwhileIsCheckedAgain() {
    plainChain();
    DeviceQueue queue = queue(waiting(1));
    assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.WAIT);

    ring.descriptor(1, GuestMemory.HOLE, 4096, 3, WRITE);

    assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.BAD_ADDRESS);
  }
}
