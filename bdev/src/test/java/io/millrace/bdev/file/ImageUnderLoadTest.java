package io.millrace.bdev.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OpenFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What others do to an image while a disk on it is busy. */
@ParameterizedClass
@EnumSource(
    value = FileEngineKind.class,
    names = {"IO_URING", "THREADS"})
class ImageUnderLoadTest {
  private static final int SIZE = 4 << 20;
  private static final int ROOM = SIZE / 16; // less than what a load writes to
  private static final int DEPTH = 32;
  private static final int COUNT = 2000;
  private static final long DEADLINE_NANOS = 30_000_000_000L;

  @Parameter FileEngineKind engine;
  @TempDir Path directory;
  private Path image;

  @BeforeEach
  void makeImage() throws Exception {
    image = Files.write(directory.resolve("disk.img"), new byte[SIZE]);
  }

  /** Reads and writes all over the disk, a few at once, counting how they end. */
  private static final class Load {
    private final FileDisk disk;
    private final Map<IoStatus, Integer> ends = new EnumMap<>(IoStatus.class);
    private int left;
    private int running;

    Load(FileDisk disk) {
      this.disk = disk;
    }

    /** So many more requests; returns how they and those before ended. */
    Map<IoStatus, Integer> run(int count) {
      ends.clear();
      left = count;
      for (int i = 0; i < DEPTH; i++) {
        running++;
        new One(i).next();
      }
      long deadline = System.nanoTime() + DEADLINE_NANOS;
      while (running > 0) {
        assertThat(System.nanoTime()).as("%s requests left", left).isLessThan(deadline);
        disk.step();
      }
      return ends;
    }

    private final class One extends BdevIo {
      private final int index;

      One(int index) {
        super(1);
        this.index = index;
      }

      void next() {
        long block = (left * 37L + index) % (SIZE / 4096);
        begin(left % 2 == 0 ? IoType.READ : IoType.WRITE, block * 4096, 4096);
        addSegment(disk.at(4096L * index), 4096);
        disk.channel.submit(this);
      }

      @Override
      protected void completed(IoStatus status) {
        ends.merge(status, 1, Integer::sum);
        if (--left > 0) {
          next();
        } else {
          running--;
        }
      }
    }
  }

  private FileDisk open() throws Exception {
    return new FileDisk(FileBdevOptions.of("disk", image).withEngine(engine));
  }

  @Test
  void truncatedImageFailsSomeReadsUntilItIsWholeAgain() throws Exception {
    try (FileDisk disk = open();
        FileDescriptor other = LinuxFiles.open(image, OpenFlag.READ_WRITE)) {
      Load load = new Load(disk);
      assertThat(load.run(COUNT)).containsOnlyKeys(IoStatus.SUCCESS);

      LinuxFiles.truncate(other, 0);
      Map<IoStatus, Integer> truncated = Map.copyOf(load.run(COUNT));
      LinuxFiles.truncate(other, SIZE);

      assertThat(truncated).containsKeys(IoStatus.SUCCESS, IoStatus.IO_ERROR);
      assertThat(load.run(COUNT)).containsOnlyKeys(IoStatus.SUCCESS);
      assertThat(disk.bdev.hasFailed()).isFalse();
    }
  }

  @Test
  void fullFileSystemFailsTheWritesThatNeedRoomUntilThereIsSome() throws Exception {
    BlockDevices devices = devices();
    try {
      Path small = devices.tmpfs(directory, ROOM);
      image = sparse(small);
      try (FileDisk disk = open()) {
        Load load = new Load(disk);
        assertThat(load.run(COUNT)).containsOnlyKeys(IoStatus.SUCCESS, IoStatus.NO_SPACE);

        devices.resizeTmpfs(small, 2L * SIZE);

        assertThat(load.run(COUNT)).containsOnlyKeys(IoStatus.SUCCESS);
        assertThat(disk.flush()).isEqualTo(IoStatus.SUCCESS);
      }
    } finally {
      devices.takeDown();
    }
  }

  @Test
  void fileSystemThatBecomesReadOnlyFailsWritesAndStillServesReads() throws Exception {
    BlockDevices devices = devices();
    try {
      Path mounted = devices.ext4(directory, 8L * SIZE);
      image = Files.write(mounted.resolve("disk.img"), new byte[SIZE]);
      try (FileDisk disk = open()) {
        Load load = new Load(disk);
        assertThat(load.run(COUNT)).containsOnlyKeys(IoStatus.SUCCESS);
        assertThat(disk.flush()).isEqualTo(IoStatus.SUCCESS);

        BlockDevices.run("mount", "-o", "remount,abort", mounted.toString());

        assertThat(load.run(COUNT)).containsOnlyKeys(IoStatus.SUCCESS, IoStatus.IO_ERROR);
        assertThat(disk.read(0, 4096)).hasSize(4096);
        assertThat(disk.write(0, new byte[4096])).isEqualTo(IoStatus.IO_ERROR);
      }
    } finally {
      devices.takeDown();
    }
  }

  @Test
  void deviceThatFailsSomeWritesIsServedOnAndRecovers() throws Exception {
    BlockDevices devices = devices();
    try {
      Path small = devices.tmpfs(directory, ROOM);
      image = devices.loop(sparse(small), 4096); // fails where its file finds no room
      try (FileDisk disk =
          new FileDisk(FileBdevOptions.of("disk", image).withEngine(engine).withDirect(true))) {
        Load load = new Load(disk);
        assertThat(load.run(COUNT)).containsKey(IoStatus.SUCCESS).hasSize(2);

        devices.resizeTmpfs(small, 2L * SIZE);

        assertThat(load.run(COUNT)).containsOnlyKeys(IoStatus.SUCCESS);
        assertThat(disk.flush()).isEqualTo(IoStatus.SUCCESS);
      }
    } finally {
      devices.takeDown();
    }
  }

  private static BlockDevices devices() {
    assumeTrue(BlockDevices.available(), "needs root and loop devices");
    return new BlockDevices();
  }

  private static Path sparse(Path folder) throws Exception {
    Path path = folder.resolve("disk.img");
    try (FileDescriptor fd = LinuxFiles.open(path, OpenFlag.READ_WRITE, OpenFlag.CREATE)) {
      LinuxFiles.truncate(fd, SIZE);
    }
    return path;
  }

  @Test
  void grownImageIsServedAtItsOldSize() throws Exception {
    try (FileDisk disk = open();
        FileDescriptor other = LinuxFiles.open(image, OpenFlag.READ_WRITE)) {
      LinuxFiles.truncate(other, 2L * SIZE);

      assertThat(new Load(disk).run(COUNT)).containsOnlyKeys(IoStatus.SUCCESS);

      assertThat(disk.run(disk.transfer(IoType.READ, SIZE, 512, 0)))
          .isEqualTo(IoStatus.OUT_OF_RANGE);
    }
  }

  @Test
  void imageThatVanishesOrBecomesReadOnlyStaysServedWhileItIsOpen() throws Exception {
    try (FileDisk disk = open()) {
      Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("r--r--r--"));
      assertThat(new Load(disk).run(COUNT)).containsOnlyKeys(IoStatus.SUCCESS);

      Files.delete(image);
      assertThat(new Load(disk).run(COUNT)).containsOnlyKeys(IoStatus.SUCCESS);

      assertThat(disk.flush()).isEqualTo(IoStatus.SUCCESS);
    }
  }
}
