package io.millrace.virtio.blk;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.EventFd;
import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;

/**
 * A load that knows every byte and every request, and goes on when its back-end does not: each of
 * its slots has blocks of its own and one request at a time. It has to be told when to poll.
 */
final class SurvivingLoad implements AutoCloseable {
  static final int DEPTH = 24;
  private static final int BLOCK = 4096;
  private static final int BLOCKS = 8; // of a slot
  private static final int SLOT_BYTES = BLOCKS * BLOCK;
  private static final int READ = 0;
  private static final int WRITE = 1;
  private static final int FLUSH = 2;

  final VirtioBlkDriver driver;
  private final BlkQueue queue;
  private final Random random;
  private final long memory;
  private final int[][] versions = new int[DEPTH][BLOCKS];
  private final boolean[] pending = new boolean[DEPTH];
  private final int[] kind = new int[DEPTH];
  private final int[] first = new int[DEPTH];
  private final int[] blocks = new int[DEPTH];
  private final boolean sleeps;
  private boolean asleep;
  private int version;
  private long completed;

  /** A load whose driver looks at the ring all the time. */
  SurvivingLoad(Path socket, long features, long seed) throws Exception {
    this(socket, options(features), seed, false);
  }

  SurvivingLoad(Path socket, BlkDriverOptions options, long seed) throws Exception {
    this(socket, options, seed, false);
  }

  /** A load whose driver, if it sleeps, looks at the ring when it was called and not before. */
  SurvivingLoad(Path socket, long features, long seed, boolean sleeps) throws Exception {
    this(socket, options(features), seed, sleeps);
  }

  private SurvivingLoad(Path socket, BlkDriverOptions options, long seed, boolean sleeps)
      throws Exception {
    this.sleeps = sleeps;
    this.random = new Random(seed);
    this.driver = VirtioBlkDriver.open(socket, options);
    this.queue = driver.queue(0);
    this.memory = driver.memory().allocate((long) DEPTH * SLOT_BYTES, BLOCK);
    for (int slot = 0; slot < DEPTH; slot++) {
      start(slot, WRITE, 0, BLOCKS); // so that every byte is known
    }
    queue.kick();
    finish();
  }

  /** Rings of both formats, with and without what drivers add to them. */
  static LongStream formats() {
    long packed = VirtioFeature.RING_PACKED;
    long usual = VirtioFeature.INDIRECT_DESC | VirtioFeature.EVENT_IDX;
    return LongStream.of(0, usual, VirtioFeature.IN_ORDER)
        .flatMap(features -> LongStream.of(features, packed | features));
  }

  /** A queue as this load needs it. */
  static BlkDriverOptions options(long features) {
    return BlkDriverOptions.defaults()
        .withFrontend(
            FrontendOptions.defaults()
                .withConnectWithin(Duration.ofSeconds(20))
                .withFeatures(VirtioFeature.VERSION_1 | 1L << 30 | features))
        .withQueues(1, 128, DEPTH);
  }

  /** Requests that are done. */
  long completed() {
    return completed;
  }

  /** Requests that a target which is dead now had not done. */
  int unfinished() {
    poll();
    return queue.inFlightCount();
  }

  /** Goes on until some more requests are done; others are in flight then. */
  void run(int requests) {
    long until = completed + requests;
    runUntil("some requests are done", () -> completed >= until);
    submit();
  }

  /** Goes on until something is so. */
  void runUntil(String what, BooleanSupplier condition) {
    BlkTarget.await(
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
        int what = random.nextInt(20);
        start(
            slot,
            what == 0 ? FLUSH : what % 2 == 0 ? READ : WRITE,
            begin,
            1 + random.nextInt(BLOCKS - begin));
      }
    }
    queue.kick();
  }

  /** Waits until nothing is in flight. */
  void finish() {
    BlkTarget.await(
        "all requests are done",
        () -> {
          poll();
          return queue.inFlightCount() == 0;
        });
  }

  private void poll() {
    if (!sleeps || isAwake()) {
      queue.poll(this::done);
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

  private long address(int slot, int block) {
    return memory + (long) slot * SLOT_BYTES + (long) block * BLOCK;
  }

  private void start(int slot, int what, int begin, int count) {
    kind[slot] = what;
    first[slot] = begin;
    blocks[slot] = count;
    long sector = ((long) slot * SLOT_BYTES + (long) begin * BLOCK) / 512;
    int bytes = what == FLUSH ? 0 : count * BLOCK;
    if (what == WRITE) {
      version++;
      for (int block = begin; block < begin + count; block++) {
        versions[slot][block] = version;
        for (int i = 0; i < BLOCK; i += 8) {
          RawMemory.putLong(address(slot, block) + i, stamp(slot, block, i));
        }
      }
    } else if (what == READ) {
      RawMemory.fill(address(slot, begin), bytes, (byte) 0xee);
    }
    int type =
        switch (what) {
          case READ -> VirtioBlk.T_IN;
          case WRITE -> VirtioBlk.T_OUT;
          default -> VirtioBlk.T_FLUSH;
        };
    if (!queue.submit(type, what == FLUSH ? 0 : sector, address(slot, begin), bytes, slot)) {
      throw new AssertionError("no room for a request of slot " + slot);
    }
    pending[slot] = true;
  }

  private long stamp(int slot, int block, int offset) {
    return (long) versions[slot][block] << 32 | slot << 20 | block << 16 | offset;
  }

  private void done(long token, int status, long writtenBytes) {
    int slot = (int) token;
    if (!pending[slot] || status != VirtioBlk.S_OK) {
      throw new AssertionError(
          "a request of slot %d ended with status %d; it was %s"
              .formatted(slot, status, pending[slot] ? "in flight" : "not in flight"));
    }
    pending[slot] = false;
    completed++;
    if (kind[slot] == READ) {
      for (int block = first[slot]; block < first[slot] + blocks[slot]; block++) {
        compare(slot, block);
      }
    }
  }

  private void compare(int slot, int block) {
    for (int i = 0; i < BLOCK; i += 8) {
      long read = RawMemory.getLong(address(slot, block) + i);
      if (read != stamp(slot, block, i)) {
        throw new AssertionError(
            "slot %d block %d at %d reads 0x%x and not 0x%x"
                .formatted(slot, block, i, read, stamp(slot, block, i)));
      }
    }
  }

  /** Reads all that was ever written. */
  void compareAll() {
    finish();
    for (int slot = 0; slot < DEPTH; slot++) {
      start(slot, READ, 0, BLOCKS);
    }
    queue.kick();
    finish();
  }

  @Override
  public void close() {
    driver.close();
  }
}
