package io.millrace.bdev.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.file.FileFailurePolicy.OnError;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OpenFlag;
import io.millrace.linux.RawMemory;
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

/** {@code on-error=retry}: the user of a disk whose storage fails waits until it works again. */
@ParameterizedClass
@EnumSource(
    value = FileEngineKind.class,
    names = {"IO_URING", "THREADS"})
class OnErrorRetryTest {
  private static final int MIB = 1 << 20;
  private static final long DEADLINE_NANOS = 30_000_000_000L;

  @Parameter FileEngineKind engine;
  @TempDir Path directory;
  private final BlockDevices devices = new BlockDevices();
  private Path room;

  @BeforeEach
  void mountSmallFileSystem() throws Exception {
    assumeTrue(BlockDevices.available(), "needs root to mount a small file system");
    room = devices.tmpfs(directory, MIB);
  }

  @AfterEach
  void takeDown() throws Exception {
    devices.takeDown();
  }

  private FileBdevOptions retrying(Path path) {
    return FileBdevOptions.of("disk", path)
        .withEngine(engine)
        .withFailures(new FileFailurePolicy(OnError.RETRY, 0));
  }

  private static Path sparse(Path directory) throws Exception {
    Path path = directory.resolve("disk.img");
    try (FileDescriptor fd = LinuxFiles.open(path, OpenFlag.READ_WRITE, OpenFlag.CREATE)) {
      LinuxFiles.truncate(fd, 8 * MIB);
    }
    return path;
  }

  private static byte[] noise(int length) {
    byte[] data = new byte[length];
    new Random(7).nextBytes(data);
    return data;
  }

  /** A write that needs more room than there is. */
  private static TestIo largeWrite(FileDisk disk, byte[] data) {
    RawMemory.put(data, 0, data.length, disk.at(8 * MIB));
    TestIo write = disk.transfer(IoType.WRITE, MIB, data.length, 8 * MIB);
    disk.channel.submit(write);
    return write;
  }

  private static void awaitHeld(FileDisk disk, int count) {
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    while (disk.bdev.log().heldCount() != count) {
      assertThat(System.nanoTime()).as("%s requests held", count).isLessThan(deadline);
      disk.step();
    }
  }

  private static void runFor(FileDisk disk, long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() < end) {
      disk.step();
    }
  }

  @Test
  void writesThatFindNoRoomWaitForItWhileOthersPass() throws Exception {
    byte[] data = noise(4 * MIB);
    Path image = sparse(room);
    try (FileDisk disk = new FileDisk(retrying(image))) {
      assertThat(disk.write(0, new byte[4096])).isEqualTo(IoStatus.SUCCESS);
      TestIo held = largeWrite(disk, data);
      awaitHeld(disk, 1);

      runFor(disk, 500_000_000); // it is tried again, and fails again
      assertThat(held.isDone()).isFalse();
      assertThat(disk.read(0, 4096)).containsOnly(0);
      assertThat(disk.write(0, new byte[4096])).isEqualTo(IoStatus.SUCCESS);
      assertThat(disk.flush()).isEqualTo(IoStatus.SUCCESS);

      devices.resizeTmpfs(room, 16 * MIB);
      disk.await(held);

      assertThat(held.status()).isEqualTo(IoStatus.SUCCESS);
      assertThat(held.transferredBytes()).isEqualTo(data.length);
      assertThat(disk.bdev.log().heldCount()).isZero();
      assertThat(disk.channel.statistics().failures(IoStatus.NO_SPACE)).isZero();
    }
    assertThat(Arrays.copyOfRange(Files.readAllBytes(image), MIB, 5 * MIB)).isEqualTo(data);
  }

  @Test
  void heldWriteCanBeCancelledAndTheDiskClosed() throws Exception {
    try (FileDisk disk = new FileDisk(retrying(sparse(room)))) {
      TestIo first = largeWrite(disk, noise(4 * MIB));
      TestIo second = largeWrite(disk, noise(4 * MIB));
      awaitHeld(disk, 2);

      disk.channel.cancel(second);
      disk.await(second);

      assertThat(second.status()).isEqualTo(IoStatus.ABORTED);
      assertThat(first.isDone()).isFalse();
      disk.channel.cancel(first);
      disk.await(first);
      assertThat(first.status()).isEqualTo(IoStatus.ABORTED);
      runFor(disk, 300_000_000);
      assertThat(first.completions()).isEqualTo(1);
      assertThat(disk.bdev.log().heldCount()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void readsBeyondATruncatedImageWaitUntilItIsWhole(boolean direct) throws Exception {
    Path image = sparse(directory);
    Files.write(image, noise(8 * MIB));
    try (FileDisk disk = new FileDisk(retrying(image).withDirect(direct));
        FileDescriptor fd = LinuxFiles.open(image, OpenFlag.READ_WRITE)) {
      LinuxFiles.truncate(fd, MIB);
      TestIo read = disk.transfer(IoType.READ, MIB - 4096, 8192, MIB + 1);
      disk.channel.submit(read);
      awaitHeld(disk, 1);
      assertThat(disk.read(0, 4096)).isEqualTo(Arrays.copyOf(noise(8 * MIB), 4096));

      LinuxFiles.truncate(fd, 8 * MIB);
      disk.await(read);

      assertThat(read.status()).isEqualTo(IoStatus.SUCCESS);
      byte[] both = new byte[8192];
      RawMemory.get(read.segmentAddress(0), both, 0, 8192);
      byte[] expected = new byte[8192];
      System.arraycopy(noise(8 * MIB), MIB - 4096, expected, 0, 4096);
      assertThat(both).isEqualTo(expected);
    }
  }

  @Test
  void directWritesThatADeviceFailsWaitUntilItWorks() throws Exception {
    byte[] data = noise(4 * MIB);
    Path device = devices.loop(sparse(room), 512);
    try (FileDisk disk = new FileDisk(retrying(device).withDirect(true))) {
      TestIo held = largeWrite(disk, data);
      awaitHeld(disk, 1);

      devices.resizeTmpfs(room, 16 * MIB);
      disk.await(held);

      assertThat(held.status()).isEqualTo(IoStatus.SUCCESS);
      assertThat(disk.read(MIB, data.length)).isEqualTo(data);
    }
  }

  @Test
  void failedFlushIsReportedAndWhatIsHeldIsGivenUp() throws Exception {
    Path device = devices.loop(sparse(room), 512);
    try (FileDisk disk = new FileDisk(retrying(device))) {
      TestIo cached = largeWrite(disk, noise(4 * MIB));
      disk.await(cached);
      assertThat(cached.status()).isEqualTo(IoStatus.SUCCESS);

      assertThat(disk.flush()).isEqualTo(IoStatus.IO_ERROR);

      assertThat(disk.bdev.hasFailed()).isTrue();
      assertThat(disk.bdev.log().heldCount()).isZero();
      assertThat(disk.write(0, new byte[512])).isEqualTo(IoStatus.IO_ERROR);
    }
  }
}
