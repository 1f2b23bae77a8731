package io.millrace.virtio.blk;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.DirtyPages;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VringLayout;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Random;

/**
 * A guest all of whose bytes are known, before and after a slice of load: which pages a device has
 * to have marked, and which it may have.
 */
final class LoggedGuest implements AutoCloseable {
  private static final int PAGE = 4096;
  private static final int DATA_BYTES = 1 << 20;
  private static final int MOST_BYTES = 48 << 10; // of a request
  private static final int DEPTH = 64;
  private static final int SURE_BYTES = 16; // so many random ones are not there by chance
  private static final long SECTORS = BlkTarget.DISK_BYTES / 512;

  final VirtioBlkDriver driver;
  final DirtyPages pages;
  private final Random random;
  private final GuestMemory memory;
  private final BlkQueue queue;
  private final VringLayout ring;
  private final RingFormat format;
  private final long data;
  private final int control; // first page of it
  private final BitSet must = new BitSet(); // have been marked
  private final BitSet may = new BitSet();
  private final BitSet changes = new BitSet(); // the bytes of: some are others afterwards
  private byte[] before = new byte[0]; // all data
  private int requests; // that are done in this slice
  private boolean marking; // requests from now on have to be marked

  LoggedGuest(Path socket, BlkDriverOptions options, long seed) throws Exception {
    random = new Random(seed);
    driver =
        VirtioBlkDriver.open(
            socket, options.withQueues(1, 1024, DEPTH).withMemory(DATA_BYTES + PAGE, true));
    memory = driver.memory();
    queue = driver.queue(0);
    ring = queue.ring().layout();
    format = RingFormat.of(driver.frontend().features());
    data = memory.allocate(DATA_BYTES, PAGE);
    control = page(data - PAGE - DEPTH * 128L);
    pages = DirtyPages.create(GuestMemory.DEFAULT_GUEST_ADDRESS + memory.size());
  }

  /** Fills all data with other bytes and remembers them; the queue is stopped. */
  void prepare() {
    before = new byte[DATA_BYTES];
    random.nextBytes(before);
    RawMemory.put(before, 0, DATA_BYTES, data);
    must.clear();
    may.clear();
    changes.clear();
    requests = 0;
    pages.take();
  }

  /** Starts the queue where it stopped. */
  void resume(boolean logged) throws Exception {
    marking = logged;
    noteRing(queue.ring().base(), 0);
    driver.frontend().resumeQueue(queue.events(), ring, queue.ring().base());
  }

  /** Stops the queue: what the device does to memory is done. */
  void suspend() throws Exception {
    driver.frontend().stopQueue(0);
  }

  /** Switches the log amid whatever runs; from now on its marks are due, or are not. */
  void logging(boolean on) throws Exception {
    driver.frontend().logging(on);
    marking = on;
  }

  /** Submits some requests of all kinds. */
  void submit(int count) {
    int base = queue.ring().base();
    for (int i = 0; i < count; i++) {
      submitOne();
    }
    noteRing(base, count);
    queue.kick();
  }

  private void submitOne() {
    int kind = random.nextInt(10);
    int bytes = 512 * (1 + random.nextInt(MOST_BYTES / 512));
    long address = data + random.nextInt(DATA_BYTES - bytes + 1);
    long sector = random.nextLong(SECTORS - MOST_BYTES / 512);
    switch (kind) {
      case 0, 1, 2 -> submit(VirtioBlk.T_OUT, sector, address, bytes);
      case 3 -> submit(VirtioBlk.T_FLUSH, 0, 0, 0);
      case 4 -> {
        submit(VirtioBlk.T_GET_ID, 0, address, 20);
        written(address, 20);
      }
      case 5 -> submit(VirtioBlk.T_IN, SECTORS, address, bytes); // beyond the end
      case 6, 7 -> gather(sector);
      default -> {
        submit(VirtioBlk.T_IN, sector, address, bytes);
        written(address, bytes);
      }
    }
  }

  private void submit(int type, long sector, long address, int bytes) {
    BlkTarget.await(
        "there is room",
        () -> {
          queue.poll(this::completed);
          int expected = sector == SECTORS ? VirtioBlk.S_IOERR : VirtioBlk.S_OK;
          return queue.submit(type, sector, address, bytes, expected);
        });
  }

  /** A read into pieces of any length. */
  private void gather(long sector) {
    int count = 2 + random.nextInt(4);
    long[] addresses = new long[count];
    int[] lengths = new int[count];
    int left = 512 * (1 + random.nextInt(20));
    for (int i = 0; i < count; i++) {
      int most = left - (count - 1 - i);
      lengths[i] = i == count - 1 ? left : 1 + random.nextInt(most);
      left -= lengths[i];
      addresses[i] = data + random.nextInt(DATA_BYTES - lengths[i] + 1);
      written(addresses[i], lengths[i]);
    }
    BlkTarget.await(
        "there is room",
        () -> {
          queue.poll(this::completed);
          return queue.submitGathered(
              VirtioBlk.T_IN, sector, addresses, lengths, count, VirtioBlk.S_OK);
        });
  }

  /** Waits until all is done. */
  void reap() {
    BlkTarget.await(
        "all is done",
        () -> {
          queue.poll(this::completed);
          return queue.inFlightCount() == 0;
        });
  }

  /** Status bytes are in the control blocks, which lie before the data. */
  private void completed(long expected, int status, long bytes) {
    if (status != expected) {
      throw new AssertionError("status " + status + " instead of " + expected);
    }
    may.set(control, page(data));
    requests++;
  }

  private int page(long hostAddress) {
    return (int) (memory.guest(hostAddress) / PAGE);
  }

  /** The device writes bytes of data. */
  private void written(long address, int bytes) {
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
  private void noteRing(int base, int chains) {
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
  void check(BitSet marked, boolean logged) {
    BitSet changed = changed();
    BitSet missing = minus(logged ? union(must, changed) : must, marked);
    BitSet surplus = minus(marked, may);
    if (logged && requests > 0 && marked.get(control, page(data)).isEmpty()) {
      throw new AssertionError("no status byte was marked");
    }
    BitSet unchanged = minus(marked, changed);
    unchanged.and(changes);
    if (!missing.isEmpty() || !surplus.isEmpty() || !unchanged.isEmpty()) {
      throw new AssertionError(
          "not marked %s; marked and not written %s; marked and not changed %s; ring at page %d, data from %d"
              .formatted(missing, surplus, unchanged, page(ring.desc()), page(data)));
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
    driver.close();
    pages.close();
  }
}
