package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.VirtioBlk;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.FileSystem;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.OpenFlag;
import io.millrace.linux.RawMemory;
import io.millrace.vhost.user.FrontendMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a front-end may share its memory from: ring, header, data and status are all in it. */
@Timeout(60)
class GuestMemoryKindsTest {
  private static final long MIB = 1 << 20;
  private static final int HUGE_SHIFT = 21;
  private static final long HUGE = 1L << HUGE_SHIFT;
  private static final Path HUGE_FOLDER = Path.of("/dev/hugepages");
  private static final Path HUGE_POOL = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB");
  private static final long EXTRA = 1L << 40; // guest address
  private static final int BYTES = 4096;

  @TempDir private Path folder;
  private LogLines log;

  @BeforeEach
  void listen() {
    log = new LogLines();
  }

  @AfterEach
  void stopListening() {
    log.close();
  }

  /** Where the memory is from. */
  enum Kind {
    SEALED_MEMFD,
    MEMFD_THAT_CAN_SHRINK,
    MEMFD_FROM_AN_OFFSET,
    MEMFD_ALIGNED_TO_NOTHING,
    FILE_IN_SHARED_MEMORY,
    FILE_OF_HUGE_PAGES,
    MEMFD_OF_HUGE_PAGES,
    MEMFD_OF_HUGE_PAGES_FROM_BETWEEN_THEM;

    GuestMemory create() throws IOException {
      return switch (this) {
        case SEALED_MEMFD -> memory(memfd(true), 0, MIB);
        case MEMFD_THAT_CAN_SHRINK -> memory(memfd(false), 0, MIB);
        case MEMFD_FROM_AN_OFFSET -> memory(memfd(true), MIB, MIB);
        case MEMFD_ALIGNED_TO_NOTHING -> memory(memfd(true), 12 * 1024 + 16, MIB + 1000);
        case FILE_IN_SHARED_MEMORY -> memory(file(Path.of("/dev/shm")), 0, 2 * HUGE);
        case FILE_OF_HUGE_PAGES -> memory(file(HUGE_FOLDER), 0, 2 * HUGE);
        case MEMFD_OF_HUGE_PAGES -> memory(huge(), HUGE, HUGE);
        case MEMFD_OF_HUGE_PAGES_FROM_BETWEEN_THEM -> memory(huge(), MIB, HUGE);
      };
    }

    private static GuestMemory memory(FileDescriptor file, long offset, long bytes)
        throws LinuxException {
      return GuestMemory.over(file, offset, bytes, GuestMemory.DEFAULT_GUEST_ADDRESS);
    }

    private static FileDescriptor memfd(boolean sealed) throws LinuxException {
      FileDescriptor file = MemoryFile.create("millrace-kinds", 4 * MIB, true);
      if (sealed) {
        MemoryFile.seal(file, MemoryFile.F_SEAL_SHRINK);
      }
      return file;
    }

    private static FileDescriptor huge() throws LinuxException {
      assumeThat(freeHugePages()).as("needs two free huge pages of 2 MiB").isGreaterThan(1);
      return MemoryFile.createHuge("millrace-kinds", 2 * HUGE, HUGE_SHIFT);
    }

    /** A file that goes with its last descriptor. */
    private static FileDescriptor file(Path where) throws IOException {
      if (where.equals(HUGE_FOLDER)) {
        assumeThat(freeHugePages()).as("needs two free huge pages of 2 MiB").isGreaterThan(1);
        assumeThat(Files.isWritable(where) && isHuge(where))
            .as("needs hugetlbfs at /dev/hugepages")
            .isTrue();
      }
      Path path = where.resolve("millrace-kinds-" + ProcessHandle.current().pid());
      FileDescriptor file =
          LinuxFiles.open(path, OpenFlag.READ_WRITE, OpenFlag.CREATE, OpenFlag.EXCLUSIVE);
      Files.delete(path);
      LinuxFiles.truncate(file, 2 * HUGE);
      return file;
    }

    private static boolean isHuge(Path where) throws LinuxException {
      try (FileDescriptor folder = LinuxFiles.open(where, OpenFlag.READ_ONLY, OpenFlag.DIRECTORY)) {
        return FileSystem.of(folder).kind() == FileSystem.Kind.HUGE_PAGES;
      }
    }

    private static long freeHugePages() {
      try {
        return Long.parseLong(Files.readString(HUGE_POOL.resolve("free_hugepages")).strip());
      } catch (IOException e) {
        return 0; // this kernel has none
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aGuestInItIsServedAndItsMemoryIsInNoCoreDump(Kind kind) throws Exception {
    try (BlkTarget target = new BlkTarget(1);
        RawRing ring =
            new RawRing(
                target.serveMalloc("disk"),
                FrontendOptions.defaults(),
                kind.create(),
                VirtioBlk.FEATURES)) {
      long last = ring.memory.size() - BYTES;
      byte[] data = writeAndReadBack(ring, last);

      assertThat(bytes(ring.memory.address() + last)).isEqualTo(data);
      assertThat(Mappings.count(ring.memory.file())).isEqualTo(2);
      assertThat(Mappings.notDumped(ring.memory.file())).isEqualTo(1); // not the front-end's own

      ring.frontend.stopQueue(0);
      ring.frontend.tell(new FrontendMessage.RemMemReg(ring.memory.region()));
      assertThat(Mappings.count(ring.memory.file())).isEqualTo(1);
    }
  }

  /** Writes random data out of the memory, and reads it back to an offset of it. */
  private static byte[] writeAndReadBack(RawRing ring, long offset) {
    byte[] data = new byte[BYTES];
    new Random(5).nextBytes(data);
    RawMemory.put(data, 0, BYTES, ring.memory.address() + RawRing.DATA);
    request(ring, 0, VirtioBlk.T_OUT, RawRing.DATA);
    request(ring, 3, VirtioBlk.T_IN, offset);
    return data;
  }

  private static void request(RawRing ring, int first, int type, long offset) {
    int before = ring.usedIdx();
    ring.header(type);
    int write = type == VirtioBlk.T_IN ? RawRing.WRITE : 0;
    ring.descriptor(first, ring.guest(RawRing.HEADER), 16, RawRing.NEXT, first + 1);
    ring.descriptor(
        first + 1,
        GuestMemory.DEFAULT_GUEST_ADDRESS + offset,
        BYTES,
        RawRing.NEXT | write,
        first + 2);
    ring.descriptor(first + 2, ring.guest(RawRing.STATUS), 1, RawRing.WRITE, 0);
    ring.offer(first);
    ring.awaitUsed(before + 1);
    assertThat(ring.status()).isEqualTo(VirtioBlk.S_OK);
  }

  private static byte[] bytes(long address) {
    byte[] bytes = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      bytes[i] = RawMemory.getByte(address + i);
    }
    return bytes;
  }

  @Test
  void aTebibyteOfMemoryThatNobodyTouchesTakesNone() throws Exception {
    long tebibyte = 1L << 40;
    try (BlkTarget target = new BlkTarget(1)) {
      Path socket = target.serveMalloc("disk");
      long before = residentSharedKib();
      try (RawRing ring =
          new RawRing(
              socket,
              FrontendOptions.defaults(),
              GuestMemory.create(tebibyte),
              VirtioBlk.FEATURES)) {
        byte[] data = writeAndReadBack(ring, tebibyte - BYTES);

        assertThat(bytes(ring.memory.address() + tebibyte - BYTES)).isEqualTo(data);
        assertThat(residentSharedKib() - before).isLessThan(4096);
      }
    }
  }

  /** Pages of memfds in this process, both ends' mappings counted. */
  private static long residentSharedKib() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("RssShmem:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }

  @Test
  void memoryOnADiskIsServedWithAWarning() throws Exception {
    Path path = folder.resolve("memory");
    FileDescriptor file = LinuxFiles.open(path, OpenFlag.READ_WRITE, OpenFlag.CREATE);
    assumeThat(FileSystem.of(file).kind())
        .as("needs ext4, xfs, btrfs or f2fs for temporary files")
        .isEqualTo(FileSystem.Kind.DISK);
    LinuxFiles.truncate(file, 2 * MIB);
    try (BlkTarget target = new BlkTarget(1);
        RawRing ring =
            new RawRing(
                target.serveMalloc("disk"),
                FrontendOptions.defaults(),
                GuestMemory.over(file, 0, MIB, GuestMemory.DEFAULT_GUEST_ADDRESS),
                VirtioBlk.FEATURES);
        GuestMemory more = GuestMemory.over(file.duplicate(), MIB, MIB, EXTRA)) {
      ring.frontend.tell(new FrontendMessage.AddMemReg(more.region()), List.of(more.file()));
      byte[] data = writeAndReadBack(ring, MIB / 2);

      assertThat(bytes(ring.memory.address() + MIB / 2)).isEqualTo(data);
      assertThat(log.all())
          .singleElement()
          .asString()
          .startsWith("disk#0: its memory is in files on a disk");
    }
  }

  /** Sealed against shrinking; what is missing is a page in the pool. Guest and disk meet it. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPoolOfHugePagesThatIsEmptyEndsTheGuiltySessionOnly(boolean header) throws Exception {
    Path pool = Path.of("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages");
    assumeThat(Files.exists(pool) && Files.readString(pool).strip().equals("0"))
        .as("needs a kernel with huge pages of 1 GiB and none of them free")
        .isTrue();
    FileDescriptor file = MemoryFile.createHuge("millrace-kinds", 1 << 30, 30);
    MemoryFile.seal(file, MemoryFile.F_SEAL_SHRINK);
    try (BlkTarget target = new BlkTarget(1);
        RawRing innocent = new RawRing(target.serveMalloc("innocent"), true);
        RawRing guilty = new RawRing(target.serveMalloc("guilty"), true);
        GuestMemory huge = GuestMemory.over(file, 0, 1 << 30, EXTRA)) {
      guilty.frontend.tell(new FrontendMessage.AddMemReg(huge.region()), List.of(huge.file()));
      guilty.validRead(0, 1);
      if (header) {
        guilty.descriptor(0, EXTRA, 16, RawRing.NEXT, 1);
      } else {
        guilty.descriptor(1, EXTRA, 512, RawRing.NEXT | RawRing.WRITE, 2);
      }

      guilty.offer(0);

      BlkTarget.await("the guilty session is gone", () -> target.sessions("guilty") == 0);
      log.await("has holes, and its file system no page for them");
      writeAndReadBack(innocent, MIB / 2);
      assertThat(target.sessions("innocent")).isEqualTo(1);
    }
  }
}
