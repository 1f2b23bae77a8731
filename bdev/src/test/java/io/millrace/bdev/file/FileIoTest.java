package io.millrace.bdev.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.Mapping;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.OpenFlag;
import io.millrace.linux.RawMemory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads and writes on a real file, byte for byte, by either engine. */
@ParameterizedClass
@EnumSource(
    value = FileEngineKind.class,
    names = {"IO_URING", "THREADS"})
class FileIoTest {
  private static final int MIB = 1 << 20;
  private static final int SIZE = 16 * MIB;

  @Parameter FileEngineKind engine;
  @TempDir Path directory;
  private Path image;

  @BeforeEach
  void createImage() throws Exception {
    image = directory.resolve("disk.img");
    try (FileDescriptor fd = LinuxFiles.open(image, OpenFlag.READ_WRITE, OpenFlag.CREATE)) {
      LinuxFiles.truncate(fd, SIZE);
    }
  }

  private FileBdevOptions options() {
    return FileBdevOptions.of("disk", image).withEngine(engine);
  }

  private static byte[] random(int seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /**
   * Adds {@code length} bytes as segments of random lengths, misaligned when wanted; returns the
   * end in memory.
   */
  private static long scatter(
      FileDisk disk, BdevIo io, Random random, long memory, int length, int unit) {
    long at = memory;
    int left = length;
    while (left > 0) {
      int bytes = Math.min(left, (1 + random.nextInt(64)) * unit);
      at += (long) random.nextInt(3) * unit;
      io.addSegment(disk.at(at), bytes);
      at += bytes;
      left -= bytes;
    }
    return at;
  }

  private static void fill(BdevIo io, byte[] data) {
    int at = 0;
    for (int i = 0; i < io.segmentCount(); i++) {
      RawMemory.put(data, at, io.segmentBytes(i), io.segmentAddress(i));
      at += io.segmentBytes(i);
    }
  }

  private static byte[] content(BdevIo io) {
    byte[] data = new byte[(int) io.lengthBytes()];
    int at = 0;
    for (int i = 0; i < io.segmentCount(); i++) {
      RawMemory.get(io.segmentAddress(i), data, at, io.segmentBytes(i));
      at += io.segmentBytes(i);
    }
    return data;
  }

  @ParameterizedTest
  @CsvSource({"false, 512", "false, 1", "true, 512", "true, 1", "true, 7"})
  void randomRequestsMatchAModelOfTheDisk(boolean direct, int unit) throws Exception {
    Random random = new Random(unit);
    byte[] model = new byte[SIZE];
    try (FileDisk disk = new FileDisk(options().withDirect(direct))) {
      for (int i = 0; i < 400; i++) {
        int length = 512 * (1 + random.nextInt(i % 20 == 0 ? 1200 : 60));
        int offset = 512 * random.nextInt((SIZE - length) / 512);
        boolean write = random.nextBoolean();
        TestIo io = disk.prepare(write ? IoType.WRITE : IoType.READ, offset, length);
        scatter(disk, io, random, 0, length, unit);
        if (write) {
          byte[] data = random(i, length);
          fill(io, data);
          System.arraycopy(data, 0, model, offset, length);
        }
        assertThat(disk.run(io)).isEqualTo(IoStatus.SUCCESS);
        assertThat(io.transferredBytes()).isEqualTo(length);
        assertThat(content(io)).isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
      }
      assertThat(disk.flush()).isEqualTo(IoStatus.SUCCESS);
    }
    assertThat(Files.readAllBytes(image)).isEqualTo(model);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void moreRequestsAtOnceThanTheRingAndTheBuffersHoldAllComplete(boolean direct) throws Exception {
    int count = 3000;
    TestIo[] requests = new TestIo[count];
    try (FileDisk disk = new FileDisk(options().withDirect(direct))) {
      for (int i = 0; i < count; i++) {
        requests[i] =
            disk.transfer(IoType.WRITE, 4096L * i, 4096, 4098L * i + 1); // misaligned memory
        RawMemory.fill(disk.at(4098L * i + 1), 4096, (byte) (i % 251));
        disk.channel.submit(requests[i]);
      }
      assertThat(disk.channel.inFlightCount()).isEqualTo(count);

      disk.await(requests);

      assertThat(disk.channel.statistics().operations(IoType.WRITE)).isEqualTo(count);
      assertThat(disk.channel.statistics().bytes(IoType.WRITE)).isEqualTo(4096L * count);
    }
    byte[] content = Files.readAllBytes(image);
    for (int i = 0; i < count; i++) {
      assertThat(content[4096 * i + 4095]).as("block %s", i).isEqualTo((byte) (i % 251));
    }
  }

  @Test
  void requestOfTheMostSegmentsIsOne() throws Exception {
    try (FileDisk disk = new FileDisk(options())) {
      TestIo io = disk.prepare(IoType.WRITE, 0, 1024 * 512);
      for (int i = 0; i < 1024; i++) {
        RawMemory.fill(disk.at(1024L * i), 512, (byte) i);
        io.addSegment(disk.at(1024L * i), 512);
      }

      assertThat(disk.run(io)).isEqualTo(IoStatus.SUCCESS);

      assertThat(disk.read(512L * 300, 512)).containsOnly(300 & 0xff);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void unmappedAndZeroedBlocksReadAsZeroes(boolean writeThrough) throws Exception {
    try (FileDisk disk = new FileDisk(options().withWriteThrough(writeThrough))) {
      disk.write(0, random(1, MIB));

      assertThat(disk.run(disk.prepare(IoType.UNMAP, 4096, 8192))).isEqualTo(IoStatus.SUCCESS);
      assertThat(disk.run(disk.prepare(IoType.WRITE_ZEROES, 65_536, 1024)))
          .isEqualTo(IoStatus.SUCCESS);

      assertThat(disk.read(4096, 8192)).containsOnly(0);
      assertThat(disk.read(65_536, 1024)).containsOnly(0);
      assertThat(disk.read(0, 4096)).isEqualTo(Arrays.copyOf(random(1, MIB), 4096));
      assertThat(disk.channel.statistics().bytes(IoType.UNMAP)).isEqualTo(8192);
    }
    assertThat(image).hasSize(SIZE);
  }

  @Test
  void forcedWritesFlushesAndReadOnlyFlushesSucceed() throws Exception {
    try (FileDisk disk = new FileDisk(options())) {
      TestIo forced = disk.transfer(IoType.WRITE, 0, 4096, 0);
      forced.forceUnitAccess();

      assertThat(disk.run(forced)).isEqualTo(IoStatus.SUCCESS);
      assertThat(disk.flush()).isEqualTo(IoStatus.SUCCESS);
    }
    try (FileDisk disk = new FileDisk(options().withReadOnly(true))) {
      assertThat(disk.flush()).isEqualTo(IoStatus.SUCCESS);
      assertThat(disk.run(disk.transfer(IoType.WRITE, 0, 4096, 0))).isEqualTo(IoStatus.READ_ONLY);
      assertThat(disk.bdev.properties().volatileCache()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void requestsBeyondATruncatedImageFailAndTheRestGoesOn(boolean direct) throws Exception {
    try (FileDisk disk = new FileDisk(options().withDirect(direct));
        FileDescriptor fd = LinuxFiles.open(image, OpenFlag.READ_WRITE)) {
      LinuxFiles.truncate(fd, MIB + 100);

      assertThat(disk.run(disk.transfer(IoType.READ, MIB - 4096, 8192, 0)))
          .isEqualTo(IoStatus.IO_ERROR);
      assertThat(disk.run(disk.transfer(IoType.READ, 8 * MIB, 4096, 0)))
          .isEqualTo(IoStatus.IO_ERROR);

      assertThat(disk.read(MIB - 4096, 4096)).containsOnly(0);
      assertThat(disk.channel.statistics().failures(IoStatus.IO_ERROR)).isEqualTo(2);
      assertThat(disk.bdev.hasFailed()).isFalse();
    }
  }

  @Test
  void requestThatWaitsForABufferIsCancelledAtOnceAndTheOthersComplete() throws Exception {
    int count = BouncePool.BUFFERS + 2;
    TestIo[] requests = new TestIo[count];
    try (FileDisk disk = new FileDisk(options().withDirect(true))) {
      for (int i = 0; i < count; i++) {
        requests[i] = disk.transfer(IoType.WRITE, 4096L * i, 4096, 8192L * i + 3);
        disk.channel.submit(requests[i]);
      }

      disk.channel.cancel(requests[BouncePool.BUFFERS]);

      assertThat(requests[BouncePool.BUFFERS].status()).isEqualTo(IoStatus.ABORTED);
      assertThat(requests[BouncePool.BUFFERS + 1].isDone()).isFalse();
      disk.await(requests);
      assertThat(requests[BouncePool.BUFFERS + 1].status()).isEqualTo(IoStatus.SUCCESS);
    }
  }

  @Test
  void cancelledRequestsInTheKernelCompleteOnceEitherWay() throws Exception {
    TestIo[] requests = new TestIo[400];
    try (FileDisk disk = new FileDisk(options().withDirect(true))) {
      for (int i = 0; i < requests.length; i++) {
        requests[i] = disk.transfer(IoType.READ, 8192L * i, 8192, 8192L * i);
        disk.channel.submit(requests[i]);
        if (i % 100 == 50) {
          disk.step();
        }
      }
      for (TestIo io : requests) {
        disk.channel.cancel(io);
      }

      disk.await(requests);

      assertThat(requests)
          .allMatch(io -> io.status() == IoStatus.SUCCESS || io.status() == IoStatus.ABORTED);
      assertThat(disk.read(0, 512)).containsOnly(0);
    }
  }

  @ParameterizedTest
  @CsvSource({"false, READ", "false, WRITE", "true, READ", "true, WRITE"})
  void memoryThatWentAwayFailsItsRequestOnly(boolean direct, IoType type) throws Exception {
    try (FileDisk disk = new FileDisk(options().withDirect(direct));
        FileDescriptor guest = MemoryFile.create("guest", MIB, false);
        Mapping memory = Mapping.map(guest, 0, MIB, true)) {
      int[] faults = new int[1];
      disk.reactor.addFaultListener(() -> faults[0]++);
      TestIo guilty = disk.prepare(type, 0, 4096);
      guilty.addSegment(memory.address() + 8193, 4096); // misaligned: bounced when direct
      TestIo innocent = disk.transfer(type, 8192, 4096, 1);
      LinuxFiles.truncate(guest, 4096);

      disk.channel.submit(guilty);
      disk.channel.submit(innocent);
      disk.await(guilty, innocent);
      disk.step();

      assertThat(guilty.status()).isEqualTo(IoStatus.BAD_MEMORY);
      assertThat(innocent.status()).isEqualTo(IoStatus.SUCCESS);
      assertThat(faults[0])
          .isEqualTo(direct ? 1 : 0); // the kernel answers EFAULT, our own copy faults
    }
  }

  @Test
  void twoDisksOfOneReactorShareItsEngine() throws Exception {
    Path second = directory.resolve("second.img");
    Files.write(second, random(9, MIB));
    try (FileDisk disk = new FileDisk(options())) {
      FileBdev other = FileBdev.create(FileBdevOptions.of("second", second).withEngine(engine));
      var registry = new io.millrace.bdev.BdevRegistry();
      registry.register(other);
      try (var opening = registry.open("second", true, new SilentListener())) {
        var channel = opening.openChannel(disk.reactor);
        TestIo io = disk.transfer(IoType.READ, 4096, 4096, 0);
        channel.submit(io);
        disk.await(io);

        assertThat(content(io)).isEqualTo(Arrays.copyOfRange(random(9, MIB), 4096, 8192));
        opening.closeChannel(channel);
      }
      registry.remove("second");
      assertThat(disk.read(0, 512)).containsOnly(0);
    }
  }

  @Test
  void userThatFailsInItsCompletionStopsNobodyElse() throws Exception {
    try (FileDisk disk = new FileDisk(options())) {
      BdevIo broken =
          new BdevIo(1) {
            @Override
            protected void completed(IoStatus status) {
              throw new IllegalStateException("a broken user");
            }
          };
      broken.begin(IoType.READ, 0, 512);
      broken.addSegment(disk.at(0), 512);

      disk.channel.submit(broken);

      assertThat(disk.read(512, 512)).containsOnly(0);
    }
  }

  private static final class SilentListener implements io.millrace.bdev.BdevListener {
    @Override
    public void removed() {}

    @Override
    public void resized() {}
  }
}
