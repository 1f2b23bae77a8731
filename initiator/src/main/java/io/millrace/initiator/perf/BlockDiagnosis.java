package io.millrace.initiator.perf;

import io.millrace.initiator.perf.VerifyFailure.Damage;
import io.millrace.linux.RawMemory;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Says what is wrong with a block that failed the quick check. Not data path: a block gets here
 * when it is bad, or in a state that only a longer look allows.
 */
final class BlockDiagnosis {
  /** Random bytes differ in half of their 4096 bits; this is not chance any more. */
  private static final int MAX_FLIPPED_BITS = 1024;

  private final long scratch; // room for one sector
  private final ByteBuffer scratchView;
  private final CRC32C crc = new CRC32C();

  // The block that is looked at.
  private long address;
  private ByteBuffer view;
  private int sectors;
  private long offset;
  private Expectation expectation;

  /**
   * For one thread.
   *
   * @param scratch memory for one sector
   */
  BlockDiagnosis(long scratch) {
    this.scratch = scratch;
    scratchView = VerifyStamp.view(scratch, VerifyStamp.SECTOR);
    view = scratchView;
    expectation = Expectation.ANY;
  }

  /**
   * What a block should hold.
   *
   * @param oldest generation; 0 when it may never have been written
   * @param newest generation
   * @param interrupted whether the last write to it may have been done in part
   */
  record Expectation(long oldest, long newest, boolean interrupted) {
    /** Something, from whenever. */
    static final Expectation ANY = new Expectation(1, Long.MAX_VALUE, false);

    boolean mayBeUnwritten() {
      return oldest == 0;
    }

    boolean allows(long generation) {
      return generation >= oldest && generation <= newest;
    }
  }

  /** Whether no sector of the block carries the pattern, or the mark of an unfilled buffer. */
  static boolean isBare(long address, int bytes) {
    for (int at = 0; at < bytes; at += VerifyStamp.SECTOR) {
      long magic = VerifyStamp.magic(address + at);
      if (magic == VerifyStamp.MAGIC || magic == VerifyStamp.UNFILLED) {
        return false;
      }
    }
    return true;
  }

  /**
   * Looks at a block.
   *
   * @param blockView of the memory at {@code blockAddress}
   * @param blockOffset on the disk
   * @return null when there is nothing wrong with it
   */
  @Nullable VerifyFailure of(
      long blockAddress, ByteBuffer blockView, int bytes, long blockOffset, Expectation expected) {
    address = blockAddress;
    view = blockView;
    sectors = bytes / VerifyStamp.SECTOR;
    offset = blockOffset;
    expectation = expected;
    VerifyFailure failure = damaged();
    if (failure == null) {
      failure = misplaced();
    }
    if (failure == null && !expected.interrupted()) {
      failure = torn();
    }
    return failure == null ? ofAnotherTime() : failure;
  }

  private long sector(int index) {
    return address + (long) index * VerifyStamp.SECTOR;
  }

  private boolean isIntact(int index) {
    return VerifyStamp.isIntact(sector(index), view, index * VerifyStamp.SECTOR, crc);
  }

  private VerifyFailure failure(Damage damage, String detail) {
    return new VerifyFailure(offset, sectors * VerifyStamp.SECTOR, damage, detail);
  }

  /** Sectors whose checksum does not hold. */
  private @Nullable VerifyFailure damaged() {
    int count = 0;
    int first = -1;
    for (int i = 0; i < sectors; i++) {
      if (!isIntact(i)) {
        first = first < 0 ? i : first;
        count++;
      }
    }
    if (count == 0) {
      return null;
    }
    String how = count + " of " + sectors + " sectors, the first at " + at(first);
    if (VerifyStamp.magic(sector(first)) == VerifyStamp.UNFILLED) {
      return failure(
          Damage.UNFILLED,
          "was not filled: the device answered the read and left the memory of " + how);
    }
    if (isZero(first)) {
      return failure(Damage.NO_PATTERN, "reads as zeroes in " + how + written());
    }
    return corrupt(first, how);
  }

  private long at(int index) {
    return offset + (long) index * VerifyStamp.SECTOR;
  }

  private boolean isZero(int index) {
    long any = 0;
    for (int at = 0; at < VerifyStamp.SECTOR; at += Long.BYTES) {
      any |= RawMemory.getLong(sector(index) + at);
    }
    return any == 0;
  }

  /** When it was last written, if that is known. */
  private String written() {
    return expectation.oldest() == expectation.newest()
        ? "; it was written at " + time(expectation.newest())
        : "";
  }

  /** Compares with what was most likely written there, and tells the first difference. */
  private VerifyFailure corrupt(int first, String how) {
    long header = VerifyStamp.generation(sector(first));
    long sibling = generationOfAnIntactSector();
    long[] generations = {header, sibling, expectation.newest()};
    long[] requests = {VerifyStamp.request(sector(first)), VerifyStamp.request(sectors, first)};
    int fewest = Integer.MAX_VALUE;
    String difference = "";
    for (long generation : generations) {
      for (long request : requests) {
        VerifyStamp.writeSector(scratch, scratchView, 0, at(first), generation, request, crc);
        int bits = differingBits(first);
        if (bits < fewest) {
          fewest = bits;
          difference = firstDifference(first);
        }
      }
    }
    return fewest > MAX_FLIPPED_BITS
        ? failure(Damage.NO_PATTERN, "holds something else than the pattern in " + how + written())
        : failure(
            Damage.CORRUPT,
            "is corrupt: "
                + fewest
                + (fewest == 1 ? " bit differs" : " bits differ")
                + " in "
                + how
                + "; "
                + difference);
  }

  private long generationOfAnIntactSector() {
    for (int i = 0; i < sectors; i++) {
      if (isIntact(i)) {
        return VerifyStamp.generation(sector(i));
      }
    }
    return expectation.newest();
  }

  private int differingBits(int index) {
    int bits = 0;
    for (int at = 0; at < VerifyStamp.SECTOR; at += Long.BYTES) {
      bits +=
          Long.bitCount(RawMemory.getLong(sector(index) + at) ^ RawMemory.getLong(scratch + at));
    }
    return bits;
  }

  private String firstDifference(int index) {
    for (int at = 0; at < VerifyStamp.SECTOR; at++) {
      int is = RawMemory.getByte(sector(index) + at) & 0xff;
      int was = RawMemory.getByte(scratch + at) & 0xff;
      if (is != was) {
        return "byte %d is 0x%02x, 0x%02x was written".formatted(at(index) + at, is, was);
      }
    }
    return "";
  }

  private @Nullable VerifyFailure misplaced() {
    int count = 0;
    long from = 0;
    for (int i = 0; i < sectors; i++) {
      if (VerifyStamp.offset(sector(i)) != at(i)) {
        from = count == 0 ? VerifyStamp.offset(sector(i)) - (at(i) - offset) : from;
        count++;
      }
    }
    return count == 0
        ? null
        : failure(
            Damage.MISPLACED,
            "is misplaced: %d of %d sectors hold what was written to the block at offset %d"
                .formatted(count, sectors, from));
  }

  /** Two sectors of one write request that hold different writes. */
  private @Nullable VerifyFailure torn() {
    for (int i = 1; i < sectors; i++) {
      long before = sector(i - 1);
      long here = sector(i);
      boolean sameRequest =
          VerifyStamp.requestOffset(before) == VerifyStamp.requestOffset(here)
              && (int) VerifyStamp.request(before) == (int) VerifyStamp.request(here);
      if (sameRequest && VerifyStamp.generation(before) != VerifyStamp.generation(here)) {
        return failure(
            Damage.TORN,
            "is torn: up to byte %d it holds the write of %s, from there on that of %s"
                .formatted(
                    at(i),
                    time(VerifyStamp.generation(before)),
                    time(VerifyStamp.generation(here))));
      }
    }
    return null;
  }

  private @Nullable VerifyFailure ofAnotherTime() {
    for (int i = 0; i < sectors; i++) {
      long generation = VerifyStamp.generation(sector(i));
      if (generation > expectation.newest()) {
        return failure(
            Damage.NEWER,
            "was written by somebody else: it holds the write of %s, the last known is of %s"
                .formatted(time(generation), time(expectation.newest())));
      }
      if (!expectation.allows(generation)) {
        return failure(
            Damage.STALE,
            "is stale: it holds the write of %s, that of %s is lost"
                .formatted(time(generation), time(expectation.oldest())));
      }
    }
    return null;
  }

  private static String time(long generation) {
    // What is no time at all is told as a number.
    return generation > 0 && generation < 1L << 53
        ? Instant.EPOCH.plus(generation, ChronoUnit.MICROS).toString()
        : "generation " + generation;
  }
}
