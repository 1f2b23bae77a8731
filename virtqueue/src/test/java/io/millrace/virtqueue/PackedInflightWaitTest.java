package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static io.millrace.virtqueue.PackedRingUnderTest.out;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.Mapping;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A chain whose walk waits while another one is given back, and then the back-end dies. */
class PackedInflightWaitTest {
  private static final int SIZE = 6;
  private static final long FEATURES = VirtioFeature.RING_PACKED;

  @Test
  void theChainThatWaitedIsInFlight() throws Exception {
    try (PackedRingUnderTest ring = new PackedRingUnderTest(SIZE, FEATURES);
        Mapping region = Mapping.anonymous(4096, false)) {
      AddressTranslation known = ring.memory.map().translation();
      DeviceQueue queue = open(ring, new WaitsOnce(known, 2, AddressTranslation.WAIT), region);
      ring.offer(0, out(DATA, 16));
      ring.offer(1, out(DATA, 16), out(DATA + 64, 16));
      assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.FETCHED);
      assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.WAIT);
      queue.complete(0, 16);
      queue.publish();
      assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.FETCHED);
      assertThat(ring.chain.head()).isOne();

      DeviceQueue next = open(ring, known, region);

      assertThat(next.hasUnfinished()).isTrue();
      assertThat(next.fetch(ring.chain)).isEqualTo(ChainStatus.FETCHED);
      assertThat(ring.chain.head()).isOne();
      assertThat(ring.chain.writableBytes()).isEqualTo(32);
    }
  }

  private static DeviceQueue open(PackedRingUnderTest ring, AddressTranslation by, Mapping region)
      throws Exception {
    int base = PackedPosition.FIRST | PackedPosition.FIRST << 16;
    return Objects.requireNonNull(
        DeviceQueue.open(
            ring.layout(),
            by,
            FEATURES,
            base,
            SwitchedWrites.UNTRACKED,
            new InflightPlace(region.address())));
  }
}
