package io.millrace.bdev;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One request to a block device: made once by its user, filled in place for each use.
 *
 * <p>Its life: the user calls {@link #begin}, adds segments, hands it to {@link
 * BdevChannel#submit}; from then on it is the channel's until {@link #completed} runs, exactly once
 * for each submit, on the same reactor, perhaps before {@code submit} returns. Not thread-safe: one
 * reactor's thread touches it.
 */
public abstract class BdevIo {
  enum State {
    FREE, // or being started by a channel whose requests are done at once
    HELD, // for its bdev's rate limits
    GRANTED, // held, and what it costs is paid
    WAITING, // not started: behind a range lock, or being checked
    STARTED
  }

  private IoType type = IoType.READ;
  private long offsetBytes;
  private long lengthBytes;
  private boolean forceUnitAccess;
  private boolean mayUnmap;
  private boolean furtherPart;
  private boolean expedited;
  private @Nullable Object source;
  private int segmentCount;
  private long[] segmentAddresses;
  private int[] segmentBytes;
  private long metadataAddress; // room for protection information; no bdev takes any yet
  private long transferredBytes;
  private long appendedOffsetBytes;

  private @Nullable RangeLock heldLock;

  // The channel's, while submitted.
  State state = State.FREE;
  @Nullable BdevChannel channel;
  long submittedNanos; // as the channel's RequestTimer has it
  boolean listed; // among the channel's requests in flight
  @Nullable BdevIo previous;
  @Nullable BdevIo next;
  private int moduleSlot;

  // While held for a rate limit.
  @Nullable HeldLine line;
  @Nullable BdevIo earlier;
  @Nullable BdevIo later;

  /**
   * A request with room for some segments; the room grows when one needs more, and then stays.
   *
   * @param segments data segments to have room for at once
   */
  protected BdevIo(int segments) {
    this(segments, null);
  }

  /**
   * A request of somebody who has others.
   *
   * @param segments data segments to have room for at once
   * @param source whose it is: among those that have requests waiting for a rate limit, what it
   *     gives is shared out evenly; null for nobody in particular
   */
  protected BdevIo(int segments, @Nullable Object source) {
    segmentAddresses = new long[segments];
    segmentBytes = new int[segments];
    this.source = source;
  }

  /**
   * The request is done; it may be used again from inside this call.
   *
   * @param status how it ended; on anything but SUCCESS the blocks or the memory may be changed in
   *     part
   */
  protected abstract void completed(IoStatus status);

  /**
   * Starts filling the request.
   *
   * @param type what to do
   * @param offsetBytes where on the device; any value, checked by the channel
   * @param lengthBytes how much; any value, checked by the channel; 0 for FLUSH means everything
   */
  public final void begin(IoType type, long offsetBytes, long lengthBytes) {
    assert state == State.FREE : this;
    this.type = type;
    this.offsetBytes = offsetBytes;
    this.lengthBytes = lengthBytes;
    forceUnitAccess = false;
    mayUnmap = false;
    furtherPart = false;
    segmentCount = 0;
    metadataAddress = 0;
    transferredBytes = 0;
    appendedOffsetBytes = -1;
    heldLock = null;
  }

  /**
   * Starts filling the request as another one, without its data segments: how a stacked bdev passes
   * it down. A lock held on the bdev above is not held on the one below.
   *
   * @param request still submitted above
   * @param offsetBytes where on the device below
   */
  public final void beginLike(BdevIo request, long offsetBytes) {
    begin(request.type, offsetBytes, request.lengthBytes);
    forceUnitAccess = request.forceUnitAccess;
    mayUnmap = request.mayUnmap;
    furtherPart = request.furtherPart;
    expedited = request.expedited;
    source = request.source;
    metadataAddress = request.metadataAddress;
  }

  /** Adds all data segments of another request: the same memory. */
  public final void addSegmentsOf(BdevIo request) {
    int count = request.segmentCount;
    int room = segmentCount + count;
    if (room > segmentAddresses.length) {
      growTo(room);
    }
    System.arraycopy(request.segmentAddresses, 0, segmentAddresses, segmentCount, count);
    System.arraycopy(request.segmentBytes, 0, segmentBytes, segmentCount, count);
    segmentCount = room;
  }

  /**
   * Adds a piece of memory that the data comes from or goes to.
   *
   * @param address host address, checked by the user, valid until completed
   * @param bytes its length, 1 or more
   */
  public final void addSegment(long address, int bytes) {
    if (segmentCount == segmentAddresses.length) {
      growTo(segmentCount + 1);
    }
    segmentAddresses[segmentCount] = address;
    segmentBytes[segmentCount] = bytes;
    segmentCount++;
  }

  /**
   * Gives the room for segments back that is more than this, at the end of a request that needed
   * it.
   */
  public final void keepRoomFor(int segments) {
    if (segmentAddresses.length > segments) {
      segmentAddresses = new long[segments];
      segmentBytes = new int[segments];
      segmentCount = 0;
    }
  }

  private void growTo(int needed) {
    int room = Math.max(needed, Math.max(4, segmentCount * 2));
    segmentAddresses = Arrays.copyOf(segmentAddresses, room);
    segmentBytes = Arrays.copyOf(segmentBytes, room);
  }

  /** Asks that a write be durable before it completes (FUA). */
  public final void forceUnitAccess() {
    forceUnitAccess = true;
  }

  /**
   * Allows a WRITE_ZEROES to give the storage of its blocks back, as an UNMAP does; without it they
   * stay allocated.
   */
  public final void allowUnmap() {
    mayUnmap = true;
  }

  /** Says that it goes on with a transfer that has begun: a rate limit counts no operation. */
  public final void furtherPart() {
    furtherPart = true;
  }

  /**
   * Says whether somebody waits for it and cannot wait for a rate limit: it is not held back, and
   * what it costs is owed by those that come later. Kept over {@link #begin}; {@link
   * BdevChannel#expedite} says so of a request that is submitted.
   */
  public final void expedited(boolean now) {
    expedited = now;
  }

  final boolean isFurtherPart() {
    return furtherPart;
  }

  final boolean isExpedited() {
    return expedited;
  }

  final @Nullable Object source() {
    return source;
  }

  /** Says that the submitter holds a lock: the request passes it. */
  public final void heldLock(RangeLock lock) {
    heldLock = lock;
  }

  final @Nullable RangeLock heldLock() {
    return heldLock;
  }

  /** What is asked. */
  public final IoType type() {
    return type;
  }

  /** Where on the device, in bytes. */
  public final long offsetBytes() {
    return offsetBytes;
  }

  /** How much of the device, in bytes. */
  public final long lengthBytes() {
    return lengthBytes;
  }

  /** Whether a write must be durable before it completes. */
  public final boolean isForceUnitAccess() {
    return forceUnitAccess;
  }

  /** Whether a WRITE_ZEROES may give the storage of its blocks back. */
  public final boolean mayUnmap() {
    return mayUnmap;
  }

  /** How many data segments there are; together they are {@link #lengthBytes} long. */
  public final int segmentCount() {
    return segmentCount;
  }

  /**
   * Host address of a segment.
   *
   * @param index from 0
   */
  public final long segmentAddress(int index) {
    return segmentAddresses[index];
  }

  /**
   * Length of a segment.
   *
   * @param index from 0
   */
  public final int segmentBytes(int index) {
    return segmentBytes[index];
  }

  /** Host address of the blocks' metadata, 0 when there is none. */
  public final long metadataAddress() {
    return metadataAddress;
  }

  /** Bytes really read into or written from the segments; valid when completed. */
  public final long transferredBytes() {
    return transferredBytes;
  }

  /** Where a zone append went, in bytes, or -1. */
  public final long appendedOffsetBytes() {
    return appendedOffsetBytes;
  }

  /** For the module that did a zone append: sets {@link #appendedOffsetBytes()}. */
  public final void appendedOffsetBytes(long offset) {
    appendedOffsetBytes = offset;
  }

  /**
   * For the module that does the work: a number of its own, kept while the request is submitted.
   */
  public final int moduleSlot() {
    return moduleSlot;
  }

  /** Sets {@link #moduleSlot()}. */
  public final void moduleSlot(int slot) {
    moduleSlot = slot;
  }

  /**
   * For the module that did the work: ends the request, exactly once.
   *
   * @param status how it ended
   * @param transferred bytes of data really moved
   */
  public final void complete(IoStatus status, long transferred) {
    assert state != State.FREE || channel != null : this;
    transferredBytes = transferred;
    BdevChannel owner = channel;
    if (owner != null) {
      owner.ended(this, status);
    }
    if (state != State.FREE) { // or done at once, and never anything else
      state = State.FREE;
    }
    completed(status);
  }

  @Override
  public String toString() {
    return type + " " + offsetBytes + "+" + lengthBytes + " " + state;
  }
}
