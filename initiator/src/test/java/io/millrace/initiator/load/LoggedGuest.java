package io.millrace.initiator.load;

import io.millrace.initiator.DirtyPages;
import io.millrace.initiator.Frontend;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.RequestQueue;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VringLayout;
import java.util.BitSet;
import java.util.Random;
import java.util.function.BooleanSupplier;

/**
 * A guest all of whose bytes are known, before and after a slice of load: which pages a device has
 * to have marked, and which it may have. What its requests are is its driver's business.
 */
public abstract class LoggedGuest implements AutoCloseable {
  protected static final int PAGE = 4096;
  protected static final int DATA_BYTES = 1 << 20;
  public static final int DEPTH = 64;

  private static final int SURE_BYTES = 16; // so many random ones are not there by chance

  public final DirtyPages pages;
  protected final Random random;
  protected final long data;
  private final RequestQueue queue;
  private final Frontend frontend;
  private final GuestMemory memory;
  private final RingFormat format;
  private final int firstControl; // page of what requests have beside their data
  private final int endOfControl;
  private final BitSet must = new BitSet(); // have been marked
  private final BitSet may = new BitSet();
  private final BitSet changes = new BitSet(); // the bytes of: some are others afterwards
  private byte[] before = new byte[0]; // all data
  private int requests; // that are done in this slice
  private boolean marking; // requests from now on have to be marked

  /**
   * A guest with its device stopped or running, whose data is allocated last.
   *
   * @param beforeData bytes between the queue's control blocks and the data
   * @param controlBytes of those, one behind the other
   */
  protected LoggedGuest(
      RequestQueue queue,
      GuestMemory memory,
      Frontend frontend,
      long seed,
      long beforeData,
      long controlBytes)
      throws Exception {
    this.queue = queue;
    this.memory = memory;
    this.frontend = frontend;
    random = new Random(seed);
    format = RingFormat.of(frontend.features());
    data = memory.allocate(DATA_BYTES, PAGE);
    firstControl = page(data - beforeData - PAGE - controlBytes);
    endOfControl = page(data - beforeData);
    pages = DirtyPages.create(GuestMemory.DEFAULT_GUEST_ADDRESS + memory.size());
  }

  // ---- of the kind of device --------------------------------------------------------------------

  /** Submits one request of any kind, which says by {@link #written} what it writes. */
  protected abstract void submitOne();

  /** Takes what is done, each by {@link #completed}. */
  protected abstract void takeCompletions();

  /** Starts all queues where they stopped; each says so by {@link #noteRing}. */
  protected abstract void resumeQueues() throws Exception;

  /** Stops all queues: what the device does to memory is done. */
  public abstract void suspend() throws Exception;

  /** Whatever the device tells by itself, amid a slice. */
  protected abstract void unasked() throws Exception;

  // ---- a slice ----------------------------------------------------------------------------------

  /** Fills all data with other bytes and remembers them; the queues are stopped. */
  final void prepare() {
    before = new byte[DATA_BYTES];
    random.nextBytes(before);
    RawMemory.put(before, 0, DATA_BYTES, data);
    must.clear();
    may.clear();
    changes.clear();
    requests = 0;
    pages.take();
  }

  final void resume(boolean logged) throws Exception {
    marking = logged;
    resumeQueues();
  }

  /** Switches the log amid whatever runs; from now on its marks are due, or are not. */
  final void logging(boolean on) throws Exception {
    frontend.logging(on);
    marking = on;
  }

  final void giveLog() throws Exception {
    pages.giveTo(frontend);
  }

  /** Submits some requests of all kinds. */
  final void submit(int count) throws Exception {
    int base = queue.ring().base();
    for (int i = 0; i < count; i++) {
      submitOne();
    }
    noteRing(queue.ring().layout(), base, count);
    queue.kick();
    unasked();
  }

  /** Waits for room for a request, and submits it. */
  protected final void submit(BooleanSupplier one) {
    Await.until(
        "there is room",
        () -> {
          takeCompletions();
          return one.getAsBoolean();
        });
  }

  /** Waits until all is done. */
  final void reap() {
    Await.until(
        "all is done",
        () -> {
          takeCompletions();
          return queue.inFlightCount() == 0;
        });
  }

  /** A request is done: its response is in the control blocks. */
  protected final void completed() {
    may.set(firstControl, endOfControl);
    requests++;
  }

  private int page(long hostAddress) {
    return (int) (memory.guest(hostAddress) / PAGE);
  }

  /** The device writes bytes. */
  protected final void written(long address, int bytes) {
    int first = page(address);
    int last = page(address + bytes - 1);
    may.set(first, last + 1);
    for (int page = first; page <= last; page++) {
      long from = (long) page * PAGE;
      long at = memory.guest(address);
      if (Math.min(from + PAGE, at + bytes) - Math.max(from, at) >= SURE_BYTES) {
        changes.set(page);
      }
    }
    if (marking) {
      must.set(first, last + 1);
    }
  }

  /** The device writes what it uses of a ring that stood at a base, and its wish for kicks. */
  protected final void noteRing(VringLayout ring, int base, int chains) {
    boolean split = format == RingFormat.SPLIT;
    BitSet ringPages = new BitSet();
    if (split) {
      for (int i = 0; i < chains; i++) {
        long entry = ring.used() + 4 + 8L * ((base + i) & (ring.size() - 1));
        ringPages.set(page(entry), page(entry + 7) + 1); // it may lie across two
      }
    } else if (chains > 0) {
      ringPages.set(page(ring.desc() + 16L * (base & 0x7fff)));
      may.set(page(ring.desc()), page(ring.desc() + 16L * ring.size() - 1) + 1);
    }
    may.or(ringPages);
    may.set(page(ring.used())); // flags, index, event suppression
    may.set(page(ring.used() + 4 + (split ? 8L * ring.size() : 0))); // the event index
    if (marking) {
      must.or(ringPages);
      if (split && chains > 0) {
        must.set(page(ring.used())); // its index
      }
    }
  }

  /** Pages of data whose bytes are others than before: none but those of the reads. */
  private BitSet changed() {
    byte[] now = new byte[DATA_BYTES];
    RawMemory.get(data, now, 0, DATA_BYTES);
    BitSet changed = new BitSet();
    for (int i = 0; i < DATA_BYTES; i++) {
      if (now[i] != before[i]) {
        changed.set(page(data + i));
      }
    }
    return changed;
  }

  /**
   * Compares what was marked with what was written.
   *
   * @param logged all of the time; else from some time on
   */
  final void check(BitSet marked, boolean logged) {
    BitSet changed = changed();
    BitSet missing = minus(logged ? union(must, changed) : must, marked);
    BitSet surplus = minus(marked, may);
    if (logged && requests > 0 && marked.get(firstControl, endOfControl).isEmpty()) {
      throw new AssertionError("no response was marked");
    }
    BitSet unchanged = minus(marked, changed);
    unchanged.and(changes);
    unchanged.clear(0, page(data));
    if (!missing.isEmpty() || !surplus.isEmpty() || !unchanged.isEmpty()) {
      throw new AssertionError(
          "not marked %s; marked and not written %s; marked and not changed %s; ring at page %d, data from %d"
              .formatted(
                  missing, surplus, unchanged, page(queue.ring().layout().desc()), page(data)));
    }
  }

  private static BitSet union(BitSet one, BitSet other) {
    BitSet all = (BitSet) one.clone();
    all.or(other);
    return all;
  }

  private static BitSet minus(BitSet of, BitSet without) {
    BitSet left = (BitSet) of.clone();
    left.andNot(without);
    return left;
  }

  @Override
  public void close() {
    pages.close();
  }
}
