package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.VirtioBlk;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Nonsense in a ring: the request fails or the queue stops, and the next guest is served. */
@Timeout(60)
class HostileRingTest {
  private BlkTarget target;
  private Path socket;
  private RawRing ring;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(1);
    socket = target.serveMalloc("disk");
    ring = new RawRing(socket, true);
  }

  @AfterEach
  void stop() throws Exception {
    ring.close();
    target.close();
  }

  /** The bad chain goes back unserved, and a good one behind it is served. */
  private void refusedAndTheQueueGoesOn(int badHead) {
    ring.validRead(8, 7);
    ring.offer(badHead);
    ring.offer(8);

    ring.awaitUsed(2);

    assertThat(ring.usedHead(0)).isEqualTo(badHead);
    assertThat(ring.usedBytes(0)).isZero();
    assertThat(ring.usedHead(1)).isEqualTo(8);
    assertThat(ring.usedBytes(1)).isEqualTo(513);
    assertThat(ring.status()).isEqualTo(VirtioBlk.S_OK);
  }

  @Test
  void aChainThatLoopsIsRefused() {
    ring.descriptor(0, ring.guest(4096), 16, RawRing.NEXT, 1);
    ring.descriptor(1, ring.guest(8192), 512, RawRing.NEXT, 0);

    refusedAndTheQueueGoesOn(0);
  }

  @Test
  void aNextBeyondTheTableIsRefused() {
    ring.descriptor(0, ring.guest(4096), 16, RawRing.NEXT, RawRing.SIZE);

    refusedAndTheQueueGoesOn(0);
  }

  @Test
  void anAddressOutsideMemoryIsRefused() {
    ring.descriptor(0, 0xffff_ffff_ffff_f000L, 16, RawRing.NEXT, 1);
    ring.descriptor(1, ring.guest(8192), 1, RawRing.WRITE, 0);

    refusedAndTheQueueGoesOn(0);
  }

  @Test
  void aBufferThatLeavesItsRegionIsRefused() {
    ring.descriptor(0, ring.guest((1 << 20) - 15), 16, RawRing.NEXT, 1);
    ring.descriptor(1, ring.guest(8192), 1, RawRing.WRITE, 0);

    refusedAndTheQueueGoesOn(0);
  }

  @Test
  void aReadableBufferBehindAWritableOneIsRefused() {
    ring.descriptor(0, ring.guest(4096), 16, RawRing.NEXT | RawRing.WRITE, 1);
    ring.descriptor(1, ring.guest(8192), 512, 0, 0);

    refusedAndTheQueueGoesOn(0);
  }

  @Test
  void aChainWithNowhereForTheStatusIsRefused() {
    ring.descriptor(0, ring.guest(4096), 16, 0, 0);

    refusedAndTheQueueGoesOn(0);
  }

  @Test
  void aHeaderThatIsTooShortFailsTheRequest() {
    ring.descriptor(0, ring.guest(4096), 15, RawRing.NEXT, 1);
    ring.descriptor(1, ring.guest(4096 + 16), 1, RawRing.WRITE, 0);
    ring.offer(0);

    ring.awaitUsed(1);

    assertThat(ring.status()).isEqualTo(VirtioBlk.S_IOERR);
  }

  @Test
  void aReadWhoseBuffersAreReadableFails() {
    ring.validRead(0, 3);
    ring.descriptor(1, ring.guest(8192), 512, RawRing.NEXT, 2);
    ring.offer(0);

    ring.awaitUsed(1);

    assertThat(ring.status()).isEqualTo(VirtioBlk.S_IOERR);
    assertThat(ring.usedBytes(0)).isEqualTo(1);
  }

  @Test
  void anAvailIndexThatRunsAwayStopsThatQueueAndNoOther() throws Exception {
    ring.availIdx(RawRing.SIZE + 1);

    try (RawRing other = new RawRing(socket, true)) {
      other.validRead(0, 1);
      other.offer(0);
      other.awaitUsed(1);

      assertThat(other.status()).isEqualTo(VirtioBlk.S_OK);
    }
    assertThat(ring.usedIdx()).isZero();
    assertThat(ring.frontend.stopQueue(0)).isZero(); // still answers
  }

  @Test
  void aHeadBeyondTheTableStopsThatQueue() throws Exception {
    ring.offer(RawRing.SIZE);

    assertThat(ring.frontend.stopQueue(0)).isZero();
    assertThat(ring.usedIdx()).isZero();
  }
}
