package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;

/**
 * A guess at the chain that a driver with one request at a time offers next. Its first descriptor,
 * what that points to, and where the chain ends or its table is are lines of another core's, each
 * known only when one before is here. Asked for together with the ring's entry they come at once,
 * and so do those that the answer is stored to ({@code docs/hot-path.md}).
 *
 * <p>Drivers take the descriptors that came back last, or the free ones in turn, and use the memory
 * of one request for the next. A wrong guess costs some loads. One queue's and its thread's.
 */
final class ExpectedChain {
  private static final int LINE_SHIFT = 6; // of 64 bytes

  private boolean known;
  private int head;
  private int step; // from the head before to that one

  @SuppressWarnings("UnusedVariable")
  private long touched; // of no meaning: keeps the compiler from leaving out the loads

  /** A chain was taken. */
  void was(int taken) {
    step = taken - head;
    head = taken;
    known = true;
  }

  /** The memory that the last chain was in may be gone. */
  void forget() {
    known = false;
  }

  /**
   * Loads where the next chain is likely to be, and asks for where its answer is likely to go.
   *
   * @param desc the descriptor table
   * @param mask of its indexes
   * @param last the chain taken before, if one was
   * @param element its used element, as {@link DescriptorChain#prefetchAnswer} wants it
   */
  void touch(long desc, int mask, DescriptorChain last, long element) {
    if (known) {
      last.prefetchAnswer(element); // first: a line that header and answer share comes once
      long bits = word(desc + (long) ((head + step) & mask) * VirtqDesc.SIZE);
      if (last.count() > 0) {
        long header = last.address(0);
        long end = header + last.bytes(0) - 1;
        bits ^= word(header);
        if ((header ^ end) >>> LINE_SHIFT != 0) {
          bits ^= word(end);
        }
        if (!last.indirect) {
          bits ^= word(desc + (long) ((head + step + last.count() - 1) & mask) * VirtqDesc.SIZE);
        } else if (last.tableHost != 0) {
          bits ^= word(last.tableHost);
        }
      }
      touched = bits;
    }
  }

  /**
   * Of the word around an address, so that it is in one page. A kind of load that the walk makes
   * too: one that was never made yet when this is compiled stays a call for ever.
   */
  private static long word(long address) {
    return RawMemory.getLongAcquire(address & -Long.BYTES);
  }
}
