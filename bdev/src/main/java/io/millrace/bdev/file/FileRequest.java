package io.millrace.bdev.file;

import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoType;
import io.millrace.linux.Iovec;
import io.millrace.linux.RawMemory;
import org.jspecify.annotations.Nullable;

/**
 * A bdev request on its way through the kernel: how far it got and what it holds. Made by the
 * engine's pool, filled in place for each use; one reactor's thread.
 */
final class FileRequest {
  /** Where a request is. */
  enum State {
    FREE,
    WAITS_FOR_RING,
    WAITS_FOR_BUFFER,
    IN_KERNEL,
    /** Failed, and waits to be tried again. */
    HELD
  }

  final int slot;
  int generation;
  State state = State.FREE;
  @Nullable FileRequest next; // of the queue it waits in

  private @Nullable BdevIo io;
  private @Nullable FileChannel channel;
  long doneBytes;
  long bounce; // buffer it goes through, 0 none yet
  boolean bounced;
  boolean durable; // must be on the disk when it completes
  boolean syncing; // its operation is done, its sync is under way
  boolean punching; // zeroes by a hole and not by zeroing the range
  boolean otherWay; // the file system refused the one of the two that was tried first
  boolean allocating; // the hole it zeroed by is being allocated again
  boolean stopped;
  boolean held; // was HELD once, and has not ended yet
  boolean overdue; // cancelled because it takes too long
  long sinceNanos; // when it was last sent on its way; only if its disk has a timeout
  int retries;
  int job; // of FileThreads

  FileRequest(int slot) {
    this.slot = slot;
  }

  void begin(FileChannel channel, BdevIo io) {
    assert state == State.FREE : this;
    this.channel = channel;
    this.io = io;
    doneBytes = 0;
    bounce = 0;
    bounced = channel.mustBounce(io);
    durable = channel.writeThrough() || io.isForceUnitAccess();
    syncing = false;
    punching = io.mayUnmap();
    otherWay = false;
    allocating = false;
    stopped = false;
    held = false;
    overdue = false;
    retries = 0;
  }

  /** Forgets its request: completions for this generation are stale from now on. */
  void end() {
    state = State.FREE;
    generation++;
    io = null;
    channel = null;
  }

  BdevIo io() {
    BdevIo current = io;
    if (current == null) {
      throw new IllegalStateException("free slot " + slot);
    }
    return current;
  }

  FileChannel channel() {
    FileChannel current = channel;
    if (current == null) {
      throw new IllegalStateException("free slot " + slot);
    }
    return current;
  }

  /**
   * io_uring user_data: slot (bits 0–31), generation (32–63), so that a stale completion is seen.
   */
  long userData() {
    return (long) generation << 32 | slot;
  }

  static int slotOf(long userData) {
    return (int) userData;
  }

  static int generationOf(long userData) {
    return (int) (userData >>> 32);
  }

  /** Bytes of the next piece, all that is left or what a bounce buffer takes. */
  int pieceBytes() {
    long left = io().lengthBytes() - doneBytes;
    return (int) (bounced ? Math.min(left, BouncePool.BUFFER_BYTES) : left);
  }

  /** Whether it zeroed by a hole where it must leave blocks allocated. */
  boolean mustAllocate() {
    BdevIo current = io();
    return current.type() == IoType.WRITE_ZEROES && punching && !allocating && !current.mayUnmap();
  }

  /** Whether it is a channel's, under way since before a time, and nobody has noticed yet. */
  boolean isOverdue(FileChannel of, long beforeNanos) {
    return channel == of
        && state != State.FREE
        && state != State.HELD
        && !overdue
        && sinceNanos - beforeNanos < 0;
  }

  /** Whether its success promises that data is on the disk. */
  boolean promisesDurability() {
    IoType type = io().type();
    return type == IoType.FLUSH || syncing || (type == IoType.WRITE && durable);
  }

  /**
   * Copies the next piece from the request's memory into its buffer. The memory may fault: later,
   * see RawMemory.
   */
  void gather() {
    copy(pieceBytes(), true);
  }

  /**
   * Copies {@code bytes} that were read out of its buffer into the request's memory. The memory may
   * fault.
   */
  void scatter(int bytes) {
    copy(bytes, false);
  }

  private void copy(int bytes, boolean intoBuffer) {
    BdevIo request = io();
    long skip = doneBytes;
    long at = bounce;
    long end = bounce + bytes;
    for (int i = 0; at < end; i++) {
      int length = request.segmentBytes(i);
      if (skip >= length) {
        skip -= length;
        continue;
      }
      long memory = request.segmentAddress(i) + skip;
      long count = Math.min(length - skip, end - at);
      if (intoBuffer) {
        RawMemory.copy(memory, at, count);
      } else {
        RawMemory.copy(at, memory, count);
      }
      at += count;
      skip = 0;
    }
  }

  /** Writes at most {@code most} iovecs of what is left to {@code iovecs}; returns how many. */
  int vector(long iovecs, int most) {
    BdevIo request = io();
    long skip = doneBytes;
    int count = 0;
    int segments = request.segmentCount();
    for (int i = 0; i < segments && count < most; i++) {
      int length = request.segmentBytes(i);
      if (skip >= length) {
        skip -= length;
        continue;
      }
      long memory = request.segmentAddress(i) + skip;
      Iovec.set(iovecs + (long) count * Iovec.BYTES, memory, length - skip);
      count++;
      skip = 0;
    }
    return count;
  }

  @Override
  public String toString() {
    return "slot " + slot + " " + state + " " + io + " done " + doneBytes;
  }
}
