package io.millrace.initiator;

import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.UsedHandler;

/**
 * SCSI commands on one request queue (virtio 1.3 §5.6.6.1). Data-path code: one thread, no
 * allocation after construction but by {@link #sense}, nothing thrown.
 */
public final class ScsiRequestQueue extends RequestQueue {
  private static final int HEADER_BYTES = 19 + VirtioScsi.CDB_BYTES;
  private static final int RESPONSE_BYTES = 12 + VirtioScsi.SENSE_BYTES;
  static final RequestSlots.Shape SHAPE =
      new RequestSlots.Shape(HEADER_BYTES, 64, RESPONSE_BYTES, 128, true);
  private static final int RESIDUAL_AT = 4;
  private static final int STATUS_AT = 10;
  private static final int RESPONSE_AT = 11;
  private static final int SENSE_AT = 12;
  private static final byte NOT_WRITTEN = (byte) 0xee;

  private final UsedHandler usedHandler = this::used;
  private ScsiCompletion completion = (token, response, status, slot, bytes) -> {};

  ScsiRequestQueue(GuestMemory memory, DriverQueue started, int depth) {
    super(memory, started, SHAPE, depth);
  }

  /**
   * Submits a command with one data buffer, or none; the device sees it after {@link #kick}.
   *
   * @param lun of {@link VirtioScsi#lun}
   * @param tag by which it may be aborted
   * @param attribute of {@link VirtioScsi}
   * @param cdb at most 32 bytes
   * @param address host address of the data in shared memory; anything when {@code bytes} is 0
   * @param bytes of data
   * @param in whether the device stores the data
   * @param token comes back with the completion
   * @return false when {@link #depth} commands are with the device or the ring is full
   */
  public boolean submit(
      long lun,
      long tag,
      int attribute,
      byte[] cdb,
      long address,
      int bytes,
      boolean in,
      long token) {
    int slot = slots.next(address, bytes, in);
    if (slot == RequestSlots.NONE) {
      return false;
    }
    long header = slots.header(slot);
    RawMemory.putLong(header, Long.reverseBytes(lun));
    RawMemory.putLong(header + 8, tag);
    RawMemory.putByte(header + 16, (byte) attribute);
    RawMemory.putShort(header + 17, (short) 0); // prio, crn
    RawMemory.put(cdb, 0, cdb.length, header + 19);
    RawMemory.fill(header + 19 + cdb.length, VirtioScsi.CDB_BYTES - cdb.length, (byte) 0);
    RawMemory.putByte(slots.response(slot) + RESPONSE_AT, NOT_WRITTEN);
    slots.offer(slot, token);
    return true;
  }

  /**
   * Takes completions; those of commands that are done.
   *
   * @param handler called for each, may submit
   * @return how many there were
   */
  public int poll(ScsiCompletion handler) {
    completion = handler;
    return ring().reap(usedHandler, REAP_BATCH);
  }

  private void used(int head, long writtenBytes) {
    int slot = slots.returned(head);
    long response = slots.response(slot);
    completion.completed(
        slots.token(slot),
        RawMemory.getByte(response + RESPONSE_AT) & 0xff,
        RawMemory.getByte(response + STATUS_AT) & 0xff,
        slot,
        writtenBytes);
  }

  /** Sense data of a command that completes now. */
  public byte[] sense(int slot) {
    long response = slots.response(slot);
    int bytes = Math.clamp(RawMemory.getInt(response), 0, VirtioScsi.SENSE_BYTES);
    byte[] sense = new byte[bytes];
    RawMemory.get(response + SENSE_AT, sense, 0, bytes);
    return sense;
  }

  /** What the sense data of a command that completes now says: a {@link ScsiCondition}. */
  public int condition(int slot) {
    long response = slots.response(slot);
    int bytes = Math.clamp(RawMemory.getInt(response), 0, VirtioScsi.SENSE_BYTES);
    long head = Long.reverseBytes(RawMemory.getLong(response + SENSE_AT));
    int codes = Short.reverseBytes(RawMemory.getShort(response + SENSE_AT + 12)) & 0xffff;
    return ScsiCondition.of(head, codes, bytes);
  }

  /** Whether a command that completes now with CHECK CONDITION met a unit attention. */
  public boolean isAttention(int slot) {
    return ScsiCondition.key(condition(slot)) == ScsiCondition.KEY_UNIT_ATTENTION;
  }

  /** Bytes of its data that were not moved, of a command that completes now. */
  public int residual(int slot) {
    return RawMemory.getInt(slots.response(slot) + RESIDUAL_AT);
  }
}
