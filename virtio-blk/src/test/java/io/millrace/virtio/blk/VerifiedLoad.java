package io.millrace.virtio.blk;

import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A mixed load on one queue by a thread of its own, which knows every byte: each of its slots has
 * blocks of its own and one request at a time, writes them and compares what it reads. It sleeps
 * until it is called, so that a lost kick or call ends it.
 */
final class VerifiedLoad implements AutoCloseable {
  static final int DEPTH = 8;
  static final int SLOT_BYTES = 32 << 10; // on the disk, and of memory
  private static final int BLOCK = 4096;
  private static final int BLOCKS = SLOT_BYTES / BLOCK;
  private static final int UNKNOWN = -1;

  private final BlkQueue queue;
  private final int index;
  private final long memory;
  private final boolean keeps;
  private final Random random;
  private final int[][] versions = new int[DEPTH][BLOCKS];
  private final boolean[] pending = new boolean[DEPTH];
  private final int[] firstBlock = new int[DEPTH];
  private final int[] blocks = new int[DEPTH]; // of the request; 0 for a flush
  private final boolean[] reads = new boolean[DEPTH];
  private final Thread thread;
  private int version;
  private volatile boolean ending;
  private volatile boolean failing; // requests may fail from now on, data is not compared
  private final AtomicLong completed = new AtomicLong();
  private volatile AssertionError failure;

  /**
   * Starts.
   *
   * @param keeps whether the disk keeps what is written
   * @param seed of what it does
   */
  VerifiedLoad(VirtioBlkDriver driver, int index, boolean keeps, long seed) {
    this.queue = driver.queue(index);
    this.index = index;
    this.memory = driver.memory().allocate((long) DEPTH * SLOT_BYTES, BLOCK);
    this.keeps = keeps;
    this.random = new Random(seed);
    for (int[] slot : versions) {
      Arrays.fill(slot, UNKNOWN);
    }
    thread = Thread.ofPlatform().daemon().name("load-" + index).start(this::run);
  }

  /** Requests that are done. */
  long completed() {
    rethrow();
    return completed.get();
  }

  /** From now on requests may fail. */
  void mayFail() {
    failing = true;
  }

  private void run() {
    try {
      while (!ending) {
        submitAll();
        reap();
        if (random.nextInt(400) == 0) {
          LockSupport.parkNanos(3_000_000); // long enough for the ring to rest
        }
      }
      while (queue.inFlightCount() > 0) {
        reap();
      }
    } catch (AssertionError e) {
      failure = e;
    } catch (LinuxException | RuntimeException e) {
      failure = new AssertionError("queue " + index, e);
    }
  }

  private void submitAll() {
    for (int slot = 0; slot < DEPTH; slot++) {
      if (!pending[slot]) {
        submit(slot);
      }
    }
    queue.kick();
  }

  private void submit(int slot) {
    long sector = (long) (index * DEPTH + slot) * SLOT_BYTES / VirtioBlk.SECTOR_BYTES;
    int first = random.nextInt(BLOCKS);
    firstBlock[slot] = first;
    blocks[slot] = 1 + random.nextInt(BLOCKS - first);
    reads[slot] = random.nextBoolean();
    for (int i = 0; i < blocks[slot]; i++) {
      if (!reads[slot]) {
        versions[slot][first + i] = ++version;
        fill(slot, first + i);
      } else {
        RawMemory.putLong(address(slot, first + i), 0); // or old data would pass for new
      }
    }
    pending[slot] = true;
    boolean submitted =
        queue.submit(
            reads[slot] ? VirtioBlk.T_IN : VirtioBlk.T_OUT,
            sector + (long) first * BLOCK / VirtioBlk.SECTOR_BYTES,
            address(slot, first),
            blocks[slot] * BLOCK,
            slot);
    if (!submitted) {
      throw new AssertionError("queue " + index + " has no room for slot " + slot);
    }
  }

  private long address(int slot, int block) {
    return memory + (long) slot * SLOT_BYTES + (long) block * BLOCK;
  }

  private long word(int slot, int block, int at) {
    long place = (long) (index * DEPTH + slot) * BLOCKS + block;
    return (place << 40 | (long) versions[slot][block] << 12 | at) * 0x9e3779b97f4a7c15L;
  }

  private void fill(int slot, int block) {
    for (int at = 0; at < BLOCK; at += 8) {
      RawMemory.putLong(address(slot, block) + at, word(slot, block, at));
    }
  }

  private void reap() throws LinuxException {
    long deadline = System.nanoTime() + BlkTarget.DEADLINE_NANOS;
    while (queue.poll(this::done) == 0) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        throw new AssertionError("queue " + index + " is not called, or not served");
      }
      queue.sleep((int) left);
    }
  }

  private void done(long token, int status, long writtenBytes) {
    int slot = (int) token;
    check(pending[slot], "slot " + slot + " is answered twice");
    pending[slot] = false;
    completed.incrementAndGet();
    if (failing) {
      return;
    }
    check(status == VirtioBlk.S_OK, "slot " + slot + " ended with status " + status);
    long expected = reads[slot] ? 1 + (long) blocks[slot] * BLOCK : 1;
    check(writtenBytes == expected, "slot " + slot + ": " + writtenBytes + " bytes written");
    for (int i = 0; reads[slot] && keeps && i < blocks[slot]; i++) {
      compare(slot, firstBlock[slot] + i);
    }
  }

  private void compare(int slot, int block) {
    for (int at = 0; at < BLOCK && versions[slot][block] != UNKNOWN; at += 8) {
      long found = RawMemory.getLong(address(slot, block) + at);
      check(
          found == word(slot, block, at),
          "slot " + slot + " block " + block + " byte " + at + " of version " + version);
    }
  }

  private void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError("queue " + index + ": " + otherwise);
    }
  }

  private void rethrow() {
    AssertionError seen = failure;
    if (seen != null) {
      throw new AssertionError("the load failed", seen);
    }
  }

  /** Ends when all that is in flight is back. */
  @Override
  public void close() {
    ending = true;
    try {
      if (!thread.join(Duration.ofNanos(2 * BlkTarget.DEADLINE_NANOS))) {
        throw new AssertionError("queue " + index + " does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    rethrow();
  }
}
