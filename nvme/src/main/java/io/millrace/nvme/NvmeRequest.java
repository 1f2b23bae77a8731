package io.millrace.nvme;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One command on its way through a queue pair: made once, filled in place for each use.
 *
 * <p>Its user calls {@link #begin}, sets what the command needs, and hands it to {@link
 * QueuePair#submit}; from then on it is the queue pair's until {@link #completed} runs, exactly
 * once for each submit and on the same reactor. Data segments are addresses of the <em>device</em>.
 */
public abstract class NvmeRequest {
  enum State {
    FREE,
    /** Not with the controller: no slot is free, the pair is not there yet, or a retry is due. */
    WAITING,
    /** The controller has it, or will with the next doorbell. */
    SENT
  }

  /** Longest data of a command, in bytes: what one page of addresses can name. */
  public static final int MAX_DATA_BYTES = 2 << 20;

  /** Most separate pieces of memory: what one page of SGL descriptors can name. */
  public static final int MAX_SEGMENTS = 256;

  private static final int FUSED_FIRST = 1 << 8;
  private static final int FUSED_SECOND = 2 << 8;

  /** Patience of a request that may take for ever. */
  static final int FOR_EVER = 0;

  int opcode; // bits 8 and 9: fused first and second
  int nsid;
  int cdw2;
  int cdw3;
  int cdw10;
  int cdw11;
  int cdw12;
  int cdw13;
  int cdw14;
  int cdw15;
  long metadataIova;

  private long[] segmentIovas;
  private int[] segmentBytes;
  private int segmentCount;
  private long dataBytes;

  // The queue pair's.
  State state = State.FREE;
  int commandId;
  int sentEpoch;
  int patience = 1; // times the queue pair's timeout
  int retries;
  long sequence;
  boolean repeatable;
  boolean abortAsked;
  boolean cancelled;
  @Nullable NvmeRequest next;
  @Nullable NvmeRequest second;

  /** A request with room for some segments; the room grows to what is needed, and stays. */
  protected NvmeRequest(int segments) {
    segmentIovas = new long[segments];
    segmentBytes = new int[segments];
  }

  /**
   * The command is done; it may be used again from inside this call.
   *
   * @param status as {@link NvmeStatus} has it
   * @param result dwords 0 (low) and 1 of the completion
   */
  protected abstract void completed(int status, long result);

  /**
   * Starts filling the request for another use, without data.
   *
   * @param opcode of {@link Opcode}
   * @param nsid namespace id, or 0
   */
  public final void begin(int opcode, int nsid) {
    assert state == State.FREE : this;
    this.opcode = opcode;
    this.nsid = nsid;
    cdw2 = 0;
    cdw3 = 0;
    cdw10 = 0;
    cdw11 = 0;
    cdw12 = 0;
    cdw13 = 0;
    cdw14 = 0;
    cdw15 = 0;
    metadataIova = 0;
    segmentCount = 0;
    dataBytes = 0;
    patience = 1;
    retries = 0;
    repeatable = true;
    abortAsked = false;
    cancelled = false;
    second = null;
  }

  /**
   * Sets the blocks of a command that has its first block in dwords 10 and 11 and their number in
   * 12.
   *
   * @param flags upper half of dword 12
   */
  public final void blocks(long first, int count, int flags) {
    cdw10 = (int) first;
    cdw11 = (int) (first >>> 32);
    cdw12 = (count - 1 & 0xffff) | flags;
  }

  /** Sets dwords 10 and 11 of any other command. */
  public final void parameters(int dword10, int dword11) {
    cdw10 = dword10;
    cdw11 = dword11;
  }

  /** Sets dword 14: the reference tag of protected blocks. */
  public final void referenceTag(int tag) {
    cdw14 = tag;
  }

  /** Says that doing it twice does harm: it is neither retried nor sent again after a reset. */
  public final void once() {
    repeatable = false;
  }

  /**
   * Adds memory that the data comes from or goes to; joins it to the last piece if it follows that.
   *
   * @param iova where the device finds it, a multiple of 4
   * @param bytes 1 or more
   */
  public final void addSegment(long iova, int bytes) {
    int last = segmentCount - 1;
    dataBytes += bytes;
    if (last >= 0 && segmentIovas[last] + segmentBytes[last] == iova) {
      segmentBytes[last] += bytes;
      return;
    }
    if (segmentCount == segmentIovas.length) {
      int room = Math.max(4, segmentCount * 2);
      segmentIovas = Arrays.copyOf(segmentIovas, room);
      segmentBytes = Arrays.copyOf(segmentBytes, room);
    }
    segmentIovas[segmentCount] = iova;
    segmentBytes[segmentCount] = bytes;
    segmentCount++;
  }

  /** Takes bytes off the end of the data. */
  public final void dropLast(int bytes) {
    dataBytes -= bytes;
    int left = bytes;
    while (left > 0) {
      int last = segmentCount - 1;
      int taken = Math.min(left, segmentBytes[last]);
      segmentBytes[last] -= taken;
      left -= taken;
      if (segmentBytes[last] == 0) {
        segmentCount--;
      }
    }
  }

  /** Takes all data off. */
  public final void clearSegments() {
    segmentCount = 0;
    dataBytes = 0;
  }

  /** Whether there is room for one more piece of memory. */
  public final boolean hasRoom() {
    return segmentCount < MAX_SEGMENTS;
  }

  /**
   * Whether data that goes on at an address has the shape of whole pages up to there; for
   * controllers without scatter gather lists.
   *
   * @param pageMask the controller's page size less one
   */
  public final boolean continuesAt(long iova, long pageMask) {
    int last = segmentCount - 1;
    if (last < 0) {
      return true;
    }
    long end = segmentIovas[last] + segmentBytes[last];
    return end == iova || ((end | iova) & pageMask) == 0;
  }

  final int segmentCount() {
    return segmentCount;
  }

  final long segmentIova(int index) {
    return segmentIovas[index];
  }

  final int segmentBytes(int index) {
    return segmentBytes[index];
  }

  /** Bytes of all its data segments. */
  public final long dataBytes() {
    return dataBytes;
  }

  /** Makes this and another one command; neither may be done twice. */
  final void fuseWith(NvmeRequest other) {
    opcode |= FUSED_FIRST;
    other.opcode |= FUSED_SECOND;
    second = other;
    repeatable = false;
    other.repeatable = false;
    other.state = State.WAITING;
  }

  /** How many commands it is: a fused one brings its second. */
  final int commandCount() {
    return second == null ? 1 : 2;
  }

  final void end(int status, long result) {
    state = State.FREE;
    completed(status, result);
  }

  @Override
  public String toString() {
    return String.format(
        "opcode %02x nsid %d cdw10 %08x %08x %08x %s",
        opcode & 0xff, nsid, cdw10, cdw11, cdw12, state);
  }
}
