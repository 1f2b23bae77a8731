package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;

/**
 * A split ring as the bytes it is: whatever a driver could write into it, and what a device wrote.
 * Nothing is checked, so that a hostile driver can be played; {@link SplitDriverRing} is the one to
 * use otherwise.
 *
 * @param layout where the ring lies here
 */
public record RingMemory(VringLayout layout) {
  /** Descriptor flag: the chain goes on. */
  public static final int NEXT = VirtqDesc.F_NEXT;

  /** Descriptor flag: the device writes the buffer. */
  public static final int WRITE = VirtqDesc.F_WRITE;

  /** Descriptor flag: the buffer is a table of descriptors. */
  public static final int INDIRECT = VirtqDesc.F_INDIRECT;

  /** Stores a descriptor of the ring's own table; {@code bytes} is unsigned. */
  public void descriptor(int index, long guestAddress, int bytes, int flags, int next) {
    VirtqDesc.put(layout.desc() + (long) index * VirtqDesc.SIZE, guestAddress, bytes, flags, next);
  }

  /** Stores a descriptor of an indirect table at a host address. */
  public static void descriptorAt(
      long table, int index, long guestAddress, int bytes, int flags, int next) {
    VirtqDesc.put(table + (long) index * VirtqDesc.SIZE, guestAddress, bytes, flags, next);
  }

  /** Stores an entry of the available ring. */
  public void avail(int slot, int head) {
    VirtqAvail.ring(layout.avail(), slot & (layout.size() - 1), head);
  }

  /** Stores the available index, after everything stored before. */
  public void availIdx(int idx) {
    VirtqAvail.idxRelease(layout.avail(), idx);
    RawMemory.fullFence();
  }

  /** Stores the flags of the available ring. */
  public void availFlags(int flags) {
    VirtqAvail.flags(layout.avail(), flags);
  }

  /** The used index, 0 to 65535. */
  public int usedIdx() {
    return VirtqUsed.idxAcquire(layout.used());
  }

  /** Head in an entry of the used ring. */
  public int usedHead(int slot) {
    return (int) VirtqUsed.element(layout.used(), slot & (layout.size() - 1));
  }

  /** Bytes written in an entry of the used ring. */
  public long usedBytes(int slot) {
    return VirtqUsed.element(layout.used(), slot & (layout.size() - 1)) >>> 32;
  }
}
