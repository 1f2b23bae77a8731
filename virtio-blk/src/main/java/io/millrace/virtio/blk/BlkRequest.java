package io.millrace.virtio.blk;

import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.LongTransfer;
import io.millrace.linux.RawMemory;
import io.millrace.vhost.user.server.GoingMemory;
import io.millrace.vhost.user.server.RequestKind;
import io.millrace.vhost.user.server.RequestTrace;
import io.millrace.vhost.user.server.RequestTracker;
import io.millrace.virtqueue.GuestWrites;
import org.jspecify.annotations.Nullable;

/** One virtio-blk request. Owned by its queue's pool; touched only by that queue's reactor. */
final class BlkRequest extends BdevIo {
  /** Room for this many segments at once: an ordinary request of a Linux guest has few. */
  private static final int USUAL_SEGMENTS = 4;

  /** Room that a request keeps when it is over: as many as drivers are told to send at most. */
  private static final int MOST_SEGMENTS_KEPT = 128;

  private final BlkQueue queue;
  private @Nullable BlkRanges ranges; // made for the first request that has any, then kept
  private @Nullable LongTransfer longTransfer; // the same
  private boolean hasParts;
  private boolean durable;
  boolean inUse; // from taken to recycled. No enum: a store of an object has the collector told
  boolean isDone;
  BlkRequestType type = BlkRequestType.UNSUPPORTED;
  RequestKind kind = RequestKind.OTHER; // what it asks for, also where that is refused
  BlkStatus status = BlkStatus.OK;
  int head; // descriptor index to return in the used ring
  boolean marked; // points into memory that the front-end took back
  long statusAddress; // host address of the status byte, already checked
  boolean submitting; // a part is on its way down, and may come back at once
  @Nullable IoStatus returned; // by a part that came back at once
  @Nullable RequestTrace trace; // while somebody follows it
  @Nullable BlkRequest nextWaiting; // of the queue's requests that wait for their turn

  BlkRequest(BlkQueue queue) {
    super(USUAL_SEGMENTS, queue);
    this.queue = queue;
  }

  /** Room for the ranges of a DISCARD or WRITE_ZEROES. */
  BlkRanges ranges() {
    BlkRanges made = ranges;
    if (made == null) {
      made = new BlkRanges();
      ranges = made;
    }
    return made;
  }

  /** Has it followed, though it was found a moment ago, if it is not done yet. */
  void followIfUndone(RequestTracker tracker) {
    if (trace == null && inUse && !isDone) {
      trace = tracker.begin(kind, offsetBytes(), lengthBytes());
    }
  }

  /** It was taken. */
  void taken() {
    inUse = true;
    isDone = false;
  }

  /** It is submitted, or answered without that. */
  void started() {
    RequestTrace followed = trace;
    if (followed != null) {
      followed.submitted();
    }
  }

  /** The bdev is done with the part at hand. */
  void partEnded() {
    LongTransfer transfer = longTransfer();
    if (transfer != null) {
      transfer.ended(transferredBytes());
    }
  }

  /** It is done, and waits to be answered. */
  void ended(BlkStatus how) {
    if (status != how) { // most likely it is
      status = how;
    }
    isDone = true;
    RequestTrace followed = trace;
    if (followed != null) {
      followed.done();
    }
  }

  /** The request is over: what only an unusual one needs is given back. */
  void recycle() {
    inUse = false;
    RequestTrace followed = trace;
    if (followed != null) {
      trace = null;
      followed.ended();
    }
    hasParts = false;
    expedited(false);
    keepRoomFor(MOST_SEGMENTS_KEPT);
    LongTransfer transfer = longTransfer;
    if (transfer != null) {
      transfer.keepRoomFor(MOST_SEGMENTS_KEPT);
    }
  }

  /**
   * Begins the first of the ranges that were read.
   *
   * @param writeThrough whether zeroes must be durable when the request completes
   */
  void beginRanges(boolean writeThrough) {
    hasParts = true;
    durable = writeThrough && type == BlkRequestType.WRITE_ZEROES;
    beginNextRange();
  }

  /**
   * Begins the first part of the transfer that this request is filled with.
   *
   * @param most bytes of a part, whole blocks
   */
  void cutIntoParts(int most) {
    LongTransfer parts = longTransfer;
    if (parts == null) {
      parts = new LongTransfer();
      longTransfer = parts;
    }
    parts.begin(this, most);
    hasParts = true;
    parts.next(this);
  }

  /** Whether it is done in parts: ranges, or pieces of a long transfer. */
  boolean hasParts() {
    return hasParts;
  }

  /** The transfer that this request is a part of, or null. */
  @Nullable LongTransfer longTransfer() {
    return hasParts && !type.hasRanges ? longTransfer : null;
  }

  /** Begins the next part; false when all are done, or the request has none. */
  boolean beginNextPart() {
    LongTransfer parts = longTransfer();
    return parts == null ? beginNextRange() : parts.next(this);
  }

  private boolean beginNextRange() {
    BlkRanges of = ranges;
    if (!type.hasRanges || of == null || !of.next()) {
      return false;
    }
    begin(
        type == BlkRequestType.DISCARD ? IoType.UNMAP : IoType.WRITE_ZEROES,
        of.offset(),
        of.length());
    if (of.mayUnmap()) {
      allowUnmap();
    }
    if (durable) {
      forceUnitAccess();
    }
    return true;
  }

  /** Bytes of blocks that it moved, or was about: valid when it is done. */
  long movedBytes() {
    if (!hasParts) {
      return transferredBytes();
    }
    if (type.hasRanges) {
      return ranges().totalBytes();
    }
    LongTransfer transfer = longTransfer();
    return transfer == null ? transferredBytes() : transfer.transferredBytes();
  }

  /** Tells of what a read really stored, if that is written down; how much it was, in bytes. */
  long noteStored(GuestWrites writes) {
    long stored = movedBytes();
    if (writes.costs()) {
      if (stored > 0 && segmentCount() == 1 && !hasParts) {
        writes.wroteAmong(segmentAddress(0), stored);
      } else {
        noteStored(stored, writes);
      }
    }
    return stored;
  }

  private void noteStored(long stored, GuestWrites writes) {
    LongTransfer transfer = longTransfer();
    long left = stored;
    for (int i = 0; left > 0; i++) {
      long address = transfer == null ? segmentAddress(i) : transfer.address(i);
      int length = transfer == null ? segmentBytes(i) : transfer.bytes(i);
      long bytes = Math.min(left, length);
      writes.wroteAmong(address, bytes);
      left -= bytes;
    }
  }

  /** Stores the serial, 20 bytes, of which a shorter one ends in a NUL (§5.2.6); how many fit. */
  long storeId(byte[] serial, GuestWrites writes) {
    int at = 0;
    for (int i = 0; i < segmentCount() && at < serial.length; i++) {
      int bytes = Math.min(serial.length - at, segmentBytes(i));
      RawMemory.put(serial, at, bytes, segmentAddress(i));
      writes.wroteAmong(segmentAddress(i), bytes);
      at += bytes;
    }
    return at;
  }

  /** Whether its data or its status is in that memory. */
  boolean pointsInto(GoingMemory going) {
    LongTransfer transfer = longTransfer();
    boolean found = going.holdsSomeOf(statusAddress, 1);
    for (int i = 0; transfer != null && i < transfer.segmentCount() && !found; i++) {
      found = going.holdsSomeOf(transfer.address(i), transfer.bytes(i));
    }
    for (int i = 0; i < segmentCount() && !found; i++) {
      found = going.holdsSomeOf(segmentAddress(i), segmentBytes(i));
    }
    return found;
  }

  @Override
  protected void completed(IoStatus ioStatus) {
    queue.completed(this, ioStatus);
  }

  @Override
  public String toString() {
    return "request " + head + " " + type + (isDone ? " done: " : ": ") + super.toString();
  }
}
