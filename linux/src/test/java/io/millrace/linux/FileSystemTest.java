package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against stat(1) and the C headers, on the file systems of this machine. */
class FileSystemTest {
  @TempDir private Path folder;

  @Test
  void itIsWhatStatSaysOfIt() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));

    try (FileDescriptor fd = LinuxFiles.open(file, OpenFlag.READ_ONLY)) {
      FileSystem found = FileSystem.of(fd);

      assertThat("%x %d %d".formatted(found.type(), found.blockSize(), found.blockCount()))
          .isEqualTo(stat(file));
    }
  }

  private static String stat(Path file) throws IOException, InterruptedException {
    Process process = new ProcessBuilder("stat", "-f", "-c", "%t %s %b", file.toString()).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return output.strip();
  }

  @Test
  void aFileInSharedMemoryAndAMemfdWaitForMemoryOnly() throws Exception {
    Path file = Files.createTempFile(Path.of("/dev/shm"), "millrace", null);
    try (FileDescriptor shared = LinuxFiles.open(file, OpenFlag.READ_ONLY);
        FileDescriptor memfd = MemoryFile.create("millrace-test", 4096, true)) {
      assertThat(FileSystem.of(shared).kind()).isEqualTo(FileSystem.Kind.MEMORY);
      assertThat(FileSystem.of(memfd).kind()).isEqualTo(FileSystem.Kind.MEMORY);
      assertThat(FileSystem.of(memfd).isFull()).isFalse();
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void hugePagesAreToldAndHowLargeTheyAre() throws Exception {
    Path pool = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
    assumeThat(pool).as("needs huge pages of 2 MiB").exists();

    try (FileDescriptor huge = MemoryFile.createHuge("millrace-test", 2 << 20, 21)) {
      assertThat(FileSystem.of(huge).kind()).isEqualTo(FileSystem.Kind.HUGE_PAGES);
      assertThat(FileSystem.of(huge).blockSize()).isEqualTo(2 << 20);
    }
  }

  @Test
  void aFileOfTheKernelsIsOfNoKindToMap() throws Exception {
    try (FileDescriptor fd = LinuxFiles.open(Path.of("/proc/self/stat"), OpenFlag.READ_ONLY)) {
      assertThat(FileSystem.of(fd).kind()).isEqualTo(FileSystem.Kind.OTHER);
    }
  }

  @Test
  void theNumbersAreThoseOfTheHeaders() throws Exception {
    String header = Files.readString(Path.of("/usr/include/linux/magic.h"));
    Map<String, Long> ours =
        Map.of(
            "TMPFS_MAGIC", FileSystem.TMPFS_MAGIC,
            "RAMFS_MAGIC", FileSystem.RAMFS_MAGIC,
            "HUGETLBFS_MAGIC", FileSystem.HUGETLBFS_MAGIC,
            "EXT4_SUPER_MAGIC", FileSystem.EXT4_SUPER_MAGIC,
            "XFS_SUPER_MAGIC", FileSystem.XFS_SUPER_MAGIC,
            "BTRFS_SUPER_MAGIC", FileSystem.BTRFS_SUPER_MAGIC,
            "F2FS_SUPER_MAGIC", FileSystem.F2FS_SUPER_MAGIC);

    ours.forEach((name, value) -> {
      Matcher define = Pattern.compile("#define " + name + "\\s+(0x\\w+)").matcher(header);
      assertThat(define.find()).as(name).isTrue();
      assertThat(value).as(name).isEqualTo(Long.decode(define.group(1)));
    });
  }

  @Test
  void memoryWhoseFileHasNoRoomCannotBePopulated() throws Exception {
    try (FileDescriptor memfd = MemoryFile.create("millrace-test", 8192, false);
        Mapping mapping = Mapping.map(memfd, 0, 8192, true)) {
      assertThat(mapping.populate()).isTrue();

      LinuxFiles.truncate(memfd, 4096);

      assertThat(mapping.populate()).isFalse();
    }
  }
}
