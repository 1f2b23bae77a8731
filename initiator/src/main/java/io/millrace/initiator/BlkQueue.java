package io.millrace.initiator;

import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.UsedHandler;

/**
 * Block requests on one queue (virtio 1.3 §5.2.6). Data-path code: one thread, no allocation after
 * construction, nothing thrown.
 */
public final class BlkQueue extends RequestQueue {
  static final RequestSlots.Shape SHAPE = new RequestSlots.Shape(16, 16, 1, 16, false);

  private final boolean poisonStatus;
  private final UsedHandler usedHandler = this::used;
  private BlkCompletion completion = (token, status, bytes) -> {};

  /**
   * Makes the requests of a started queue.
   *
   * @param memory holds ring, control blocks and data
   * @param started with the shape's control memory
   * @param depth most requests at once
   * @param poisonStatus whether to see when the device does not write a status
   */
  BlkQueue(GuestMemory memory, DriverQueue started, int depth, boolean poisonStatus) {
    super(memory, started, SHAPE, depth);
    this.poisonStatus = poisonStatus;
  }

  /**
   * Submits a request with one data buffer, or none; the device sees it after {@link #kick}.
   *
   * @param type of {@link VirtioBlk}
   * @param sector first sector of 512 bytes
   * @param address host address of the data in shared memory; anything when {@code bytes} is 0
   * @param bytes of data
   * @param token comes back with the completion
   * @return false when {@link #depth} requests are with the device or the ring is full
   */
  public boolean submit(int type, long sector, long address, int bytes, long token) {
    return start(slots.next(address, bytes, VirtioBlk.deviceWrites(type)), type, sector, token);
  }

  /**
   * Submits a request whose data is in several buffers.
   *
   * @param addresses host addresses of the buffers in shared memory
   * @param bytes their lengths
   * @param count how many of them, 1 or more
   * @return as {@link #submit}
   */
  public boolean submitGathered(
      int type, long sector, long[] addresses, int[] bytes, int count, long token) {
    int slot = slots.nextGathered(addresses, bytes, count, VirtioBlk.deviceWrites(type));
    return start(slot, type, sector, token);
  }

  private boolean start(int slot, int type, long sector, long token) {
    if (slot == RequestSlots.NONE) {
      return false;
    }
    long header = slots.header(slot);
    RawMemory.putLong(header, Integer.toUnsignedLong(type)); // and the reserved field
    RawMemory.putLong(header + 8, sector);
    if (poisonStatus) {
      RawMemory.putByte(slots.response(slot), (byte) VirtioBlk.S_NOT_WRITTEN);
    }
    slots.offer(slot, token);
    return true;
  }

  /**
   * Takes completions; those of requests that are done.
   *
   * @param handler called for each, may submit
   * @return how many there were
   */
  public int poll(BlkCompletion handler) {
    completion = handler;
    return ring().reap(usedHandler, REAP_BATCH);
  }

  private void used(int head, long writtenBytes) {
    int slot = slots.returned(head);
    int status = RawMemory.getByte(slots.response(slot)) & 0xff;
    completion.completed(slots.token(slot), status, writtenBytes);
  }
}
