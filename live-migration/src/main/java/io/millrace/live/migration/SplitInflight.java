package io.millrace.live.migration;

import io.millrace.linux.RawMemory;
import java.util.Arrays;

/**
 * What is in flight on one split queue ({@code QueueRegionSplit}, "Inflight I/O tracking" in
 * vhost-user.rst), in memory that outlives the back-end. One queue's, its thread's; what happens
 * for a request allocates nothing.
 *
 * <p>The back-end may die between any two stores. Whoever shares the memory may write anything into
 * it at any time: each field is loaded once, when the region is opened, and never again.
 */
public final class SplitInflight {
  private static final int FEATURES_AT = 0; // u64
  private static final int VERSION_AT = InflightRegion.VERSION_AT; // u16
  private static final int DESC_NUM_AT = 10; // u16
  private static final int LAST_BATCH_HEAD_AT = 12; // u16
  private static final int USED_IDX_AT = 14; // u16
  private static final int ENTRIES_AT = 16;

  private static final int ENTRY = 16; // bytes
  private static final int INFLIGHT_AT = 0; // u8, and padding
  private static final int MILESTONE_AT = 1; // u8 of our own, in the padding
  private static final int NEXT_AT = 6; // u16
  private static final int COUNTER_AT = 8; // u64

  private static final int U16 = 0xffff;

  private final long address;
  private final int size;
  private final int[] batch; // heads that were given back and not published
  private int batchCount;
  private int lastBatchHead;
  private long counter;
  private int[] recovered = {};
  private byte[] milestones = {}; // by head, of those that were recovered
  private int availIndex;
  private boolean fresh;

  private SplitInflight(long address, int size) {
    this.address = address;
    this.size = size;
    this.batch = new int[size];
  }

  static long bytes(int size) {
    return ENTRIES_AT + (long) ENTRY * size;
  }

  /**
   * Opens a queue's part of the region: one that was not of use before is begun; of any other, what
   * a back-end that died had begun is brought to its end.
   *
   * @param address aligned to 8
   * @param size of the queue
   * @param usedIdx as the used ring has it
   * @throws BadInflightException it makes no sense; nothing was written
   */
  public static SplitInflight open(long address, int size, int usedIdx)
      throws BadInflightException {
    SplitInflight region = new SplitInflight(address, size);
    int version = u16(address + VERSION_AT);
    if (version == 0) {
      region.begin(usedIdx);
    } else {
      region.recover(version, usedIdx);
    }
    return region;
  }

  private static int u16(long at) {
    return RawMemory.getShort(at) & U16;
  }

  private long entry(int head) {
    return address + ENTRIES_AT + (long) head * ENTRY;
  }

  private void begin(int usedIdx) {
    fresh = true;
    availIndex = usedIdx;
    RawMemory.fill(address, bytes(size), (byte) 0);
    RawMemory.putShort(address + DESC_NUM_AT, (short) size);
    RawMemory.putShort(address + USED_IDX_AT, (short) usedIdx);
    RawMemory.putShortRelease(address + VERSION_AT, (short) InflightRegion.VERSION);
  }

  private void recover(int version, int usedIdx) throws BadInflightException {
    long features = RawMemory.getLong(address + FEATURES_AT);
    InflightRegion.refuseOther(version, features, u16(address + DESC_NUM_AT), size);
    boolean[] live = new boolean[size];
    long[] counters = new long[size];
    milestones = new byte[size];
    for (int head = 0; head < size; head++) {
      int said = RawMemory.getByte(entry(head) + INFLIGHT_AT) & 0xff;
      live[head] = InflightRegion.isInFlight(said, head);
      counters[head] = RawMemory.getLong(entry(head) + COUNTER_AT);
      milestones[head] = RawMemory.getByte(entry(head) + MILESTONE_AT);
    }
    int[] published = lastBatch(usedIdx);
    for (int head : published) {
      live[head] = false;
    }
    // Nothing was written until here.
    for (int head : published) {
      RawMemory.putShortRelease(entry(head) + INFLIGHT_AT, (short) 0);
    }
    RawMemory.putShortRelease(address + USED_IDX_AT, (short) usedIdx);
    recovered = InflightRegion.inOrder(live, counters);
    counter = InflightRegion.nextCounter(recovered, counters);
    availIndex = (usedIdx + recovered.length) & U16;
  }

  /**
   * Those that the driver was shown as used, and that may still be noted as in flight: as many as
   * the used ring went on by. Without any the list means nothing, and its head, 0 at first, is that
   * of a chain which may well be in flight (spdk#3766).
   */
  private int[] lastBatch(int usedIdx) throws BadInflightException {
    int noted = u16(address + USED_IDX_AT);
    int count = (usedIdx - noted) & U16;
    if (count > size) {
      throw new BadInflightException(
          "its in-flight region knows the used ring up to %d, which is at %d"
              .formatted(noted, usedIdx));
    }
    int[] heads = new int[count];
    boolean[] seen = new boolean[size];
    int head = u16(address + LAST_BATCH_HEAD_AT);
    for (int i = 0; i < count; i++) {
      if (head >= size || seen[head]) {
        throw new BadInflightException(
            "its in-flight region has no list of the last %d used descriptors: %d is beyond its end or in it twice"
                .formatted(count, head));
      }
      seen[head] = true;
      heads[i] = head;
      head = u16(entry(head) + NEXT_AT);
    }
    return heads;
  }

  /** Whether it was not of use before: then it does not say where the queue stands. */
  public boolean isFresh() {
    return fresh;
  }

  /** Chains that a back-end which died has fetched, and not shown as used. */
  public int recoveredCount() {
    return recovered.length;
  }

  /**
   * One of them, in the order in which they were fetched.
   *
   * @param index 0 to {@link #recoveredCount} - 1
   * @return its head, below the queue's size
   */
  public int recoveredHead(int index) {
    return recovered[index];
  }

  /**
   * How far one of them was, as {@link #milestone} had noted it.
   *
   * @param index 0 to {@link #recoveredCount} - 1
   */
  public int recoveredMilestone(int index) {
    return milestones[recovered[index]] & 0xff;
  }

  /** Where the queue goes on in the available ring, 0 to 65535. */
  public int availIndex() {
    return availIndex;
  }

  /** A chain was taken from the available ring. */
  public void fetched(int head) {
    long entry = entry(head);
    RawMemory.putLong(entry + COUNTER_AT, counter++);
    RawMemory.putShortRelease(entry + INFLIGHT_AT, (short) 1); // at its first milestone, 0
  }

  /**
   * A chain that was fetched and not given back is so far.
   *
   * @param value 0 to 255, the device's own
   */
  public void milestone(int head, int value) {
    RawMemory.putShortRelease(entry(head) + INFLIGHT_AT, (short) (1 | value << 8));
  }

  /** A chain is given back; the driver does not see it yet. */
  public void used(int head) {
    RawMemory.putShort(entry(head) + NEXT_AT, (short) lastBatchHead);
    RawMemory.putShortRelease(address + LAST_BATCH_HEAD_AT, (short) head);
    lastBatchHead = head;
    batch[batchCount++] = head;
  }

  /** The driver sees all that was given back. */
  public void published(int usedIdx) {
    for (int i = 0; i < batchCount; i++) {
      // Release: behind the index that shows it.
      RawMemory.putShortRelease(entry(batch[i]) + INFLIGHT_AT, (short) 0);
    }
    batchCount = 0;
    RawMemory.putShortRelease(address + USED_IDX_AT, (short) usedIdx);
  }

  /** The front-end stopped the queue, nothing is in flight: the next start begins it anew. */
  public void stopped() {
    InflightRegion.forget(address);
  }

  @Override
  public String toString() {
    return "in flight: " + Arrays.toString(recovered);
  }
}
