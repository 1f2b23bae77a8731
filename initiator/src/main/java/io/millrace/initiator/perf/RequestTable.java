package io.millrace.initiator.perf;

import io.millrace.linux.RawMemory;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;

/** What each of a job's slots is doing. Data path; arrays by slot. */
final class RequestTable {
  private static final ByteBuffer NO_VIEW = ByteBuffer.allocate(0);

  private final long data;
  private final int blockBytes;
  private final ByteBuffer[] views;
  private final long[] submittedNanos;
  private final long[] offsets;
  private final long[] places;
  private final Direction[] directions;
  private final boolean[] pending;

  /**
   * A table of idle slots.
   *
   * @param data host address of a block for each slot
   * @param viewed whether {@link #view} is wanted
   */
  RequestTable(int depth, long data, int blockBytes, boolean viewed) {
    this.data = data;
    this.blockBytes = blockBytes;
    views = new ByteBuffer[depth];
    submittedNanos = new long[depth];
    offsets = new long[depth];
    places = new long[depth];
    directions = new Direction[depth];
    pending = new boolean[depth];
    for (int slot = 0; slot < depth; slot++) {
      views[slot] = viewed ? VerifyStamp.view(address(slot), blockBytes) : NO_VIEW;
      directions[slot] = Direction.READ;
    }
  }

  void submitted(int slot, Direction direction, long offset, long place, long nowNanos) {
    directions[slot] = direction;
    offsets[slot] = offset;
    places[slot] = place;
    submittedNanos[slot] = nowNanos;
    pending[slot] = true;
  }

  void done(int slot) {
    pending[slot] = false;
  }

  long address(int slot) {
    return data + (long) slot * blockBytes;
  }

  ByteBuffer view(int slot) {
    return views[slot];
  }

  Direction direction(int slot) {
    return directions[slot];
  }

  long offset(int slot) {
    return offsets[slot];
  }

  long place(int slot) {
    return places[slot];
  }

  long submittedNanos(int slot) {
    return submittedNanos[slot];
  }

  /** Adds the places of writes that were not done well. */
  void addInterruptedWrites(List<Long> to) {
    for (int slot = 0; slot < pending.length; slot++) {
      if (pending[slot] && directions[slot] == Direction.WRITE) {
        to.add(places[slot]);
      }
    }
  }

  /** A request in words; not for the data path. */
  String describe(int slot) {
    Direction direction = directions[slot];
    String what = direction.name().toLowerCase(Locale.ROOT);
    return direction == Direction.SYNC
        ? "the flush"
        : "the %s of %d bytes at offset %d".formatted(what, blockBytes, offsets[slot]);
  }

  /** Fills the memory of all slots, so that what is written is not zeroes. */
  void fill(long seed) {
    long end = address(pending.length);
    long word = seed;
    for (long at = data; at < end; at += Long.BYTES) {
      word = word * 0x5851F42D4C957F2DL + 0x14057B7EF767814FL;
      RawMemory.putLong(at, word ^ word >>> 29);
    }
  }
}
