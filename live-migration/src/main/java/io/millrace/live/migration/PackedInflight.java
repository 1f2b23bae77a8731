package io.millrace.live.migration;

/**
 * What is in flight on one packed queue ({@code QueueRegionPacked}, "Inflight I/O tracking" in
 * vhost-user.rst), in memory that outlives the back-end. One queue's, its thread's; what happens
 * for a request allocates nothing.
 *
 * <p>The back-end may die between any two stores. Fields that belong together are one store here:
 * the heads of the free list, and the positions with their wrap counters. What the specification
 * has noted before a chain is complete is noted when it is. Each field is loaded once, when the
 * region is opened: whoever shares the memory may write anything into it at any time.
 */
public final class PackedInflight {
  private final PackedRegion region;
  private final int size;
  private final int[] next; // by entry: of the free list, and of chains
  private final int[] last; // by head
  private final int[] count; // by head
  private final int[] batch; // heads that were given back and not published
  private int batchCount;
  private int freeHead;
  private int oldFreeHead;
  private int position;
  private int oldPosition;
  private long counter;
  private final PackedRecovery recovered;

  // The chain being fetched.
  private int cursor;
  private int lastAdded;
  private int added;

  private PackedInflight(PackedRegion region, PackedRecovery recovered) {
    this.region = region;
    this.size = region.size();
    this.recovered = recovered;
    next = recovered.next();
    last = recovered.last();
    count = recovered.count();
    batch = new int[size];
    counter = recovered.nextCounter();
    freeHead = recovered.freeHead();
    oldFreeHead = freeHead;
    position = recovered.position();
    oldPosition = position;
  }

  static long bytes(int size) {
    return PackedRegion.bytes(size);
  }

  /** What the ring itself says. */
  @FunctionalInterface
  public interface RingFlags {
    /**
     * Flags of a descriptor of the ring.
     *
     * @param index below the queue's size
     * @return 16 bits
     */
    int at(int index);
  }

  /**
   * Opens a queue's part of the region: one that was not of use before is begun; of any other, what
   * a back-end that died had begun is brought to its end, or taken back.
   *
   * @param address aligned to 8
   * @param size of the queue
   * @param first where a queue begins whose region was not of use: index, and wrap counter in bit
   *     15
   * @throws BadInflightException it makes no sense; nothing was written
   */
  public static PackedInflight open(long address, int size, int first, RingFlags ring)
      throws BadInflightException {
    PackedRegion region = new PackedRegion(address, size);
    PackedRecovery recovered =
        region.isFresh() ? PackedRecovery.none(size, first) : PackedRecovery.of(region, ring);
    PackedInflight opened = new PackedInflight(region, recovered);
    if (region.isFresh()) {
      region.begin(opened.next);
      opened.putPositions();
      opened.putFreeHeads();
    } else {
      recovered.clear(region);
      opened.putFreeHeads();
      opened.putPositions();
    }
    return opened;
  }

  private void putFreeHeads() {
    region.freeHeads(freeHead, oldFreeHead);
  }

  private void putPositions() {
    region.positions(position, oldPosition);
  }

  // ---- what was in flight -----------------------------------------------------------------------

  /** Chains that a back-end which died has fetched, and not shown as used. */
  public int recoveredCount() {
    return recovered.heads().length;
  }

  /**
   * One of them, in the order in which they were fetched.
   *
   * @param index 0 to {@link #recoveredCount} - 1
   * @return its first entry
   */
  public int recoveredEntry(int index) {
    return recovered.heads()[index];
  }

  /**
   * How far one of them was, as {@link #milestone} had noted it.
   *
   * @param index 0 to {@link #recoveredCount} - 1
   */
  public int recoveredMilestone(int index) {
    return recovered.milestone(recovered.heads()[index]);
  }

  /** Descriptors of a chain, 1 or more. */
  public int count(int head) {
    return count[head];
  }

  /** The entry behind one that is not the chain's last. */
  public int next(int entry) {
    return next[entry];
  }

  /** The address of a descriptor that was in flight. */
  public long descAddr(int entry) {
    return recovered.address(entry);
  }

  /** The length of a descriptor that was in flight, 32 bits. */
  public long descLen(int entry) {
    return recovered.lengthAndFlags(entry) >>> 32;
  }

  /** The flags of a descriptor that was in flight, 16 bits. */
  public int descFlags(int entry) {
    return (int) recovered.lengthAndFlags(entry) >>> 16;
  }

  /** The buffer id of a descriptor that was in flight; below the size in a chain's last one. */
  public int descId(int entry) {
    return (int) recovered.lengthAndFlags(entry) & 0xffff;
  }

  /** Where the queue goes on with what it gives back: index, and wrap counter in bit 15. */
  public int usedPosition() {
    return position;
  }

  /** Where the queue goes on with what is available: index, and wrap counter in bit 15. */
  public int availPosition() {
    int descriptors = 0;
    for (int head : recovered.heads()) {
      descriptors += count[head];
    }
    int index = (position & 0x7fff) + descriptors;
    int wrap = position & 0x8000;
    return index < size ? index | wrap : (index - size) | (wrap ^ 0x8000);
  }

  // ---- the request path -------------------------------------------------------------------------

  /** A chain is about to be taken; one that was begun before and not ended is forgotten. */
  public void begin() {
    cursor = freeHead;
    added = 0;
  }

  /** It has this descriptor, of the ring; there are never more than the queue has. */
  public void add(long address, long length, int flags, int id) {
    lastAdded = cursor;
    region.descriptor(cursor, address, length, flags, id);
    cursor = next[cursor];
    added++;
  }

  /**
   * It is complete, and was taken. All that was given back is published: the free list that a
   * back-end goes back to when this one dies may not have grown by half a batch.
   *
   * @return its first entry, by which it is given back
   */
  public int end() {
    assert batchCount == 0 : "a chain is taken amid a batch of " + batchCount;
    int head = freeHead;
    last[head] = lastAdded;
    count[head] = added;
    region.fetched(head, lastAdded, added, counter++);
    freeHead = cursor;
    oldFreeHead = cursor;
    putFreeHeads();
    return head;
  }

  /**
   * A chain that was fetched and not given back is so far.
   *
   * @param head its first entry
   * @param value 0 to 255, the device's own
   */
  public void milestone(int head, int value) {
    region.milestone(head, value);
  }

  /** A chain is given back; the driver does not see it yet. */
  public void used(int head) {
    int tail = last[head];
    next[tail] = freeHead;
    region.next(tail, freeHead);
    freeHead = head;
    putFreeHeads();
    batch[batchCount++] = head;
  }

  /**
   * The driver is about to see all that was given back.
   *
   * @param used where the next batch begins: index, and wrap counter in bit 15
   */
  public void publishing(int used) {
    position = used;
    putPositions();
  }

  /** The driver sees it. */
  public void published() {
    for (int i = 0; i < batchCount; i++) {
      region.clear(batch[i]);
    }
    batchCount = 0;
    oldFreeHead = freeHead;
    putFreeHeads();
    oldPosition = position;
    putPositions();
  }

  /** The front-end stopped the queue, nothing is in flight: the next start begins it anew. */
  public void stopped() {
    region.forget();
  }
}
