package io.millrace.bdev.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.file.FileFailurePolicy.OnError;
import io.millrace.linux.RawMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code io-timeout}: on a frozen file system, where every write hangs until it is thawed. */
@ParameterizedClass
@EnumSource(
    value = FileEngineKind.class,
    names = {"IO_URING", "THREADS"})
class IoTimeoutTest {
  private static final int MIB = 1 << 20;
  private static final int REQUESTS = 40;
  private static final long DEADLINE_NANOS = 30_000_000_000L;

  @Parameter FileEngineKind engine;
  @TempDir Path directory;
  private final BlockDevices devices = new BlockDevices();
  private Path mounted;
  private Path image;

  @BeforeEach
  void mountFileSystem() throws Exception {
    assumeTrue(BlockDevices.available(), "needs root to mount and freeze a file system");
    mounted = devices.ext4(directory, 32 * MIB);
    image = mounted.resolve("disk.img");
    Files.write(image, new byte[MIB]);
  }

  @AfterEach
  void takeDown() throws Exception {
    devices.takeDown();
  }

  private FileBdevOptions options(OnError onError, int timeoutSeconds) {
    return FileBdevOptions.of("disk", image)
        .withEngine(engine)
        .withFailures(new FileFailurePolicy(onError, timeoutSeconds));
  }

  /**
   * Writes to blocks of their own, each full of a byte of its own. The first hangs before the
   * others come: an io_uring worker that finds several writes to a file takes all of them, and then
   * none can be cancelled.
   */
  private static TestIo[] submitWrites(FileDisk disk) throws Exception {
    disk.step(); // so that the reactor's clock goes
    TestIo[] writes = new TestIo[REQUESTS];
    for (int i = 0; i < REQUESTS; i++) {
      RawMemory.fill(disk.at(4096L * i), 4096, (byte) (i + 1));
      writes[i] = disk.transfer(IoType.WRITE, 4096L * i, 4096, 4096L * i);
      disk.channel.submit(writes[i]);
      if (i == 0) {
        awaitHang(disk);
      }
    }
    return writes;
  }

  /** Steps until a thread of this process waits uninterruptibly, proc(5). */
  private static void awaitHang(FileDisk disk) throws Exception {
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    while (!aThreadHangs()) {
      assertThat(System.nanoTime()).as("a thread that hangs").isLessThan(deadline);
      disk.step();
    }
  }

  private static boolean aThreadHangs() throws Exception {
    try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
      return tasks.anyMatch(IoTimeoutTest::hangs);
    }
  }

  private static boolean hangs(Path task) {
    try {
      String name = Files.readString(task.resolve("comm"));
      String stat = Files.readString(task.resolve("stat"));
      boolean ours = name.startsWith("iou-wrk") || name.startsWith("test-file");
      return ours && stat.substring(stat.lastIndexOf(')')).startsWith(") D");
    } catch (IOException e) {
      return false; // it has ended meanwhile
    }
  }

  private static long done(TestIo[] writes) {
    return Arrays.stream(writes).filter(TestIo::isDone).count();
  }

  private static void stepUntilDone(FileDisk disk, TestIo[] writes, long count) {
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    while (done(writes) < count) {
      assertThat(System.nanoTime()).as("%s requests done", count).isLessThan(deadline);
      disk.step();
    }
  }

  @Test
  void whatTheKernelHasNotBegunFailsAndTheRestStaysOutstandingUntilItEnds() throws Exception {
    try (FileDisk disk = new FileDisk(options(OnError.REPORT, 1))) {
      devices.freeze(mounted);
      long start = System.nanoTime();
      TestIo[] writes = submitWrites(disk);

      stepUntilDone(disk, writes, 1);
      assertThat(System.nanoTime() - start).isBetween(1_000_000_000L, DEADLINE_NANOS);
      for (int i = 0; i < 1000; i++) {
        disk.step();
      }

      assertThat(done(writes)).isLessThan(REQUESTS); // some hang in the kernel
      assertThat(writes).filteredOn(TestIo::isDone).allMatch(w -> w.status() == IoStatus.IO_ERROR);
      devices.thaw();
      disk.await(writes);
      for (int i = 0; i < REQUESTS; i++) {
        int expected = writes[i].status() == IoStatus.SUCCESS ? i + 1 : 0;
        assertThat(disk.read(4096L * i, 4096)).containsOnly(expected);
      }
    }
  }

  @Test
  void withRetryTheyAllSucceedOnceTheStorageIsBack() throws Exception {
    try (FileDisk disk = new FileDisk(options(OnError.RETRY, 1))) {
      devices.freeze(mounted);
      TestIo[] writes = submitWrites(disk);
      long deadline = System.nanoTime() + DEADLINE_NANOS;
      while (disk.bdev.log().heldCount() == 0) {
        assertThat(System.nanoTime()).as("a request held").isLessThan(deadline);
        disk.step();
      }
      assertThat(done(writes)).isZero();

      devices.thaw();
      disk.await(writes);

      assertThat(writes).allMatch(w -> w.status() == IoStatus.SUCCESS);
      for (int i = 0; i < REQUESTS; i++) {
        assertThat(disk.read(4096L * i, 4096)).containsOnly(i + 1);
      }
    }
  }

  @Test
  void withoutATimeoutRequestsTakeAsLongAsTheyTakeAndCanBeCancelled() throws Exception {
    try (FileDisk disk = new FileDisk(options(OnError.REPORT, 0))) {
      devices.freeze(mounted);
      TestIo[] writes = submitWrites(disk);
      long end = System.nanoTime() + 1_500_000_000L;
      while (System.nanoTime() < end) {
        disk.step();
      }
      assertThat(done(writes)).isZero();

      for (TestIo write : writes) {
        disk.channel.cancel(write);
      }
      stepUntilDone(disk, writes, REQUESTS - FileThreads.THREADS);

      assertThat(writes).filteredOn(TestIo::isDone).allMatch(w -> w.status() == IoStatus.ABORTED);
      devices.thaw();
      disk.await(writes);
    }
  }
}
