package io.millrace.live.migration;

import io.millrace.linux.RawMemory;
import java.util.Arrays;

/**
 * The in-flight region of a device ("Inflight I/O tracking" in vhost-user.rst): a part for each
 * queue, one behind the other. What the specification leaves open is as QEMU and DPDK have it.
 */
public final class InflightRegion {
  static final int VERSION = 1;
  static final int VERSION_AT = 8; // u16, of each queue's part in both formats; 0: not of use yet

  private static final int ALIGNMENT = 64; // of each queue's part

  /**
   * Bytes of a note of our own behind the queues' parts, where whoever made the region had room.
   */
  public static final int NOTE_BYTES = 64;

  private static final long NOTE_MAGIC = 0x65636172_6c6c694dL; // "Millrace"
  private static final int NOTE_AT = 8; // u32

  private InflightRegion() {}

  /**
   * Bytes from the begin of one queue's part to the next one's.
   *
   * @param size descriptors of the queue
   */
  public static long queueBytes(boolean packed, int size) {
    long bytes = packed ? PackedInflight.bytes(size) : SplitInflight.bytes(size);
    return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
  }

  /** Bytes of the region of all queues, each of the same size. */
  public static long bytes(boolean packed, int queues, int size) {
    return queues * queueBytes(packed, size);
  }

  /**
   * Has a queue's part say that nothing is in flight, so that the front-end says where the queue
   * goes on. Nobody has it open.
   *
   * @param address of that part
   */
  public static void forget(long address) {
    RawMemory.putShortRelease(address + VERSION_AT, (short) 0);
  }

  /**
   * Whether a queue's part is not of use: nothing in it means anything.
   *
   * @param address of that part
   */
  public static boolean isFresh(long address) {
    return RawMemory.getShort(address + VERSION_AT) == 0;
  }

  /** Leaves a note for the back-end after this one. */
  public static void note(long address, int value) {
    RawMemory.putInt(address + NOTE_AT, value);
    RawMemory.putLongRelease(address, NOTE_MAGIC);
  }

  /** The note that a back-end left; 0 if there is none. */
  public static int noted(long address) {
    return RawMemory.getLong(address) == NOTE_MAGIC ? RawMemory.getInt(address + NOTE_AT) : 0;
  }

  // ---- what both formats ask of a part that was of use ------------------------------------------

  /** Refuses a part that is not of this version, without features, for a queue of this size. */
  static void refuseOther(int version, long features, int descriptors, int size)
      throws BadInflightException {
    if (version != VERSION || features != 0 || descriptors != (size & 0xffff)) {
      throw new BadInflightException(
          "its in-flight region is of version %d with features 0x%x for %d descriptors, and not of version %d without any for %d"
              .formatted(version, features, descriptors, VERSION, size));
    }
  }

  /** Whether an entry says that it is in flight. */
  static boolean isInFlight(int said, int entry) throws BadInflightException {
    if (said > 1) {
      throw new BadInflightException(
          "its in-flight region says %d of entry %d, which is neither yes nor no"
              .formatted(said, entry));
    }
    return said == 1;
  }

  /**
   * Those that are in flight, in the order of their counters, unsigned. Without lambdas, which cost
   * a process more the first time than all the rest of a recovery.
   */
  static int[] inOrder(boolean[] inFlight, long[] counters) {
    int[] heads = new int[inFlight.length];
    long[] keys = new long[inFlight.length];
    int count = 0;
    for (int head = 0; head < inFlight.length; head++) {
      if (inFlight[head]) {
        heads[count] = head;
        keys[count++] = counters[head] ^ Long.MIN_VALUE; // unsigned order as a signed one
      }
    }
    long[] sorted = Arrays.copyOf(keys, count);
    Arrays.sort(sorted);
    int[] inOrder = new int[count];
    int[] equal = new int[count]; // placed so far, by the place of the first of equals
    for (int i = 0; i < count; i++) {
      int place = firstOf(sorted, keys[i]);
      inOrder[place + equal[place]++] = heads[i];
    }
    return inOrder;
  }

  private static int firstOf(long[] sorted, long key) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** What the counter goes on with behind the last of those. */
  static long nextCounter(int[] inOrder, long[] counters) {
    return inOrder.length == 0 ? 0 : counters[inOrder[inOrder.length - 1]] + 1;
  }
}
