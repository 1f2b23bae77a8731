package io.millrace.initiator.load;

import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.RequestQueue;
import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.EventFd;
import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.VirtioFeature;
import java.util.Arrays;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;

/**
 * A load that knows every byte and every request, and goes on when its back-end does not: each of
 * its slots has blocks of its own and one request at a time. It has to be told when to poll. What a
 * request looks like is its driver's business.
 */
public abstract class SlotLoad implements AutoCloseable {
  public static final int DEPTH = 24;
  protected static final int BLOCK = 4096;
  private static final int BLOCKS = 8; // of a slot
  private static final int SLOT_BYTES = BLOCKS * BLOCK;
  private static final int DIE = 20;

  /** What a request does with its blocks. */
  protected enum Kind {
    READ,
    WRITE,
    FLUSH,
    /** They are zeroes afterwards. */
    UNMAP,
    /** Writes if they are as they were. */
    SWAP
  }

  private final RequestQueue queue;
  private final Random random;
  private final boolean sleeps;
  private final long memory;
  private final int[][] versions = new int[DEPTH][BLOCKS]; // 0 of zeroes
  private final boolean[] pending = new boolean[DEPTH];
  private final Kind[] kind = new Kind[DEPTH];
  private final int[] first = new int[DEPTH];
  private final int[] blocks = new int[DEPTH];
  private boolean asleep;
  private int version;
  private long completed;

  /**
   * A load that has not begun.
   *
   * @param memory gives room for twice the data of all slots
   * @param sleeps whether its driver looks at the ring when it was called and not before
   */
  protected SlotLoad(RequestQueue queue, GuestMemory memory, long seed, boolean sleeps) {
    this.queue = queue;
    this.random = new Random(seed);
    this.sleeps = sleeps;
    this.memory = memory.allocate(2L * DEPTH * SLOT_BYTES, BLOCK);
    Arrays.fill(kind, Kind.FLUSH);
  }

  /** Rings of both formats, with and without what drivers add to them. */
  public static LongStream formats() {
    long packed = VirtioFeature.RING_PACKED;
    long usual = VirtioFeature.INDIRECT_DESC | VirtioFeature.EVENT_IDX;
    return LongStream.of(0, usual, VirtioFeature.IN_ORDER)
        .flatMap(features -> LongStream.of(features, packed | features));
  }

  // ---- of the kind of device --------------------------------------------------------------------

  /**
   * Which request comes next.
   *
   * @param die 0 to 19
   */
  protected abstract Kind choose(int die);

  /**
   * Submits one.
   *
   * @param offset on the disk, in bytes
   * @param address of the data; of a SWAP the blocks as they are, and behind them as they shall be
   * @param bytes of the blocks
   * @param slot comes back by {@link #completed}, {@link #again} or {@link #failed}
   * @return false if there is no room for it
   */
  protected abstract boolean submit(Kind what, long offset, long address, int bytes, int slot);

  /** Takes what is done. */
  protected abstract void takeCompletions();

  // ---- the load ---------------------------------------------------------------------------------

  /** Writes all blocks, so that every byte is known. */
  protected final void begin() {
    for (int slot = 0; slot < DEPTH; slot++) {
      start(slot, Kind.WRITE, 0, BLOCKS);
    }
    queue.kick();
    finish();
  }

  /** Requests that are done. */
  public final long completed() {
    return completed;
  }

  /** Requests that a target which is dead now had not done. */
  public final int unfinished() {
    poll();
    return queue.inFlightCount();
  }

  /** Goes on until some more requests are done; others are in flight then. */
  public final void run(int requests) {
    long until = completed + requests;
    runUntil("some requests are done", () -> completed >= until);
    submit();
  }

  /** Goes on until something is so. */
  public final void runUntil(String what, BooleanSupplier condition) {
    Await.until(
        what,
        () -> {
          submit();
          poll();
          return condition.getAsBoolean();
        });
  }

  private void submit() {
    for (int slot = 0; slot < DEPTH; slot++) {
      if (!pending[slot] && random.nextInt(4) != 0) {
        int begin = random.nextInt(BLOCKS);
        Kind what = choose(random.nextInt(DIE));
        start(slot, what, begin, 1 + random.nextInt(BLOCKS - begin));
      }
    }
    queue.kick();
  }

  /** Waits until nothing is in flight. */
  public final void finish() {
    Await.until(
        "all requests are done",
        () -> {
          poll();
          return queue.inFlightCount() == 0;
        });
  }

  private void poll() {
    if (!sleeps || isAwake()) {
      takeCompletions();
    }
    if (queue.isBroken()) {
      throw new AssertionError("the device returned what it did not have");
    }
  }

  /**
   * Falls asleep where there is nothing; then only a call wakes it, whoever is at the other end.
   */
  private boolean isAwake() {
    if (!asleep) {
      asleep = queue.ring().enableCalls();
      return !asleep;
    }
    int call = queue.events().call().number();
    try {
      asleep = !DescriptorPassing.await(call, false, 0);
      if (!asleep) {
        EventFd.drain(call);
        queue.ring().disableCalls();
      }
    } catch (LinuxException e) {
      throw new AssertionError(e);
    }
    return !asleep;
  }

  private long address(int slot) {
    return memory + 2L * slot * SLOT_BYTES;
  }

  private void start(int slot, Kind what, int begin, int count) {
    kind[slot] = what;
    first[slot] = begin;
    blocks[slot] = count;
    int bytes = count * BLOCK;
    switch (what) {
      case READ -> RawMemory.fill(address(slot), bytes, (byte) 0xee);
      case WRITE -> stamp(slot, address(slot), ++version);
      case UNMAP -> stamp(slot, address(slot), 0);
      case SWAP -> {
        for (int block = 0; block < count; block++) {
          fill(slot, begin + block, address(slot) + (long) block * BLOCK);
        }
        stamp(slot, address(slot) + bytes, ++version);
      }
      case FLUSH -> {}
    }
    send(slot);
  }

  private void send(int slot) {
    long offset = (long) slot * SLOT_BYTES + (long) first[slot] * BLOCK;
    if (!submit(kind[slot], offset, address(slot), blocks[slot] * BLOCK, slot)) {
      throw new AssertionError("no room for a request of slot " + slot);
    }
    pending[slot] = true;
  }

  /** The blocks of a request have another version, and their bytes are put there. */
  private void stamp(int slot, long to, int newVersion) {
    for (int i = 0; i < blocks[slot]; i++) {
      versions[slot][first[slot] + i] = newVersion;
      fill(slot, first[slot] + i, to + (long) i * BLOCK);
    }
  }

  private void fill(int slot, int block, long to) {
    for (int i = 0; i < BLOCK; i += 8) {
      RawMemory.putLong(to + i, expected(slot, block, i));
    }
  }

  private long expected(int slot, int block, int offset) {
    long of = versions[slot][block];
    return of == 0 ? 0 : of << 32 | slot << 20 | block << 16 | offset;
  }

  /** A request is done well: what was read is compared. */
  protected final void completed(int slot) {
    ended(slot);
    if (kind[slot] == Kind.READ) {
      for (int i = 0; i < blocks[slot]; i++) {
        compare(slot, i);
      }
    }
  }

  /** A request was not done at all: it is sent once more. */
  protected final void again(int slot) {
    ended(slot);
    send(slot);
    queue.kick();
  }

  /** A request was not done well. */
  protected final AssertionError failed(int slot, String how) {
    return new AssertionError(
        "a %s of slot %d ended with %s; it was %s"
            .formatted(kind[slot], slot, how, pending[slot] ? "in flight" : "not in flight"));
  }

  private void ended(int slot) {
    if (!pending[slot]) {
      throw failed(slot, "an answer too many");
    }
    pending[slot] = false;
    completed++;
  }

  private void compare(int slot, int index) {
    int block = first[slot] + index;
    for (int i = 0; i < BLOCK; i += 8) {
      long read = RawMemory.getLong(address(slot) + (long) index * BLOCK + i);
      if (read != expected(slot, block, i)) {
        throw new AssertionError(
            "slot %d block %d at %d reads 0x%x and not 0x%x"
                .formatted(slot, block, i, read, expected(slot, block, i)));
      }
    }
  }

  /** Reads all that was ever written. */
  public final void compareAll() {
    finish();
    for (int slot = 0; slot < DEPTH; slot++) {
      start(slot, Kind.READ, 0, BLOCKS);
    }
    queue.kick();
    finish();
  }

  /** Ends its driver. */
  @Override
  public abstract void close();
}
