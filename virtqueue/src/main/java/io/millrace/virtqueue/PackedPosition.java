package io.millrace.virtqueue;

/**
 * A place in a packed ring with the ring wrap counter there (virtio 1.3 §2.8.1), as one number of
 * 16 bits: the index below, the counter above. Event suppression structures and vring bases have it
 * so.
 */
final class PackedPosition {
  /** Where both sides begin: index 0, counter 1. */
  static final int FIRST = 1 << 15;

  private static final int WRAP = 1 << 15;

  private PackedPosition() {}

  static int index(int position) {
    return position & ~WRAP;
  }

  /** 0 or 1. */
  static int wrap(int position) {
    return position >>> 15;
  }

  /**
   * The place some descriptors further on.
   *
   * @param descriptors 0 to {@code size}
   */
  static int plus(int position, int descriptors, int size) {
    int index = (position & ~WRAP) + descriptors;
    int wrap = position & WRAP;
    return index < size ? index | wrap : (index - size) | (wrap ^ WRAP);
  }
}
