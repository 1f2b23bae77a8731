package io.millrace.bdev.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OpenFlag;
import io.millrace.linux.RawMemory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Storage that really fails: full file systems, and a loop device whose backing file has no room.
 */
@ParameterizedClass
@EnumSource(
    value = FileEngineKind.class,
    names = {"IO_URING", "THREADS"})
class StorageFailureTest {
  private static final int MIB = 1 << 20;

  @Parameter FileEngineKind engine;
  @TempDir Path directory;
  private BlockDevices devices;

  @BeforeEach
  void open() {
    assumeTrue(BlockDevices.available(), "needs root and loop devices");
    devices = new BlockDevices();
  }

  @AfterEach
  void close() throws Exception {
    if (devices != null) {
      devices.takeDown();
    }
  }

  private static Path sparse(Path directory, long size) throws Exception {
    Path path = directory.resolve("disk.img");
    try (FileDescriptor fd = LinuxFiles.open(path, OpenFlag.READ_WRITE, OpenFlag.CREATE)) {
      LinuxFiles.truncate(fd, size);
    }
    return path;
  }

  private FileBdevOptions options(Path path) {
    return FileBdevOptions.of("disk", path).withEngine(engine);
  }

  /**
   * A device of 8 MiB of which 1 MiB can be stored; it takes writes and loses them when they are
   * synced.
   */
  private Path deviceThatLosesData() throws Exception {
    return devices.loop(sparse(devices.tmpfs(directory, MIB), 8 * MIB), 512);
  }

  @Test
  void fullFileSystemFailsTheWritesThatNeedRoomAndNothingElse() throws Exception {
    Path image = sparse(devices.tmpfs(directory, MIB), 8 * MIB);
    try (FileDisk disk = new FileDisk(options(image))) {
      assertThat(disk.write(0, new byte[4096])).isEqualTo(IoStatus.SUCCESS);

      assertThat(disk.run(disk.transfer(IoType.WRITE, MIB, 4 * MIB, 0)))
          .isEqualTo(IoStatus.NO_SPACE);

      assertThat(disk.read(0, 4096)).containsOnly(0);
      assertThat(disk.write(0, new byte[4096])).isEqualTo(IoStatus.SUCCESS);
      assertThat(disk.flush()).isEqualTo(IoStatus.SUCCESS);
      assertThat(disk.bdev.hasFailed()).isFalse();
      assertThat(disk.channel.statistics().failures(IoStatus.NO_SPACE)).isEqualTo(1);
    }
  }

  @Test
  void failedSyncMakesTheDiskRefuseWritesUntilItIsCreatedAgain() throws Exception {
    Path device = deviceThatLosesData();
    try (FileDisk disk = new FileDisk(options(device))) {
      RawMemory.fill(disk.at(0), 4 * MIB, (byte) 1);
      assertThat(disk.run(disk.transfer(IoType.WRITE, 0, 4 * MIB, 0))).isEqualTo(IoStatus.SUCCESS);

      assertThat(disk.flush()).isEqualTo(IoStatus.IO_ERROR);

      assertThat(disk.bdev.hasFailed()).isTrue();
      assertThat(disk.flush()).isEqualTo(IoStatus.IO_ERROR);
      assertThat(disk.write(0, new byte[512])).isEqualTo(IoStatus.IO_ERROR);
      assertThat(disk.run(disk.prepare(IoType.WRITE_ZEROES, 0, 512))).isEqualTo(IoStatus.IO_ERROR);
      assertThat(disk.run(disk.transfer(IoType.READ, 0, 512, 0))).isEqualTo(IoStatus.SUCCESS);
    }
    try (FileDisk disk = new FileDisk(options(device))) {
      assertThat(disk.bdev.hasFailed()).isFalse();
      assertThat(disk.write(0, new byte[512])).isEqualTo(IoStatus.SUCCESS);
      assertThat(disk.flush()).isEqualTo(IoStatus.SUCCESS);
    }
  }

  @Test
  void failedDurableWriteDoesSoToo() throws Exception {
    try (FileDisk disk = new FileDisk(options(deviceThatLosesData()).withWriteThrough(true))) {
      assertThat(disk.write(0, new byte[4096])).isEqualTo(IoStatus.SUCCESS);
      RawMemory.fill(disk.at(0), 4 * MIB, (byte) 1);

      assertThat(disk.run(disk.transfer(IoType.WRITE, 0, 4 * MIB, 0)))
          .isNotEqualTo(IoStatus.SUCCESS);

      assertThat(disk.bdev.hasFailed()).isTrue();
      assertThat(disk.write(0, new byte[512])).isEqualTo(IoStatus.IO_ERROR);
    }
  }

  @Test
  void deviceOfLargeBlocksIsNeverOfferedWithSmallerOnes() throws Exception {
    Path device = devices.loop(sparse(directory, 8 * MIB), 4096);

    for (boolean direct : new boolean[] {false, true}) {
      FileBdevOptions options = options(device).withDirect(direct);
      try (FileDisk disk = new FileDisk(options)) {
        assertThat(disk.bdev.properties().blockSize()).isEqualTo(4096);
        assertThat(disk.bdev.blockCount()).isEqualTo(2048);
        byte[] data = new byte[8192];
        java.util.Arrays.fill(data, (byte) 5);
        assertThat(disk.write(4096, data)).isEqualTo(IoStatus.SUCCESS);
        assertThat(disk.read(4096, 8192)).isEqualTo(data);
        assertThat(disk.run(disk.transfer(IoType.WRITE, 512, 512, 0)))
            .isEqualTo(IoStatus.OUT_OF_RANGE);
        assertThat(disk.run(disk.prepare(IoType.WRITE_ZEROES, 4096, 4096)))
            .isEqualTo(IoStatus.SUCCESS);
        assertThat(disk.read(4096, 4096)).containsOnly(0);
        assertThat(disk.flush()).isEqualTo(IoStatus.SUCCESS);
      }
      assertThatThrownBy(() -> FileBdev.create(options.withBlockSize(512)))
          .hasMessageContaining(
              "block size 512 is below the 4096 bytes it is accessed by; say 4096");
    }
  }

  @Test
  void mountedDeviceIsNotServedForWriting() throws Exception {
    Path device = devices.loop(sparse(directory, 8 * MIB), 512);
    BlockDevices.run("mkfs.ext4", "-q", device.toString());
    Path where = Files.createDirectory(directory.resolve("mounted"));
    BlockDevices.run("mount", device.toString(), where.toString());
    try {
      assertThatThrownBy(() -> FileBdev.create(options(device)))
          .hasMessage(
              "bdev disk: "
                  + device
                  + ": EBUSY (Device or resource busy); the device is mounted or in use: unmount it");
    } finally {
      BlockDevices.run("umount", where.toString());
    }
  }
}
