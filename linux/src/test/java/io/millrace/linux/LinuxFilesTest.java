package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real files on a real file system. */
class LinuxFilesTest {
  /**
   * First bytes of QEMU's lock ranges: permissions somebody uses, permissions nobody else may use.
   */
  private static final int QEMU_PERM = 100;

  private static final int QEMU_SHARED = 200;
  private static final int QEMU_WRITE = 1; // bit number of BLK_PERM_WRITE

  @TempDir Path directory;
  private Path image;
  private FileDescriptor fd;
  private Mapping buffer;

  @BeforeEach
  void open() throws LinuxException {
    image = directory.resolve("disk.img");
    fd = LinuxFiles.open(image, OpenFlag.READ_WRITE, OpenFlag.CREATE);
    buffer = Mapping.anonymous(1 << 16, false);
  }

  @AfterEach
  void close() {
    fd.close();
    buffer.close();
  }

  @Test
  void writtenBytesAreReadBackAndStopAtTheEnd() throws Exception {
    RawMemory.fill(buffer.address(), 4096, (byte) 7);

    assertThat(LinuxFiles.write(fd, buffer.address(), 4096, 100)).isEqualTo(4096);
    LinuxFiles.dataSync(fd);

    assertThat(LinuxFiles.read(fd, buffer.address() + 8192, 8192, 4000)).isEqualTo(196);
    assertThat(RawMemory.getByte(buffer.address() + 8192 + 195)).isEqualTo((byte) 7);
    assertThat(LinuxFiles.read(fd, buffer.address(), 512, 1 << 20)).isZero();
    assertThat(Files.readAllBytes(image)).hasSize(4196);
  }

  @Test
  void missingFileIsNamedWithItsErrno() {
    Path missing = directory.resolve("missing.img");

    assertThatThrownBy(() -> LinuxFiles.open(missing, OpenFlag.READ_ONLY))
        .isInstanceOf(LinuxException.class)
        .hasMessage("open " + missing + ": ENOENT (No such file or directory)");
    assertThatThrownBy(() -> LinuxFiles.status(missing))
        .hasMessageContaining("statx " + missing + ": ENOENT");
    assertThatThrownBy(() -> LinuxFiles.setMode(missing, 0600))
        .hasMessageContaining("set mode 0600 of");
    assertThatThrownBy(() -> LinuxFiles.setGroup(missing, 0))
        .hasMessageContaining("set group 0 of");
  }

  @Test
  void exclusiveCreationRefusesAnExistingFile() {
    assertThatThrownBy(
            () -> LinuxFiles.open(image, OpenFlag.READ_WRITE, OpenFlag.CREATE, OpenFlag.EXCLUSIVE))
        .hasMessageContaining("EEXIST");
  }

  @Test
  void namesBeyondAsciiOpenTheFileOfThatName() throws Exception {
    String name = "диск-ü.img";

    try (FileDescriptor _ =
        LinuxFiles.open(directory.resolve(name), OpenFlag.READ_WRITE, OpenFlag.CREATE)) {
      Process ls = new ProcessBuilder("ls", directory.toString()).start();

      assertThat(new String(ls.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .contains(name);
    }
  }

  @Test
  void readOnlyDescriptorCannotWrite() throws Exception {
    try (FileDescriptor reader = LinuxFiles.open(image, OpenFlag.READ_ONLY)) {
      assertThatThrownBy(() -> LinuxFiles.write(reader, buffer.address(), 512, 0))
          .hasMessageContaining("EBADF");
      assertThatThrownBy(() -> LinuxFiles.truncate(reader, 512)).hasMessageContaining("EINVAL");
      assertThatThrownBy(() -> LinuxFiles.allocate(reader, 0, 0, 512))
          .hasMessageContaining("EBADF");
    }
  }

  @Test
  void unmappedMemoryGivesEfaultInsteadOfACrash() throws Exception {
    LinuxFiles.truncate(fd, 4096);

    assertThatThrownBy(() -> LinuxFiles.read(fd, 8, 512, 0))
        .hasMessageContaining("EFAULT (Bad address)");
  }

  @Test
  void statusTellsWhatAFileIs() throws Exception {
    LinuxFiles.truncate(fd, 12_345);
    LinuxFiles.setMode(image, 0640);
    LinuxFiles.setGroup(image, 0);

    FileStatus status = LinuxFiles.status(fd);

    assertThat(status).isEqualTo(LinuxFiles.status(image));
    assertThat(status.kind()).isEqualTo(FileStatus.Kind.REGULAR);
    assertThat(status.size()).isEqualTo(12_345);
    assertThat(status.permissions()).isEqualTo(0640);
    assertThat(status.inode()).isEqualTo(Files.getAttribute(image, "unix:ino"));
    assertThat(LinuxFiles.status(directory).kind()).isEqualTo(FileStatus.Kind.DIRECTORY);
    assertThat(LinuxFiles.status(Path.of("/dev/null")).kind()).isEqualTo(FileStatus.Kind.CHARACTER);
    assertThat(LinuxFiles.status(Path.of("/dev/null")).specialDevice()).isEqualTo(1L << 32 | 3);
  }

  @Test
  void punchedHoleReadsAsZeroesAndGivesSpaceBack() throws Exception {
    RawMemory.fill(buffer.address(), 1 << 16, (byte) 1);
    LinuxFiles.write(fd, buffer.address(), 1 << 16, 0);
    LinuxFiles.dataSync(fd);
    long before = LinuxFiles.status(fd).allocatedBytes();

    LinuxFiles.allocate(
        fd, LinuxFiles.FALLOC_FL_PUNCH_HOLE | LinuxFiles.FALLOC_FL_KEEP_SIZE, 4096, 8192);

    LinuxFiles.read(fd, buffer.address(), 1 << 16, 0);
    assertThat(RawMemory.getLong(buffer.address() + 4096)).isZero();
    assertThat(RawMemory.getByte(buffer.address() + 4095)).isEqualTo((byte) 1);
    assertThat(LinuxFiles.status(fd).allocatedBytes()).isEqualTo(before - 8192);
  }

  @Test
  void regularFileIsNoBlockDevice() {
    assertThatThrownBy(() -> LinuxFiles.blockDeviceSize(fd))
        .hasMessageContaining("size of fd")
        .hasMessageContaining("ENOTTY");
    assertThatThrownBy(() -> LinuxFiles.blockDeviceLogicalBlock(fd)).hasMessageContaining("ENOTTY");
    assertThatThrownBy(() -> LinuxFiles.blockDevicePhysicalBlock(fd))
        .hasMessageContaining("ENOTTY");
  }

  @Test
  void shareLocksOfTwoOpensCoexistAndBothSeeTheOther() throws Exception {
    try (FileDescriptor other = LinuxFiles.open(image, OpenFlag.READ_WRITE)) {
      assertThat(LinuxFiles.tryShareLock(fd, QEMU_PERM + QEMU_WRITE, 1)).isTrue();
      assertThat(LinuxFiles.tryShareLock(other, QEMU_PERM + QEMU_WRITE, 1)).isTrue();

      assertThat(LinuxFiles.wouldConflict(fd, QEMU_PERM + QEMU_WRITE, 1)).isTrue();
      assertThat(LinuxFiles.wouldConflict(other, QEMU_PERM + QEMU_WRITE, 1)).isTrue();
      assertThat(LinuxFiles.wouldConflict(other, QEMU_SHARED + QEMU_WRITE, 1)).isFalse();
    }
  }

  @Test
  void ownLocksAreNoConflictAndEndWithTheLastDescriptor() throws Exception {
    try (FileDescriptor other = LinuxFiles.open(image, OpenFlag.READ_WRITE)) {
      FileDescriptor holder = LinuxFiles.open(image, OpenFlag.READ_ONLY);
      FileDescriptor copy = holder.duplicate();
      LinuxFiles.tryShareLock(holder, QEMU_SHARED, 5);

      assertThat(LinuxFiles.wouldConflict(holder, QEMU_SHARED, 5)).isFalse();
      assertThat(LinuxFiles.wouldConflict(other, QEMU_SHARED, 5)).isTrue();
      holder.close();
      assertThat(LinuxFiles.wouldConflict(other, QEMU_SHARED, 5)).isTrue();
      copy.close();
      assertThat(LinuxFiles.wouldConflict(other, QEMU_SHARED, 5)).isFalse();
    }
  }

  @Test
  void unlockedBytesAreFreeAgain() throws Exception {
    try (FileDescriptor other = LinuxFiles.open(image, OpenFlag.READ_WRITE)) {
      LinuxFiles.tryShareLock(fd, QEMU_PERM, 5);

      LinuxFiles.unlock(fd, QEMU_PERM + 2, 1);

      assertThat(LinuxFiles.wouldConflict(other, QEMU_PERM + 1, 1)).isTrue();
      assertThat(LinuxFiles.wouldConflict(other, QEMU_PERM + 2, 1)).isFalse();
    }
  }

  @Test
  void lockingAClosedFileNamesEbadf() {
    FileDescriptor gone = FileDescriptor.own(1_000_000);

    assertThatThrownBy(() -> LinuxFiles.tryShareLock(gone, 0, 1))
        .hasMessageContaining("lock fd 1000000: EBADF");
    assertThatThrownBy(() -> LinuxFiles.wouldConflict(gone, 0, 1))
        .hasMessageContaining("test lock of fd");
    assertThatThrownBy(() -> LinuxFiles.dataSync(gone))
        .hasMessageContaining("fdatasync fd 1000000: EBADF");
  }
}
