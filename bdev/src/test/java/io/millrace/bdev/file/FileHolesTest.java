package io.millrace.bdev.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.OpenFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What UNMAP and WRITE_ZEROES do to the storage that an image takes, and what becomes of its size.
 * The second folder is a tmpfs, which punches holes and cannot zero a range.
 */
class FileHolesTest {
  private static final int MIB = 1 << 20;
  private static final int SIZE = 4 * MIB;
  private static final int RANGE = MIB;
  private static final int RANGE_BYTES = 2 * MIB;

  /** What the file system may need more to note the holes. */
  private static final int EXTENT_TREE = 1 << 16;

  @TempDir Path directory;
  private Path image;

  private Path newImage(String folder) throws Exception {
    Path where = folder.isEmpty() ? directory : Path.of(folder);
    image = Files.createTempFile(where, "millrace-holes", ".img");
    Files.write(image, data());
    try (FileDescriptor fd = LinuxFiles.open(image, OpenFlag.READ_WRITE)) {
      LinuxFiles.dataSync(fd); // what is not written back yet takes no storage yet
    }
    return image;
  }

  @AfterEach
  void delete() throws Exception {
    if (image != null) {
      Files.deleteIfExists(image);
    }
  }

  private static byte[] data() {
    byte[] data = new byte[SIZE];
    new Random(5).nextBytes(data);
    return data;
  }

  private long allocated() throws Exception {
    return LinuxFiles.status(image).allocatedBytes();
  }

  private void assertZeroedAndNothingElse() throws Exception {
    byte[] expected = data();
    Arrays.fill(expected, RANGE, RANGE + RANGE_BYTES, (byte) 0);
    assertThat(Files.readAllBytes(image)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/dev/shm"})
  void unmapGivesTheStorageBack(String folder) throws Exception {
    try (FileDisk disk = new FileDisk(FileBdevOptions.of("disk", newImage(folder)))) {
      long before = allocated();

      assertThat(disk.run(disk.prepare(IoType.UNMAP, RANGE, RANGE_BYTES)))
          .isEqualTo(IoStatus.SUCCESS);

      assertThat(before - allocated()).isGreaterThan(RANGE_BYTES - EXTENT_TREE);
      assertZeroedAndNothingElse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/dev/shm"})
  void zeroesThatMayUnmapGiveTheStorageBack(String folder) throws Exception {
    try (FileDisk disk = new FileDisk(FileBdevOptions.of("disk", newImage(folder)))) {
      long before = allocated();
      TestIo zeroes = disk.prepare(IoType.WRITE_ZEROES, RANGE, RANGE_BYTES);
      zeroes.allowUnmap();

      assertThat(disk.run(zeroes)).isEqualTo(IoStatus.SUCCESS);

      assertThat(before - allocated()).isGreaterThan(RANGE_BYTES - EXTENT_TREE);
      assertZeroedAndNothingElse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/dev/shm"})
  void zeroesThatMayNotUnmapKeepTheStorage(String folder) throws Exception {
    try (FileDisk disk = new FileDisk(FileBdevOptions.of("disk", newImage(folder)))) {
      long before = allocated();

      assertThat(disk.run(disk.prepare(IoType.WRITE_ZEROES, RANGE, RANGE_BYTES)))
          .isEqualTo(IoStatus.SUCCESS);

      assertThat(allocated()).isGreaterThanOrEqualTo(before);
      assertZeroedAndNothingElse();
    }
  }

  @Test
  void requestIsNotAllowedToUnmapByTheOneBeforeIt() throws Exception {
    try (FileDisk disk = new FileDisk(FileBdevOptions.of("disk", newImage("")))) {
      TestIo io = disk.prepare(IoType.WRITE_ZEROES, 0, 4096);
      io.allowUnmap();
      disk.run(io);

      io.begin(IoType.WRITE_ZEROES, 0, 4096);

      assertThat(io.mayUnmap()).isFalse();
    }
  }

  @Test
  void fileWithoutHolesIsADiskWithoutUnmap() throws Exception {
    try (FileDescriptor sealed = MemoryFile.create("millrace-sealed", SIZE, true)) {
      MemoryFile.seal(sealed, MemoryFile.F_SEAL_WRITE);
      Path path = Path.of("/proc/self/fd/" + sealed.number());

      FileBdev bdev = FileBdev.create(FileBdevOptions.of("disk", path));

      assertThat(bdev.supports(IoType.WRITE)).isTrue();
      assertThat(bdev.supports(IoType.UNMAP)).isFalse();
      assertThat(bdev.supports(IoType.WRITE_ZEROES)).isFalse();
      bdev.destroy();
    }
  }

  @Test
  void triedHoleLeavesTheImageAsItIs() throws Exception {
    newImage("");
    long before = allocated();

    FileBdev bdev = FileBdev.create(FileBdevOptions.of("disk", image));

    assertThat(bdev.supports(IoType.UNMAP)).isTrue();
    bdev.destroy();
    assertThat(allocated()).isEqualTo(before);
    assertThat(Files.readAllBytes(image)).isEqualTo(data());
  }

  @ParameterizedTest
  @ValueSource(longs = {2L * SIZE, SIZE / 2, 4096 + 511})
  void rescannedDiskHasTheSizeOfItsFile(long bytes) throws Exception {
    try (FileDisk disk = new FileDisk(FileBdevOptions.of("disk", newImage("")));
        FileDescriptor fd = LinuxFiles.open(image, OpenFlag.READ_WRITE)) {
      assertThat(disk.bdev.rescan()).isFalse();
      LinuxFiles.truncate(fd, bytes);

      assertThat(disk.bdev.rescan()).isTrue();

      assertThat(disk.bdev.blockCount()).isEqualTo(bytes / 512);
      long last = bytes / 512 * 512 - 512;
      assertThat(disk.write(last, new byte[512])).isEqualTo(IoStatus.SUCCESS);
      assertThat(disk.write(last + 512, new byte[512])).isEqualTo(IoStatus.OUT_OF_RANGE);
    }
  }

  @Test
  void fileThatLostItsLastBlockLeavesTheDiskAsItWas() throws Exception {
    try (FileDisk disk = new FileDisk(FileBdevOptions.of("disk", newImage("")));
        FileDescriptor fd = LinuxFiles.open(image, OpenFlag.READ_WRITE)) {
      LinuxFiles.truncate(fd, 511);

      assertThatThrownBy(disk.bdev::rescan)
          .isInstanceOf(BdevException.class)
          .hasMessage(
              "bdev disk: %s has no whole block left; give it a size, or remove the bdev", image);

      assertThat(disk.bdev.sizeBytes()).isEqualTo(SIZE);
    }
  }
}
