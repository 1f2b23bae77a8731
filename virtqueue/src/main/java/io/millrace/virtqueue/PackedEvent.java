package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;

/**
 * Layout of {@code struct pvirtq_event_suppress}, virtio 1.3 §2.8.14: one side's wish to be
 * notified by the other. A position in the low, flags in the high half, loaded and stored as one.
 */
final class PackedEvent {
  static final int BYTES = 4;

  private static final int ENABLE = 0;
  private static final int DISABLE = 1;
  private static final int AT_POSITION = 2; // only with EVENT_IDX

  private PackedEvent() {}

  static void enable(long event) {
    RawMemory.putInt(event, ENABLE << 16);
  }

  static void disable(long event) {
    RawMemory.putInt(event, DISABLE << 16);
  }

  /** With EVENT_IDX for the descriptor at that position, else for any. */
  static void enable(long event, boolean eventIdx, int position) {
    if (eventIdx) {
      RawMemory.putInt(event, position | AT_POSITION << 16);
    } else {
      enable(event);
    }
  }

  /**
   * Whether the other side wants to be told that the ring went on. Whatever it stored there means
   * something; what makes no sense means yes.
   *
   * @param eventIdx whether EVENT_IDX was negotiated
   * @param now position after the last descriptor that was written
   * @param descriptors how many the ring went on by, 1 to {@code size}
   */
  static boolean isWanted(long event, boolean eventIdx, int now, int descriptors, int size) {
    int wish = RawMemory.getInt(event);
    int flags = wish >>> 16 & 3;
    if (flags == DISABLE) {
      return false;
    }
    if (flags != AT_POSITION || !eventIdx) {
      return true;
    }
    int position = wish & 0xffff;
    int index = PackedPosition.index(now);
    // A position of the lap before lies a ring's length behind.
    boolean sameLap = PackedPosition.wrap(position) == PackedPosition.wrap(now);
    int event0 = PackedPosition.index(position) - (sameLap ? 0 : size);
    return SplitDeviceQueue.needEvent(event0, index, index - descriptors);
  }
}
