package io.millrace.initiator.bdev;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.initiator.GuestMemory;
import java.util.BitSet;

/**
 * The queues of a device that channels may have, one each, with the memory of their slots. Any
 * thread.
 */
final class QueuePool {
  private static final int PAGE = 4096;

  private final int first; // of the device's queues
  private final long[] slotMemory;
  private final BitSet free = new BitSet(); // guarded by itself

  /**
   * All are free.
   *
   * @param memory has {@link #memoryBytes} left
   * @param first the device's queue that is the first of them
   * @param count how many
   */
  QueuePool(GuestMemory memory, int first, int count) {
    this.first = first;
    slotMemory = new long[count];
    for (int i = 0; i < count; i++) {
      slotMemory[i] = memory.allocate(VhostUserChannel.MEMORY_BYTES, PAGE);
    }
    free.set(0, count);
  }

  /** Shared memory that so many queues need. */
  static long memoryBytes(int count) {
    return count * VhostUserChannel.MEMORY_BYTES + PAGE;
  }

  /**
   * Takes a queue.
   *
   * @param bdev for whom, for messages
   */
  int take(String bdev) throws BdevException {
    synchronized (free) {
      int next = free.nextSetBit(0);
      if (next < 0) {
        throw new BdevException(
            Kind.BUSY,
            "bdev %s: all %d queues are in use by other reactors; open it with more queues"
                .formatted(bdev, slotMemory.length));
      }
      free.clear(next);
      return first + next;
    }
  }

  /** Slots of a queue that was taken. */
  long slotMemory(int queue) {
    return slotMemory[queue - first];
  }

  /** Gives a queue back; the device has nothing of it any more. */
  void giveBack(int queue) {
    synchronized (free) {
      free.set(queue - first);
    }
  }
}
