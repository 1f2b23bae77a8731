package io.millrace.nvme.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.RawMemory;
import io.millrace.nvme.bdev.DriverOnModel.Request;
import io.millrace.nvme.model.Fault;
import io.millrace.nvme.model.ModelController;
import io.millrace.nvme.model.ModelOptions;
import io.millrace.nvme.model.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random load on a controller that misbehaves at random, by a seed: every request ends exactly
 * once, and what was written is there. {@code -Dmillrace.seed=N} repeats one, {@code
 * -Dmillrace.nvme.seeds=N} plays so many.
 */
class NvmeScheduleTest {
  private static final int BLOCK = 4096;
  private static final int BLOCKS = 512;
  private static final int SLOTS = 24; // requests at once
  private static final int REQUESTS = 600;

  static LongStream seeds() {
    Long one = Long.getLong("millrace.seed");
    return one != null
        ? LongStream.of(one)
        : LongStream.rangeClosed(1, Integer.getInteger("millrace.nvme.seeds", 20));
  }

  private static final class Slot {
    Request request = new Request();
    int block;
    int blocks;
    int stamp;
    boolean busy;
  }

  private static ModelOptions model(Random random) {
    ModelOptions model = new ModelOptions().namespace(BLOCKS, 12);
    model.mqes = random.nextBoolean() ? 15 : 255;
    model.dstrd = random.nextInt(3);
    model.sgls = random.nextInt(3);
    model.mdts = 1 + random.nextInt(5);
    model.noiob = random.nextBoolean() ? 0 : 8;
    model.doorbellBuffer = random.nextBoolean();
    return model;
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void everyRequestEndsOnceAndWhatWasWrittenIsThere(long seed) throws Exception {
    Random random = new Random(seed);
    try (DriverOnModel driver = new DriverOnModel(model(random)).open("Nvme0n1")) {
      driver
          .model()
          .script()
          .random(
              seed,
              12,
              Fault.delay(1),
              Fault.delay(7),
              Fault.delay(40),
              Fault.drop(),
              Fault.wrongPhase(),
              Fault.status(Status.COMMAND_INTERRUPTED),
              Fault.status(Status.INTERNAL_ERROR));
      int[] written = new int[BLOCKS]; // stamp of each block, 0 never, -1 not known
      List<Slot> slots = new ArrayList<>();
      for (int i = 0; i < SLOTS; i++) {
        slots.add(new Slot());
      }
      for (int done = 0, next = 1; done < REQUESTS; ) {
        for (int i = 0; i < SLOTS; i++) {
          Slot slot = slots.get(i);
          if (slot.busy && slot.request.completions > 0) {
            check(driver, slot, i, written, seed);
            done++;
          }
          if (!slot.busy && random.nextInt(3) == 0 && start(driver, slots, i, random, next)) {
            next++;
          }
        }
        disturb(driver.model(), random);
        driver.step();
      }
      driver.model().fatal(false);
      driver.until("all is over", () -> driver.channel().inFlightCount() == 0);
      assertThat(slots).allMatch(s -> !s.busy || s.request.completions == 1);
      assertThat(driver.model().violations()).as("seed " + seed).isEmpty();
    }
  }

  private static void disturb(ModelController model, Random random) {
    if (random.nextInt(20_000) == 0) {
      model.fatal(true);
    } else if (random.nextInt(500) == 0) {
      model.fatal(false);
    }
  }

  private static long memory(DriverOnModel driver, int slot) {
    return driver.memory.address() + slot * 64L * BLOCK + (slot % 3) * 512L; // amid pages, too
  }

  private static boolean start(
      DriverOnModel driver, List<Slot> slots, int index, Random random, int stamp) {
    Slot slot = slots.get(index);
    int block = random.nextInt(BLOCKS - 32);
    int blocks = 1 + random.nextInt(random.nextBoolean() ? 2 : 32);
    for (Slot other : slots) {
      if (other.busy && block < other.block + other.blocks && other.block < block + blocks) {
        return false; // what overlaps has no order
      }
    }
    boolean write = random.nextBoolean();
    slot.block = block;
    slot.blocks = blocks;
    slot.stamp = write ? stamp : 0;
    slot.busy = true;
    slot.request = new Request();
    long at = memory(driver, index);
    for (int i = 0; i < blocks * BLOCK; i += Integer.BYTES) {
      RawMemory.putInt(at + i, write ? word(stamp, i) : -1);
    }
    slot.request.begin(
        write ? IoType.WRITE : IoType.READ, (long) block * BLOCK, (long) blocks * BLOCK);
    segments(slot.request, at, blocks * BLOCK, random);
    driver.channel().submit(slot.request);
    return true;
  }

  /** In one piece, or in pieces of whole sectors. */
  private static void segments(Request request, long at, int bytes, Random random) {
    int done = 0;
    while (done < bytes) {
      int piece = random.nextInt(4) == 0 ? 512 * (1 + random.nextInt(16)) : bytes;
      int count = Math.min(piece, bytes - done);
      request.addSegment(at + done, count);
      done += count;
    }
  }

  private static int word(int stamp, int offset) {
    return stamp * 0x9E3779B1 + offset % BLOCK;
  }

  private static void check(DriverOnModel driver, Slot slot, int index, int[] written, long seed) {
    assertThat(slot.request.completions).as("seed " + seed).isEqualTo(1);
    slot.busy = false;
    boolean success = slot.request.status == IoStatus.SUCCESS;
    for (int i = 0; i < slot.blocks; i++) {
      int block = slot.block + i;
      if (slot.stamp != 0) {
        written[block] = success ? slot.stamp : -1;
      } else if (success && written[block] != -1) {
        checkBlock(memory(driver, index) + (long) i * BLOCK, written[block], i, block, seed);
      }
    }
  }

  private static void checkBlock(long at, int stamp, int index, int block, long seed) {
    for (int i = 0; i < BLOCK; i += Integer.BYTES) {
      int expected = stamp == 0 ? 0 : stamp * 0x9E3779B1 + i;
      int found = RawMemory.getInt(at + i);
      if (found != expected) {
        throw new AssertionError(
            "seed %d: block %d (%d of its request), byte %d: %08x instead of %08x"
                .formatted(seed, block, index, i, found, expected));
      }
    }
  }
}
