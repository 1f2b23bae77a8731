package io.millrace.virtio.blk;

import static io.millrace.initiator.VirtioBlk.S_IOERR;
import static io.millrace.initiator.VirtioBlk.S_OK;
import static io.millrace.initiator.VirtioBlk.S_UNSUPP;
import static io.millrace.initiator.VirtioBlk.T_DISCARD;
import static io.millrace.initiator.VirtioBlk.T_WRITE_ZEROES;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.initiator.BlkRange;
import io.millrace.initiator.VirtioBlk;
import io.millrace.virtio.blk.RecordingBdev.Asked;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Ranges that no driver may send, in any framing: answered as virtio 1.3 §5.2.6.2 says, and the
 * disk is asked for nothing.
 */
@Timeout(60)
class HostileRangesTest {
  private static final int MOST_SECTORS = 1024;
  private static final long LAST = RecordingBdev.BLOCKS - 1;

  private BlkTarget target;
  private RecordingBdev disk;
  private Path socket;
  private RawRing ring;
  private int used;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(1);
    disk =
        RecordingBdev.of(
            BdevLimits.NONE.withUnmap(MOST_SECTORS * 512, 4096),
            EnumSet.of(IoType.READ, IoType.WRITE, IoType.UNMAP, IoType.WRITE_ZEROES));
    socket = target.serve(disk, false, null);
    ring = new RawRing(socket, true);
  }

  @AfterEach
  void stop() throws Exception {
    ring.close();
    target.close();
  }

  private void range(int index, long sector, long sectors, long flags) {
    BlkRange.put(ring.memory.address() + RawRing.DATA, index, sector, sectors, (int) flags);
  }

  /** Header, so many bytes of ranges, status. */
  private int run(int type, int bytes) {
    ring.header(type);
    ring.descriptor(0, ring.guest(RawRing.HEADER), 16, RawRing.NEXT, bytes == 0 ? 2 : 1);
    ring.descriptor(1, ring.guest(RawRing.DATA), bytes, RawRing.NEXT, 2);
    ring.descriptor(2, ring.guest(RawRing.STATUS), 1, RawRing.WRITE, 0);
    return offer();
  }

  private int offer() {
    ring.offer(0);
    ring.awaitUsed(++used);
    assertThat(ring.usedBytes(used - 1)).isEqualTo(1);
    return ring.status();
  }

  @ParameterizedTest
  @CsvSource({
    T_DISCARD + ", 0, " + S_OK,
    T_DISCARD + ", 1, " + S_UNSUPP, // unmap is for write zeroes only
    T_DISCARD + ", 2, " + S_UNSUPP,
    T_DISCARD + ", 0x80000000, " + S_UNSUPP,
    T_WRITE_ZEROES + ", 0, " + S_OK,
    T_WRITE_ZEROES + ", 1, " + S_OK,
    T_WRITE_ZEROES + ", 2, " + S_UNSUPP,
    T_WRITE_ZEROES + ", 3, " + S_UNSUPP,
    T_WRITE_ZEROES + ", 0x80000000, " + S_UNSUPP,
    T_WRITE_ZEROES + ", 0xfffffffe, " + S_UNSUPP,
  })
  void flagsThatAreNotKnownAreUnsupported(int type, String flags, int status) {
    range(0, 8, 8, Long.decode(flags));

    assertThat(run(type, BlkRange.BYTES)).isEqualTo(status);

    assertThat(disk.asked).hasSize(status == S_OK ? 1 : 0);
  }

  @ParameterizedTest
  @CsvSource({
    // sector, sectors
    "0, 0",
    "0, " + (MOST_SECTORS + 1),
    "0, 0xffffffff",
    "0, 0x80000000",
    LAST + ", 2",
    (LAST + 1) + ", 1",
    (LAST - 7) + ", 9",
    "0x7fffffffffffffff, 1",
    "0x80000000000000, 8", // times 512 it is 0
    "-1, 1",
    "-1, 2",
    "-8, 8",
    "-0x7fffffffffffffff, 1",
  })
  void rangesOutsideTheDiskOrTooLongFail(String sector, String sectors) {
    range(0, Long.decode(sector), Long.decode(sectors), 0);

    assertThat(run(T_DISCARD, BlkRange.BYTES)).isEqualTo(S_IOERR);
    assertThat(run(T_WRITE_ZEROES, BlkRange.BYTES)).isEqualTo(S_IOERR);

    assertThat(disk.asked).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "0, " + MOST_SECTORS, LAST + ", 1", (LAST - 7) + ", 8"})
  void rangesUpToTheLimitsAreDone(long sector, long sectors) {
    range(0, sector, sectors, 0);

    assertThat(run(T_DISCARD, BlkRange.BYTES)).isEqualTo(S_OK);

    assertThat(disk.asked)
        .containsExactly(new Asked(IoType.UNMAP, sector * 512, sectors * 512, false, false));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 15, 17, 31, 64 * 16 + 1, 65 * 16, 8192})
  void dataThatIsNoWholeNumberOfRangesOrTooManyFails(int bytes) {
    for (int i = 0; i < 512; i++) {
      range(i, 8L * i, 8, 0);
    }

    assertThat(run(T_DISCARD, bytes)).isEqualTo(S_IOERR);

    assertThat(disk.asked).isEmpty();
  }

  @Test
  void oneBadRangeKeepsTheGoodOnesFromBeingDone() {
    range(0, 0, 8, 0);
    range(1, LAST, 2, 0);
    range(2, 8, 8, 0);
    assertThat(run(T_DISCARD, 3 * BlkRange.BYTES)).isEqualTo(S_IOERR);

    range(1, LAST, 2, 2); // both out of range and of an unknown flag: the flag is a MUST
    assertThat(run(T_WRITE_ZEROES, 3 * BlkRange.BYTES)).isEqualTo(S_UNSUPP);

    assertThat(disk.asked).isEmpty();
  }

  @Test
  void rangesAreReadWhereverTheirDescriptorsEnd() {
    range(0, 8, 16, 1);
    range(1, 1000, 24, 0);
    ring.header(T_WRITE_ZEROES);
    int[] pieces = {7, 1, 11, 13}; // of the 32 bytes, behind a header in two pieces
    ring.descriptor(0, ring.guest(RawRing.HEADER), 3, RawRing.NEXT, 1);
    ring.descriptor(1, ring.guest(RawRing.HEADER + 3), 13, RawRing.NEXT, 2);
    int at = RawRing.DATA;
    for (int i = 0; i < pieces.length; i++) {
      ring.descriptor(2 + i, ring.guest(at), pieces[i], RawRing.NEXT, 3 + i);
      at += pieces[i];
    }
    ring.descriptor(6, ring.guest(RawRing.STATUS), 1, RawRing.WRITE, 0);

    assertThat(offer()).isEqualTo(S_OK);

    assertThat(disk.asked)
        .containsExactly(
            new Asked(IoType.WRITE_ZEROES, 8 * 512, 16 * 512, false, true),
            new Asked(IoType.WRITE_ZEROES, 1000 * 512, 24 * 512, false, false));
  }

  @Test
  void rangesMayShareADescriptorWithTheHeader() {
    ring.header(T_DISCARD);
    BlkRange.put(ring.memory.address() + RawRing.HEADER + 16, 0, 4, 5, 0);
    ring.descriptor(0, ring.guest(RawRing.HEADER), 32, RawRing.NEXT, 1);
    ring.descriptor(1, ring.guest(RawRing.STATUS + 64), 1, RawRing.WRITE, 0);
    ring.offer(0);

    ring.awaitUsed(1);

    assertThat(disk.asked).containsExactly(new Asked(IoType.UNMAP, 4 * 512, 5 * 512, false, false));
  }

  @Test
  void whatWasNotNegotiatedIsUnsupported() throws Exception {
    ring.close();
    long features = VirtioBlk.FEATURES & ~VirtioBlk.F_DISCARD;
    ring = new RawRing(socket, true, features);
    range(0, 8, 8, 0);

    assertThat(run(T_DISCARD, BlkRange.BYTES)).isEqualTo(S_UNSUPP);
    assertThat(run(T_WRITE_ZEROES, BlkRange.BYTES)).isEqualTo(S_OK);
  }

  @Test
  void aRangeThatFailsEndsTheRequest() {
    range(0, 0, 8, 0);
    range(1, 8, 8, 0);
    disk.outcome = IoStatus.NO_SPACE;

    assertThat(run(T_DISCARD, 2 * BlkRange.BYTES)).isEqualTo(S_IOERR);

    assertThat(disk.asked).hasSize(1);
  }

  @Test
  void rangesThatCompleteLaterAreDoneOneAfterTheOther() {
    disk.holds = true;
    range(0, 0, 8, 0);
    range(1, 8, 8, 0);
    ring.header(T_DISCARD);
    ring.descriptor(0, ring.guest(RawRing.HEADER), 16, RawRing.NEXT, 1);
    ring.descriptor(1, ring.guest(RawRing.DATA), 32, RawRing.NEXT, 2);
    ring.descriptor(2, ring.guest(RawRing.STATUS), 1, RawRing.WRITE, 0);
    ring.offer(0);
    BlkTarget.await("the first range has begun", () -> disk.held.size() == 1);
    range(1, LAST, 1000, 7); // too late: it was read

    disk.release(target.reactors.get(0), IoStatus.SUCCESS);
    BlkTarget.await("the second range has begun", () -> disk.asked.size() == 2);
    disk.release(target.reactors.get(0), IoStatus.SUCCESS);
    ring.awaitUsed(1);

    assertThat(ring.status()).isEqualTo(S_OK);
    assertThat(disk.asked.getLast())
        .isEqualTo(new Asked(IoType.UNMAP, 8 * 512, 8 * 512, false, false));
  }

  @Test
  void aGuestThatGoesAwayBeginsNoFurtherRange() throws Exception {
    disk.holds = true;
    range(0, 0, 8, 0);
    range(1, 8, 8, 0);
    ring.header(T_DISCARD);
    ring.descriptor(0, ring.guest(RawRing.HEADER), 16, RawRing.NEXT, 1);
    ring.descriptor(1, ring.guest(RawRing.DATA), 32, RawRing.NEXT, 2);
    ring.descriptor(2, ring.guest(RawRing.STATUS), 1, RawRing.WRITE, 0);
    ring.offer(0);
    BlkTarget.await("the first range has begun", () -> disk.held.size() == 1);

    ring.frontend.close();
    BlkTarget.await("the session ends", () -> target.sessions("disk") == 0);
    settle();
    disk.release(target.reactors.get(0), IoStatus.SUCCESS);
    settle();

    assertThat(disk.asked).hasSize(1);
  }

  /** What was sent to the reactor before this has run. */
  private void settle() throws Exception {
    CompletableFuture<Boolean> ran = new CompletableFuture<>();
    target.reactors.get(0).execute(() -> ran.complete(true));
    ran.get(20, TimeUnit.SECONDS);
  }
}
