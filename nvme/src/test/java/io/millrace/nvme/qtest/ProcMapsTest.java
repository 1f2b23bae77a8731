package io.millrace.nvme.qtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcMapsTest {
  private static final long INODE = 4711;
  private static final long DEVICE = 0x1aL;

  @TempDir Path directory;
  private Path maps;

  @BeforeEach
  void write() throws Exception {
    maps =
        Files.writeString(
            directory.resolve("maps"),
            """
            10000-20000 rw-s 00003000 00:1a 4711                       /dev/shm/a file
            20000-30000 r--s 00013000 00:1a 4711                       /dev/shm/a file
            30000-40000 rw-s 00033000 00:1a 4711                       /dev/shm/a file
            50000-60000 rw-p 00000000 00:1a 4711                       /dev/shm/a file
            60000-70000 rw-p 00000000 00:00 0
            70000-80000 rw-s 00000000 fd:01 4712                       /other (deleted)
            ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0    [vsyscall]
            """);
  }

  @Test
  void aRangeIsFoundAcrossTheKernelsSplits() throws Exception {
    assertThat(ProcMaps.find(maps, 0x11000, 0x1000))
        .isEqualTo(new ProcMaps.Place(DEVICE, INODE, 0x4000));
    assertThat(ProcMaps.find(maps, 0x10000, 0x20000))
        .isEqualTo(new ProcMaps.Place(DEVICE, INODE, 0x3000));
    assertThat(ProcMaps.find(maps, 0x70000, 0x10000))
        .isEqualTo(new ProcMaps.Place(0xfdL << 32 | 1, 4712, 0));
  }

  @Test
  void whatIsNotOnePieceOfOneSharedFileIsNot() throws Exception {
    assertThat(ProcMaps.find(maps, 0xf000, 0x2000)).as("begins before").isNull();
    assertThat(ProcMaps.find(maps, 0x20000, 0x20000)).as("offset jumps").isNull();
    assertThat(ProcMaps.find(maps, 0x30000, 0x10001)).as("ends behind").isNull();
    assertThat(ProcMaps.find(maps, 0x30000, 0x30000)).as("hole").isNull();
    assertThat(ProcMaps.find(maps, 0x50000, 0x1000)).as("private").isNull();
    assertThat(ProcMaps.find(maps, 0x60000, 0x1000)).as("anonymous").isNull();
    assertThat(ProcMaps.find(maps, 0x90000, 0x1000)).as("nothing").isNull();
  }
}
