package io.millrace.initiator;

import io.millrace.virtqueue.DriverRing;
import java.util.Arrays;

/**
 * The requests of one queue: each has a slot with memory for what it has beside its data, and a
 * chain that stays built when it is done, so that the next one of the same direction and buffer
 * only fills in its header: a load generator must not be what is measured. Data path; one thread.
 */
final class RequestSlots {
  static final int NONE = -1;

  private static final int NO_CHAIN = DriverRing.NONE;

  /**
   * What requests have beside their data: the headers of all slots, and behind them the responses.
   * Small ones share lines, so that a batch takes few from one core's cache to the other's.
   *
   * @param headerBytes that the device reads
   * @param headerStride from one slot's header to the next one's
   * @param responseBytes that the device writes
   * @param responseStride from one slot's response to the next one's
   * @param responseFirst whether that comes before the data that the device writes
   */
  record Shape(
      int headerBytes,
      int headerStride,
      int responseBytes,
      int responseStride,
      boolean responseFirst) {
    private static final long LINE = 64;

    /** Bytes that requests have beside their data, a multiple of 64. */
    long controlBytes(int depth) {
      return responsesAt(depth) + wholeLines((long) responseStride * depth);
    }

    private long responsesAt(int depth) {
      return wholeLines((long) headerStride * depth);
    }

    private static long wholeLines(long bytes) {
      return (bytes + LINE - 1) & -LINE;
    }
  }

  private final GuestMemory memory;
  private final DriverRing ring;
  private final long headers;
  private final long responses;
  private final Shape shape;
  private final int[] chains; // by slot: head of its chain or NO_CHAIN
  private final int[] slots; // by head
  private final long[] tokens; // by slot
  private final long[] chainAddress; // by slot: what its chain was built for
  private final int[] chainBytes;
  private final boolean[] chainWritable;
  private final int[] freeSlots;
  private int freeCount;

  /**
   * Slots without chains.
   *
   * @param control host address of the shape's memory for this depth, aligned to 64
   * @param depth most requests at once
   */
  RequestSlots(GuestMemory memory, DriverRing ring, long control, Shape shape, int depth) {
    this.memory = memory;
    this.ring = ring;
    headers = control;
    responses = control + shape.responsesAt(depth);
    this.shape = shape;
    chains = new int[depth];
    Arrays.fill(chains, NO_CHAIN);
    slots = new int[ring.size()];
    tokens = new long[depth];
    chainAddress = new long[depth];
    chainBytes = new int[depth];
    chainWritable = new boolean[depth];
    freeSlots = new int[depth];
    for (int i = 0; i < depth; i++) {
      freeSlots[i] = depth - 1 - i;
    }
    freeCount = depth;
  }

  /** Most requests at once. */
  int depth() {
    return chains.length;
  }

  /** Requests with the device. */
  int inFlightCount() {
    return chains.length - freeCount;
  }

  /** Host address of a slot's header. */
  long header(int slot) {
    return headers + (long) slot * shape.headerStride;
  }

  /** Host address of a slot's response. */
  long response(int slot) {
    return responses + (long) slot * shape.responseStride;
  }

  /**
   * The slot for the next request, its chain built for one data buffer or none; {@link #offer} is
   * to follow.
   *
   * @param writable whether the device writes the data
   * @return {@link #NONE} when all requests are with the device or the ring is full
   */
  int next(long address, int bytes, boolean writable) {
    if (freeCount == 0) {
      return NONE;
    }
    int slot = freeSlots[freeCount - 1];
    boolean asBuilt =
        chains[slot] != NO_CHAIN
            && chainAddress[slot] == address
            && chainBytes[slot] == bytes
            && chainWritable[slot] == writable;
    return asBuilt || build(slot, address, bytes, writable) ? slot : NONE;
  }

  /** The same for several data buffers. */
  int nextGathered(long[] addresses, int[] bytes, int count, boolean writable) {
    if (freeCount == 0) {
      return NONE;
    }
    int slot = freeSlots[freeCount - 1];
    if (!begin(slot, count + 2)) {
      return NONE;
    }
    addHeader(slot, writable);
    for (int i = 0; i < count; i++) {
      ring.add(memory.guest(addresses[i]), bytes[i], writable);
    }
    addResponse(slot, writable);
    chainBytes[slot] = -1; // matches no later request
    return slot;
  }

  private boolean build(int slot, long address, int bytes, boolean writable) {
    if (!begin(slot, bytes == 0 ? 2 : 3)) {
      return false;
    }
    addHeader(slot, writable);
    if (bytes != 0) {
      ring.add(memory.guest(address), bytes, writable);
    }
    addResponse(slot, writable);
    chainAddress[slot] = address;
    chainBytes[slot] = bytes;
    chainWritable[slot] = writable;
    return true;
  }

  private void addHeader(int slot, boolean writable) {
    ring.add(memory.guest(header(slot)), shape.headerBytes, false);
    if (writable && shape.responseFirst) {
      ring.add(memory.guest(response(slot)), shape.responseBytes, true);
    }
  }

  private void addResponse(int slot, boolean writable) {
    if (!writable || !shape.responseFirst) {
      ring.add(memory.guest(response(slot)), shape.responseBytes, true);
    }
  }

  /** A chain for a slot in place of its old one; chains of idle slots give way to it. */
  private boolean begin(int slot, int buffers) {
    release(slot);
    int head = ring.begin(buffers);
    for (int i = 0; head == NO_CHAIN && i < freeCount; i++) {
      release(freeSlots[i]);
      head = ring.begin(buffers);
    }
    if (head == NO_CHAIN) {
      return false;
    }
    chains[slot] = head;
    slots[head] = slot;
    return true;
  }

  private void release(int slot) {
    if (chains[slot] != NO_CHAIN) {
      ring.free(chains[slot]);
      chains[slot] = NO_CHAIN;
    }
  }

  /** Gives a slot's request to the device, its header filled. */
  void offer(int slot, long token) {
    freeCount--;
    tokens[slot] = token;
    ring.offer(chains[slot]);
  }

  /** The slot of a chain that came back, which is free again. */
  int returned(int head) {
    int slot = slots[head];
    freeSlots[freeCount++] = slot;
    return slot;
  }

  long token(int slot) {
    return tokens[slot];
  }
}
