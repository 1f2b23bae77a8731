package io.millrace.linux;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An answer of one of VFIO's info calls: a structure that says how long it should have been, with a
 * chain of capabilities behind it. Valid as long as the arena.
 *
 * @param address where it is
 * @param bytes how many of it the kernel filled
 */
record VfioInfo(long address, int bytes) {
  /** Enough for what kernels say today; a longer answer is asked for again. */
  private static final int USUAL_BYTES = 1024;

  private static final int MOST_BYTES = 1 << 20;

  /**
   * Asks.
   *
   * @param index what is asked about, at offset 8; ignored by calls without one
   */
  static VfioInfo ask(Arena arena, FileDescriptor fd, int request, int index, String what)
      throws LinuxException {
    int bytes = USUAL_BYTES;
    while (true) {
      long address = arena.allocate(bytes, Long.BYTES).address();
      RawMemory.putInt(address + VfioAbi.ARGSZ, bytes);
      RawMemory.putInt(address + VfioAbi.REGION_INDEX, index);
      LinuxException.check(VfioAbi.ioctl(fd, request, address), "ask for", what);
      int wanted = RawMemory.getInt(address + VfioAbi.ARGSZ);
      if (wanted <= bytes) {
        return new VfioInfo(address, bytes);
      }
      if (wanted > MOST_BYTES) {
        throw new LinuxException("ask for " + what, Errno.E2BIG.number());
      }
      bytes = wanted;
    }
  }

  int flags() {
    return RawMemory.getInt(address + VfioAbi.FLAGS);
  }

  int getInt(int offset) {
    return RawMemory.getInt(address + offset);
  }

  long getLong(int offset) {
    return RawMemory.getLong(address + offset);
  }

  /**
   * The pairs of longs in a capability that has a count of them and then the pairs; null without
   * the capability. Pairs beyond the answer are left out.
   *
   * @param first offset of the first capability, 0 for none
   * @param id the capability
   * @param countOffset of the count in the capability
   * @param pairsOffset of the first pair in it
   */
  @Nullable List<long[]> pairs(int first, int id, int countOffset, int pairsOffset) {
    int capability = capability(first, id);
    if (capability == 0 || capability > bytes - pairsOffset) {
      return null;
    }
    int count = getInt(capability + countOffset);
    List<long[]> pairs = new ArrayList<>();
    int at = capability + pairsOffset;
    for (int i = 0; i < count && at <= bytes - 2 * Long.BYTES; i++) {
      pairs.add(new long[] {getLong(at), getLong(at + Long.BYTES)});
      at += 2 * Long.BYTES;
    }
    return pairs;
  }

  /** Offset of the capability with this id; 0 if there is none. The chain only goes forward. */
  private int capability(int first, int id) {
    int last = 0;
    int at = first;
    while (at > last && at <= bytes - VfioAbi.CAP_HEADER_BYTES) {
      if ((RawMemory.getShort(address + at) & 0xffff) == id) {
        return at;
      }
      last = at;
      at = getInt(at + VfioAbi.CAP_NEXT);
    }
    return 0;
  }
}
