package io.millrace.bdev.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.stacked.PassthruBdev;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.Mapping;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.RawMemory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Guest memory registered with the ring: more than one buffer of it. Whether a request went that
 * way is seen by a hole punched into the memory's file: a buffer is the pages that were there when
 * it was registered, and what is read into those nobody sees.
 */
@Timeout(120)
class RegisteredMemoryTest {
  private static final long DEADLINE_NANOS = 30_000_000_000L;
  private static final int PAGE = 4096;
  private static final int MIB = 1 << 20;
  private static final long BOUNDARY = RegisteredRange.SLOT_BYTES;
  private static final long GUEST_BYTES = BOUNDARY + 5L * MIB; // no whole number of steps
  private static final int HOLE = LinuxFiles.FALLOC_FL_PUNCH_HOLE | LinuxFiles.FALLOC_FL_KEEP_SIZE;
  private static final BdevListener NOBODY =
      new BdevListener() {
        @Override
        public void removed() {}

        @Override
        public void resized() {}
      };

  @TempDir Path directory;
  private Path image;
  private byte[] content;
  private FileDescriptor guestFile;
  private Mapping guest;
  private long pinnedBefore;

  @BeforeEach
  void makeImageAndGuest() throws Exception {
    pinnedBefore = pinned();
    content = new byte[4 * MIB];
    new Random(4).nextBytes(content);
    image = Files.write(directory.resolve("disk.img"), content);
    guestFile = MemoryFile.create("guest", GUEST_BYTES, true);
    guest = Mapping.map(guestFile, 0, GUEST_BYTES, true);
  }

  @AfterEach
  void close() {
    guest.close();
    guestFile.close();
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    while (pinned() > pinnedBefore) { // the kernel ends rings in its own time
      assertThat(System.nanoTime()).as("what is pinned is let go of").isLessThan(deadline);
    }
  }

  private FileBdevOptions options(String name) {
    return FileBdevOptions.of(name, image).withEngine(FileEngineKind.IO_URING).withRaw(true);
  }

  private FileDisk disk() throws Exception {
    return new FileDisk(options("disk").withRegisterMemory(true));
  }

  private void share(FileDisk disk) {
    disk.registry.memory().add(disk.bdev, guest.address(), GUEST_BYTES);
  }

  private void unshare(FileDisk disk) {
    disk.registry.memory().remove(disk.bdev, guest.address(), GUEST_BYTES);
  }

  private void shareAndRegister(FileDisk disk) {
    share(disk);
    await(disk, "all is registered", () -> registeredBytes(disk.bdev) == GUEST_BYTES);
  }

  private static long registeredBytes(FileBdev bdev) {
    return (long) details(bdev).get("registered_bytes");
  }

  private static Map<?, ?> details(FileBdev bdev) {
    return (Map<?, ?>) bdev.driverSpecific().get("file");
  }

  private static void await(FileDisk disk, String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      disk.step();
    }
  }

  private void punch(long offset, long bytes) throws LinuxException {
    LinuxFiles.allocate(guestFile, HOLE, offset, bytes);
  }

  private byte[] guestBytes(long offset, int length) {
    byte[] bytes = new byte[length];
    RawMemory.get(guest.address() + offset, bytes, 0, length);
    return bytes;
  }

  /** Reads the image's beginning into guest memory. */
  private void read(FileDisk disk, long guestOffset, int bytes) {
    TestIo io = disk.prepare(IoType.READ, 0, bytes);
    io.addSegment(guest.address() + guestOffset, bytes);
    assertThat(disk.run(io)).isEqualTo(IoStatus.SUCCESS);
  }

  private void assertReadsWithoutBuffer(FileDisk disk, long guestOffset, int bytes)
      throws Exception {
    punch(guestOffset & -PAGE, (bytes + 2L * PAGE) & -PAGE);
    read(disk, guestOffset, bytes);
    assertThat(guestBytes(guestOffset, bytes)).isEqualTo(Arrays.copyOf(content, bytes));
  }

  private void assertReadsThroughBuffer(FileDisk disk, long guestOffset, int bytes)
      throws Exception {
    punch(guestOffset & -PAGE, (bytes + 2L * PAGE) & -PAGE);
    read(disk, guestOffset, bytes);
    assertThat(guestBytes(guestOffset, bytes)).isEqualTo(new byte[bytes]);
  }

  /** Kibibytes that this process has pinned. */
  private static long pinned() {
    try {
      String line =
          Files.readAllLines(Path.of("/proc/self/status")).stream()
              .filter(l -> l.startsWith("VmPin:"))
              .findFirst()
              .orElseThrow();
      return Long.parseLong(line.replaceAll("[^0-9]", ""));
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void dataThroughRegisteredMemoryIsExact(boolean direct) throws Exception {
    try (FileDisk disk =
        new FileDisk(options("disk").withRegisterMemory(true).withDirect(direct))) {
      shareAndRegister(disk);
      Random random = new Random(5);
      for (int i = 0; i < 500; i++) {
        int bytes = PAGE * (1 + random.nextInt(64));
        int offset = PAGE * random.nextInt((content.length - bytes) / PAGE + 1);
        long place = (long) PAGE * random.nextInt((int) ((GUEST_BYTES - bytes) / PAGE) + 1);
        boolean write = random.nextBoolean();
        byte[] data = new byte[bytes];
        random.nextBytes(data);
        RawMemory.put(data, 0, bytes, guest.address() + place);
        TestIo io = disk.prepare(write ? IoType.WRITE : IoType.READ, offset, bytes);
        io.addSegment(guest.address() + place, bytes);

        assertThat(disk.run(io)).isEqualTo(IoStatus.SUCCESS);

        if (write) {
          System.arraycopy(data, 0, content, offset, bytes);
        }
        assertThat(guestBytes(place, bytes))
            .isEqualTo(Arrays.copyOfRange(content, offset, offset + bytes));
      }
      unshare(disk);
    }
    assertThat(Files.readAllBytes(image)).isEqualTo(content);
  }

  @Test
  void oneRangeWithinOneBufferGoesThroughIt() throws Exception {
    try (FileDisk disk = disk()) {
      shareAndRegister(disk);

      assertReadsThroughBuffer(disk, 0, 512);
      assertReadsThroughBuffer(disk, 8L * PAGE + 17, 128 * 1024);
      assertReadsThroughBuffer(disk, BOUNDARY - 2 * PAGE, 2 * PAGE);
      assertReadsThroughBuffer(disk, BOUNDARY, PAGE);
      assertReadsThroughBuffer(disk, GUEST_BYTES - PAGE, PAGE);
      unshare(disk);
    }
  }

  @Test
  void whatLiesInTwoBuffersOrInPiecesGoesWithout() throws Exception {
    try (FileDisk disk = disk()) {
      shareAndRegister(disk);

      assertReadsWithoutBuffer(disk, BOUNDARY - 1, 512);
      assertReadsWithoutBuffer(disk, BOUNDARY - PAGE, 2 * PAGE);
      punch(0, 3 * PAGE);
      TestIo io = disk.prepare(IoType.READ, 0, 2 * PAGE);
      io.addSegment(guest.address() + 2 * PAGE, PAGE);
      io.addSegment(guest.address(), PAGE);
      assertThat(disk.run(io)).isEqualTo(IoStatus.SUCCESS);
      assertThat(guestBytes(2 * PAGE, PAGE)).isEqualTo(Arrays.copyOf(content, PAGE));
      assertThat(guestBytes(0, PAGE)).isEqualTo(Arrays.copyOfRange(content, PAGE, 2 * PAGE));
      unshare(disk);
    }
  }

  @Test
  void bufferIsUsedAsSoonAsItIsThere() throws Exception {
    try (FileDisk disk = disk()) {
      share(disk);
      await(disk, "the first is there", () -> registeredBytes(disk.bdev) > 0);

      disk.stopClock();
      assertThat(registeredBytes(disk.bdev)).isEqualTo(BOUNDARY);
      assertReadsThroughBuffer(disk, 0, PAGE);
      assertReadsWithoutBuffer(disk, BOUNDARY, PAGE);
      unshare(disk);
    }
  }

  @Test
  void memoryThatGoesIsNoLongerUsedAndIsLetGoOf() throws Exception {
    try (FileDisk disk = disk()) {
      long before = pinned();
      shareAndRegister(disk);
      assertThat(pinned()).isEqualTo(before + GUEST_BYTES / 1024);

      unshare(disk);
      disk.step();

      assertThat(registeredBytes(disk.bdev)).isZero();
      assertReadsWithoutBuffer(disk, 0, PAGE);
      await(disk, "nothing is pinned", () -> pinned() == before);
      shareAndRegister(disk); // the slots are free again
      assertReadsThroughBuffer(disk, 0, PAGE);
      unshare(disk);
    }
  }

  @Test
  void memoryThatGoesAtOnceIsNeverRegistered() throws Exception {
    try (FileDisk disk = disk()) {
      share(disk);
      disk.step();
      unshare(disk);
      shareAndRegister(disk);
      unshare(disk);
    }
  }

  @Test
  void memoryThatGoesHalfRegisteredIsLetGoOf() throws Exception {
    try (FileDisk disk = disk()) {
      long before = pinned();
      share(disk);
      await(disk, "the first is there", () -> registeredBytes(disk.bdev) > 0);
      unshare(disk);

      await(disk, "nothing is pinned", () -> pinned() == before);
      for (int i = 0; i < 100; i++) {
        disk.step();
      }
      assertThat(pinned()).isEqualTo(before);
      assertThat(registeredBytes(disk.bdev)).isZero();
    }
  }

  @Test
  void channelOpenedLaterRegistersWhatIsThereAndLetsGoOfItAtItsEnd() throws Exception {
    try (FileDisk disk = disk()) {
      long before = pinned();
      FileEngine engine = FileEngines.acquire(disk.reactor, FileEngineKind.IO_URING, false);
      share(disk);
      disk.closeChannel();
      disk.step();
      assertThat(registeredBytes(disk.bdev)).isZero();

      disk.openChannel();
      await(disk, "all is registered", () -> registeredBytes(disk.bdev) == GUEST_BYTES);
      disk.closeChannel();
      assertThat(registeredBytes(disk.bdev)).isZero();
      await(disk, "nothing is pinned", () -> pinned() == before);

      disk.openChannel();
      FileEngines.release(engine);
      unshare(disk);
    }
  }

  @Test
  void otherDiskOnTheSameRingHasNothingOfIt() throws Exception {
    Path other = Files.write(directory.resolve("other.img"), content);
    try (FileDisk disk = disk()) {
      FileBdev without =
          FileBdev.create(
              FileBdevOptions.of("without", other)
                  .withEngine(FileEngineKind.IO_URING)
                  .withRaw(true));
      disk.registry.register(without);
      try (BdevDescriptor opening = disk.registry.open("without", true, NOBODY)) {
        var channel = opening.openChannel(disk.reactor);
        shareAndRegister(disk);
        disk.registry.memory().add(without, disk.memory.address(), disk.memory.size());
        punch(0, PAGE);
        TestIo io = disk.prepare(IoType.READ, 0, PAGE);
        io.addSegment(guest.address(), PAGE);

        channel.submit(io);
        disk.await(io);

        assertThat(guestBytes(0, PAGE)).isEqualTo(Arrays.copyOf(content, PAGE));
        assertThat(registeredBytes(disk.bdev)).isEqualTo(GUEST_BYTES);
        assertThat(details(without).containsKey("registered_bytes")).isFalse();
        opening.closeChannel(channel);
        unshare(disk);
      }
    }
  }

  @Test
  void guestsOfWhatStandsOnTheDiskAreItsGuests() throws Exception {
    try (FileDisk disk =
        new FileDisk(options("disk").withRegisterMemory(true).withReadOnly(true))) {
      PassthruBdev top = PassthruBdev.create(disk.registry, "disk", "top", null);
      disk.registry.register(top);
      disk.registry.memory().add(top, guest.address(), GUEST_BYTES);
      await(disk, "all is registered", () -> registeredBytes(disk.bdev) == GUEST_BYTES);

      disk.registry.memory().remove(top, guest.address(), GUEST_BYTES);
      disk.step();

      assertThat(registeredBytes(disk.bdev)).isZero();
      disk.registry.remove("top");
    }
  }

  @Test
  void memoryThatTheKernelRefusesIsSaidAndTheDiskWorks() throws Exception {
    LinuxFiles.truncate(guestFile, 3L * MIB);
    try (FileDisk disk = disk()) {
      share(disk);
      await(disk, "it is refused", () -> details(disk.bdev).containsKey("not_registered"));

      assertThat(details(disk.bdev).get("not_registered")).isEqualTo("kernel refuses this memory");
      assertThat(registeredBytes(disk.bdev)).isZero();
      assertReadsWithoutBuffer(disk, 0, PAGE);
      unshare(disk);
      assertThat(details(disk.bdev).containsKey("not_registered")).isFalse();
    }
  }
}
