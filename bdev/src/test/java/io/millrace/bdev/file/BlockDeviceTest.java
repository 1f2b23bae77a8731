package io.millrace.bdev.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Discarding and zeroing on a block device, seen in the file below it. */
@ParameterizedClass
@EnumSource(
    value = FileEngineKind.class,
    names = {"IO_URING", "THREADS"})
class BlockDeviceTest {
  private static final int MIB = 1 << 20;

  /** What the file system may need more to note the holes, far less than a discarded range. */
  private static final int EXTENT_TREE = 1 << 16;

  @Parameter FileEngineKind engine;
  @TempDir Path directory;
  private final BlockDevices devices = new BlockDevices();
  private final byte[] data = new byte[8 * MIB];
  private Path below;
  private Path device;

  @BeforeEach
  void makeDevice() throws Exception {
    assumeTrue(BlockDevices.available(), "needs root and loop devices");
    new Random(3).nextBytes(data);
    below = directory.resolve("below.img");
    Files.write(below, data);
    device = devices.loop(below, 512);
  }

  @AfterEach
  void takeDown() throws Exception {
    devices.takeDown();
  }

  private FileBdevOptions options() {
    return FileBdevOptions.of("disk", device).withEngine(engine);
  }

  private long allocatedBytes() throws Exception {
    return 512 * Long.parseLong(BlockDevices.run("stat", "-c", "%b", below.toString()));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void discardedRangesAreGivenBackAndTheirNeighboursStay(boolean direct) throws Exception {
    try (FileDisk disk = new FileDisk(options().withDirect(direct))) {
      long before = allocatedBytes();
      TestIo[] unmaps = new TestIo[4];
      for (int i = 0; i < unmaps.length; i++) {
        unmaps[i] = disk.prepare(IoType.UNMAP, 2L * i * MIB, MIB);
        disk.channel.submit(unmaps[i]);
      }
      disk.await(unmaps);

      assertThat(unmaps).allMatch(u -> u.status() == IoStatus.SUCCESS);
      for (int i = 0; i < 4; i++) {
        int from = (2 * i + 1) * MIB;
        assertThat(disk.read(from, MIB)).isEqualTo(Arrays.copyOfRange(data, from, from + MIB));
      }
      assertThat(disk.flush()).isEqualTo(IoStatus.SUCCESS);
      assertThat(allocatedBytes()).isLessThan(before - 4 * MIB + EXTENT_TREE);
    }
  }

  @Test
  void durableDiscardIsSyncedToo() throws Exception {
    try (FileDisk disk = new FileDisk(options().withWriteThrough(true))) {
      assertThat(disk.run(disk.prepare(IoType.UNMAP, 0, MIB))).isEqualTo(IoStatus.SUCCESS);
      assertThat(disk.run(disk.prepare(IoType.WRITE_ZEROES, MIB, MIB))).isEqualTo(IoStatus.SUCCESS);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void zeroedRangesReadAsZeroesAtOnce(boolean direct) throws Exception {
    try (FileDisk disk = new FileDisk(options().withDirect(direct))) {
      assertThat(disk.run(disk.prepare(IoType.WRITE_ZEROES, 512, MIB))).isEqualTo(IoStatus.SUCCESS);

      byte[] expected = Arrays.copyOf(data, 2 * MIB);
      Arrays.fill(expected, 512, 512 + MIB, (byte) 0);
      assertThat(disk.read(0, 2 * MIB)).isEqualTo(expected);
    }
  }

  @Test
  void discardsAreMadeByThreadsThatEndWithTheDisk() throws Exception {
    try (FileDisk disk = new FileDisk(options())) {
      disk.run(disk.prepare(IoType.UNMAP, 0, MIB));

      assertThat(fileThreads()).isPositive();
    }
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (fileThreads() > 0) {
      assertThat(System.nanoTime()).as("threads ended").isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private static long fileThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("test-file-"))
        .count();
  }
}
