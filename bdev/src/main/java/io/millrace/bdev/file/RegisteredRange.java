package io.millrace.bdev.file;

import java.util.Arrays;

/**
 * A range of a guest's memory that becomes buffers of one ring, slot by slot from its start. One
 * reactor's thread; {@link #slotOf} is data path.
 */
final class RegisteredRange {
  /** No buffer. */
  static final int NO_SLOT = -1;

  /** Holds no address at all. */
  static final RegisteredRange NOTHING = new RegisteredRange(0, 0);

  /** Bytes of one buffer, but for the last of a range: {@code 1 << SLOT_SHIFT}. */
  static final int SLOT_SHIFT = 26;

  static final long SLOT_BYTES = 1L << SLOT_SHIFT;

  final long address;
  final long bytes;
  private int[] slots = {};
  private int slotCount;
  private long registeredBytes; // from the start on
  long residentBytes; // from the start on, those registered among them

  RegisteredRange(long address, long bytes) {
    this.address = address;
    this.bytes = bytes;
  }

  boolean contains(long at) {
    long offset = at - address;
    return offset >= 0 && offset < bytes;
  }

  /** The buffer that holds all of it; else {@link #NO_SLOT}. The range contains the address. */
  int slotOf(long at, int length) {
    long offset = at - address;
    long end = offset + length;
    if (end > registeredBytes) {
      return NO_SLOT;
    }
    int index = (int) (offset >>> SLOT_SHIFT);
    return index == (int) ((end - 1) >>> SLOT_SHIFT) ? slots[index] : NO_SLOT;
  }

  /** Bytes from the start on that are registered. */
  long registeredBytes() {
    return registeredBytes;
  }

  boolean isComplete() {
    return registeredBytes == bytes;
  }

  /** Bytes of the next buffer to be registered. */
  long nextBytes() {
    return Math.min(bytes - registeredBytes, SLOT_BYTES);
  }

  /** The next buffer is registered. */
  void registered(int slot) {
    if (slotCount == slots.length) {
      slots = Arrays.copyOf(slots, Math.max(4, slotCount * 2));
    }
    slots[slotCount++] = slot;
    registeredBytes += nextBytes();
  }

  int slotCount() {
    return slotCount;
  }

  int slot(int index) {
    return slots[index];
  }
}
