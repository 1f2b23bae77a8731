package io.millrace.nvme;

import io.millrace.linux.RawMemory;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.nvme.pci.Registers;

/**
 * A submission and a completion queue in memory, with their doorbells (base 2.0 §3.3). Data path:
 * one thread.
 *
 * <p>Entries of the submission queue are 64 bytes, of the completion queue 16; both queues have as
 * many entries. A queue of n holds n - 1 commands.
 */
final class QueueRings {
  static final int COMPLETION_BYTES = 16;

  private static final int PHASE_SHIFT = 48; // of a completion's second word
  private static final int STATUS_SHIFT = 49;
  private static final int ID_SHIFT = 32;
  private static final int QUEUE_SHIFT = 16;

  private final DmaMemory memory;
  private final int entries;
  private final long submissions;
  private final long completions;
  private final Registers registers;
  private final int tailDoorbell;
  private final int headDoorbell;
  private long shadowTail; // host address of the shadow doorbell, 0 for none
  private long shadowHead;
  private long tailEvent; // of the event index
  private long headEvent;
  private boolean rings; // also where memory would do
  private int tail;
  private int rungTail;
  private int head;
  private int phase;

  /**
   * Queues in their own memory, which they take over.
   *
   * @param memory {@link #bytes} of it, zeroed
   * @param entries 2 or more
   * @param doorbell offset of the tail doorbell
   * @param stride from there to the head doorbell
   */
  QueueRings(DmaMemory memory, int entries, Registers registers, int doorbell, int stride) {
    this.memory = memory;
    this.entries = entries;
    this.registers = registers;
    this.submissions = memory.address();
    this.completions = submissions + completionsOffset(entries);
    this.tailDoorbell = doorbell;
    this.headDoorbell = doorbell + stride;
    reset();
  }

  /** Memory for both queues: each from a page on. */
  static long bytes(int entries) {
    return completionsOffset(entries) + pages((long) entries * COMPLETION_BYTES);
  }

  private static long completionsOffset(int entries) {
    return pages((long) entries * SubmissionEntry.BYTES);
  }

  private static long pages(long bytes) {
    return bytes + 0xffff
        & ~0xffffL; // whole pages of up to 64 KiB, the largest a controller may ask
  }

  int entries() {
    return entries;
  }

  long submissionsIova() {
    return memory.iova();
  }

  long completionsIova() {
    return memory.iova() + (completions - submissions);
  }

  /** Empties both queues; the controller does not use them. */
  void reset() {
    RawMemory.fill(memory.address(), memory.bytes(), (byte) 0);
    tail = 0;
    rungTail = 0;
    head = 0;
    phase = 1;
    shadowTail = 0;
  }

  /**
   * Has doorbells written to memory first, and to the device only when it asks (base 2.0 §5.8).
   *
   * @param shadows host address of the shadow doorbells
   * @param events host address of the event indices
   * @param offset of this queue's tail in both; the head is a stride further
   * @param both whether the device gets every write all the same: of the admin queue, not all
   *     devices look at the memory
   */
  void shadow(long shadows, long events, int offset, int stride, boolean both) {
    RawMemory.putInt(shadows + offset, tail);
    RawMemory.putInt(shadows + offset + stride, head);
    RawMemory.putInt(events + offset, tail); // an earlier queue of this id left its own there
    RawMemory.putInt(events + offset + stride, head);
    shadowTail = shadows + offset;
    shadowHead = shadowTail + stride;
    tailEvent = events + offset;
    headEvent = tailEvent + stride;
    rings = both;
  }

  /** Host address of the entry to fill next; {@link #push} hands it over. */
  long nextEntry() {
    return submissions + (long) tail * SubmissionEntry.BYTES;
  }

  /** The entry is filled. The controller learns of it at the next doorbell. */
  void push() {
    tail = tail + 1 == entries ? 0 : tail + 1;
  }

  /** Tells the controller of all entries pushed; one write for the batch, which is counted. */
  void ringTail(TransportStatistics counts) {
    int old = rungTail;
    if (tail != old) {
      rungTail = tail;
      boolean shadow = shadowTail != 0;
      boolean mmio = !shadow || mustRing(shadowTail, tailEvent, old, tail) || rings;
      if (mmio) {
        registers.write32(tailDoorbell, tail);
      }
      counts.tailRung(shadow, mmio);
    }
  }

  /**
   * The second word of the next completion; zero phase difference means that there is none. Read it
   * once: the device may be writing.
   */
  long peek() {
    return RawMemory.getLongAcquire(completions + (long) head * COMPLETION_BYTES + Long.BYTES);
  }

  /** Whether a word of {@link #peek} is that of a new completion. */
  boolean isNew(long word) {
    return ((int) (word >>> PHASE_SHIFT) & 1) == phase;
  }

  /** Dwords 0 and 1 of the completion that was peeked at. */
  long result() {
    return RawMemory.getLong(completions + (long) head * COMPLETION_BYTES);
  }

  /** The completion is taken; its entry goes back with {@link #ringHead}. */
  void pop() {
    head++;
    if (head == entries) {
      head = 0;
      phase ^= 1;
    }
  }

  /**
   * Gives the entries taken back to the controller; the write is counted.
   *
   * @param taken how many since the last time, 1 or more
   */
  void ringHead(int taken, TransportStatistics counts) {
    int old = head - taken < 0 ? head - taken + entries : head - taken;
    boolean shadow = shadowTail != 0;
    boolean mmio = !shadow || mustRing(shadowHead, headEvent, old, head) || rings;
    if (mmio) {
      registers.write32(headDoorbell, head);
    }
    counts.headRung(shadow, mmio);
  }

  private static boolean mustRing(long shadow, long event, int before, int now) {
    RawMemory.putIntRelease(shadow, now); // after the entries
    RawMemory.fullFence(); // the device stores its event index and then looks at the shadow
    int wanted = RawMemory.getInt(event) & 0xffff;
    return (now - wanted - 1 & 0xffff) < (now - before & 0xffff);
  }

  static int commandId(long word) {
    return (int) (word >>> ID_SHIFT) & 0xffff;
  }

  static int queueId(long word) {
    return (int) (word >>> QUEUE_SHIFT) & 0xffff;
  }

  static int submissionHead(long word) {
    return (int) word & 0xffff;
  }

  static int status(long word) {
    return (int) (word >>> STATUS_SHIFT);
  }

  /** The second word of a completion for messages. */
  static String text(long word) {
    return String.format(
        "id %04x of queue %d, head %d, status %s",
        commandId(word), queueId(word), submissionHead(word), NvmeStatus.text(status(word)));
  }

  /** Gives the memory back; the controller does not use it any more. */
  void close() {
    memory.close();
  }
}
