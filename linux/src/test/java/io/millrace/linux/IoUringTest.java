package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** io_uring on a real file, byte for byte. */
class IoUringTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int ECANCELED = -Errno.ECANCELED.number();

  private record Completion(long userData, int result) {}

  @TempDir Path directory;
  private final List<Completion> completions = new ArrayList<>();
  private Path image;
  private FileDescriptor file;
  private Mapping buffer;
  private long memory;
  private IoUring ring;

  @BeforeEach
  void open() throws LinuxException {
    image = directory.resolve("disk.img");
    file = LinuxFiles.open(image, OpenFlag.READ_WRITE, OpenFlag.CREATE);
    buffer = Mapping.anonymous(1 << 20, false);
    memory = buffer.address();
    ring = IoUring.create(8);
  }

  @AfterEach
  void close() {
    ring.close();
    buffer.close();
    file.close();
  }

  /** Submits what is prepared and waits for {@code count} completions. */
  private List<Completion> complete(int count) {
    return complete(ring, count);
  }

  private List<Completion> complete(IoUring ring, int count) {
    completions.clear();
    ring.submit();
    long deadline = System.nanoTime() + 20 * SECOND;
    while (completions.size() < count && System.nanoTime() < deadline) {
      ring.waitForCompletion(SECOND);
      ring.reap((userData, result, _) -> completions.add(new Completion(userData, result)), 64);
    }
    return completions;
  }

  private byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @Test
  void thisKernelHasDeferredTaskWork() {
    assertThat(IoUring.available()).isTrue();
    assertThat(ring.deferTaskrun()).isTrue();
    assertThat(ring.completionCapacity()).isEqualTo(16);
  }

  @Test
  void writtenBytesAreInTheFileAndReadBack() throws Exception {
    byte[] data = random(10_000);
    RawMemory.put(data, 0, data.length, memory);

    ring.prepareWrite(file.number(), false, memory, data.length, 777, 0, 1L << 40);
    assertThat(complete(1)).containsExactly(new Completion(1L << 40, 10_000));
    ring.prepareRead(file.number(), false, memory + 20_000, 65_536, 777, -1);
    assertThat(complete(1)).containsExactly(new Completion(-1, 10_000));

    byte[] back = new byte[data.length];
    RawMemory.get(memory + 20_000, back, 0, back.length);
    assertThat(back).isEqualTo(data);
    assertThat(Files.readAllBytes(image)).hasSize(10_777).endsWith(data);
  }

  @Test
  void vectorsGatherAndScatterAndMayBeReusedAfterSubmit() throws Exception {
    byte[] data = random(3000);
    RawMemory.put(data, 0, 3000, memory);
    long iovecs = memory + 100_000;
    Iovec.set(iovecs, memory + 2000, 1000);
    Iovec.set(iovecs + Iovec.BYTES, memory, 2000);

    ring.prepareWritev(file.number(), false, iovecs, 2, 0, IoUring.RWF_DSYNC, 5);
    ring.submit();
    RawMemory.fill(iovecs, 32, (byte) 0);
    assertThat(complete(1)).containsExactly(new Completion(5, 3000));
    Iovec.set(iovecs, memory + 5000, 1);
    Iovec.set(iovecs + Iovec.BYTES, memory + 6000, 2999);
    ring.prepareReadv(file.number(), false, iovecs, 2, 0, 6);
    assertThat(complete(1)).containsExactly(new Completion(6, 3000));

    assertThat(RawMemory.getByte(memory + 5000)).isEqualTo(data[2000]);
    assertThat(RawMemory.getByte(memory + 6000)).isEqualTo(data[2001]);
    assertThat(RawMemory.getByte(memory + 6000 + 2998)).isEqualTo(data[1999]);
    assertThat(Iovec.base(iovecs)).isEqualTo(memory + 5000);
    assertThat(Iovec.length(iovecs)).isEqualTo(1);
  }

  @Test
  void readsEndShortAtTheEndOfTheFile() throws Exception {
    LinuxFiles.truncate(file, 1000);

    ring.prepareRead(file.number(), false, memory, 4096, 600, 1);
    ring.prepareRead(file.number(), false, memory, 4096, 1000, 2);

    assertThat(complete(2)).containsExactlyInAnyOrder(new Completion(1, 400), new Completion(2, 0));
  }

  @Test
  void errorsComeAsNegativeErrnoInTheCompletion() throws Exception {
    ring.prepareRead(1_000_000, false, memory, 512, 0, 1);
    LinuxFiles.truncate(file, 4096);
    ring.prepareRead(file.number(), false, 8, 512, 0, 2);

    assertThat(complete(2))
        .containsExactlyInAnyOrder(
            new Completion(1, -Errno.EBADF.number()), new Completion(2, -Errno.EFAULT.number()));
  }

  @Test
  void syncAndFallocateReachTheFile() throws Exception {
    RawMemory.fill(memory, 65_536, (byte) 9);
    ring.prepareWrite(file.number(), false, memory, 65_536, 0, IoUring.RWF_DSYNC, 1);
    complete(1);
    int punch = LinuxFiles.FALLOC_FL_PUNCH_HOLE | LinuxFiles.FALLOC_FL_KEEP_SIZE;

    ring.prepareFallocate(file.number(), false, punch, 4096, 8192, 2);
    assertThat(complete(1)).containsExactly(new Completion(2, 0));
    ring.prepareFsync(file.number(), false, true, 3);
    ring.prepareFsync(file.number(), false, false, 4);
    assertThat(complete(2)).containsExactlyInAnyOrder(new Completion(3, 0), new Completion(4, 0));

    byte[] content = Files.readAllBytes(image);
    assertThat(content).hasSize(65_536);
    assertThat(content[4095]).isEqualTo((byte) 9);
    assertThat(content[4096]).isZero();
    assertThat(content[12_287]).isZero();
    assertThat(content[12_288]).isEqualTo((byte) 9);
  }

  @Test
  void fixedFilesAreUsedBySlotAndEndWithIt() throws Exception {
    ring.resources().registerFilesSparse(4);
    LinuxFiles.truncate(file, 4096);
    ring.resources().updateFile(3, file.number());
    file.close(); // the table holds the open file

    ring.prepareRead(3, true, memory, 4096, 0, 1);
    assertThat(complete(1)).containsExactly(new Completion(1, 4096));
    ring.resources().updateFile(3, -1);
    ring.prepareRead(3, true, memory, 4096, 0, 2);
    assertThat(complete(1)).containsExactly(new Completion(2, -Errno.EBADF.number()));
  }

  @Test
  void fixedFilesBeyondTheTableOrBadAreRefusedByName() throws Exception {
    ring.resources().registerFilesSparse(4);

    assertThatThrownBy(() -> ring.resources().updateFile(4, file.number()))
        .hasMessageContaining("file slot 4: EINVAL");
    assertThatThrownBy(() -> ring.resources().updateFile(0, 1_000_000))
        .hasMessageContaining("file slot 0: EBADF");
    assertThatThrownBy(() -> ring.resources().registerFilesSparse(4)).hasMessageContaining("EBUSY");
  }

  @Test
  void cancelledRequestCompletesAsCancelled() throws Exception {
    try (FileDescriptor event = EventFd.create()) {
      ring.preparePollAdd(event.number(), false, 1, 10);
      ring.submit();
      ring.prepareCancel(10, 11);

      assertThat(complete(2))
          .containsExactlyInAnyOrder(new Completion(10, ECANCELED), new Completion(11, 0));

      ring.prepareCancel(10, 12);
      assertThat(complete(1)).containsExactly(new Completion(12, -Errno.ENOENT.number()));
    }
  }

  @Test
  void fullRingRefusesUntilSubmitted() {
    for (int i = 0; i < 8; i++) {
      assertThat(ring.prepareNop(i)).isTrue();
    }

    assertThat(ring.prepareNop(8)).isFalse();
    assertThat(ring.unsubmitted()).isEqualTo(8);
    assertThat(ring.submit()).isEqualTo(8);
    assertThat(ring.unsubmitted()).isZero();
    assertThat(ring.submit()).isZero();
    assertThat(ring.prepareNop(8)).isTrue();

    assertThat(complete(9)).hasSize(9);
  }

  @Test
  void completionsBeyondTheRingAreKeptAndReaped() {
    for (int batch = 0; batch < 8; batch++) {
      for (int i = 0; i < 8; i++) {
        ring.prepareNop(batch * 8L + i);
      }
      ring.submit();
    }

    assertThat(complete(64)).extracting(Completion::userData).doesNotHaveDuplicates().hasSize(64);
  }

  @Test
  void reapTakesNoMoreThanAsked() {
    for (int i = 0; i < 8; i++) {
      ring.prepareNop(i);
    }
    ring.submit();
    ring.waitForCompletion(SECOND);

    assertThat(ring.reap((userData, _, _) -> completions.add(new Completion(userData, 0)), 3))
        .isEqualTo(3);
    assertThat(ring.reap((userData, _, _) -> completions.add(new Completion(userData, 0)), 64))
        .isEqualTo(5);
    assertThat(completions)
        .extracting(Completion::userData)
        .containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L);
  }

  @Test
  void handlerThatThrowsLosesOnlyItsOwnCompletion() {
    ring.prepareNop(1);
    ring.prepareNop(2);
    ring.submit();
    ring.waitForCompletion(SECOND);

    assertThatThrownBy(() ->
            ring.reap(
                (userData, _, _) -> {
                  throw new IllegalStateException("completion " + userData);
                },
                64))
        .hasMessage("completion 1");
    assertThat(complete(1)).containsExactly(new Completion(2, 0));
  }

  @Test
  void waitingForNothingEndsWithItsTimeout() {
    assertThat(ring.waitForCompletion(1_000_000)).isFalse();
  }

  @Test
  void manyRoundsKeepTheirUserDataThroughWrapAround() throws Exception {
    LinuxFiles.truncate(file, 1 << 16);
    for (int i = 0; i < 10_000; i++) {
      ring.prepareRead(file.number(), false, memory, 512, 512L * (i % 128), i);
      ring.submit();
      assertThat(complete(1)).containsExactly(new Completion(i, 512));
    }
  }

  @Test
  void everySetupThatOlderKernelsGetWorksAlike() throws Exception {
    LinuxFiles.truncate(file, 4096);
    int deferred =
        IoUringLayout.SETUP_SINGLE_ISSUER
            | IoUringLayout.SETUP_DEFER_TASKRUN
            | IoUringLayout.SETUP_TASKRUN_FLAG;
    int cooperative = IoUringLayout.SETUP_COOP_TASKRUN | IoUringLayout.SETUP_TASKRUN_FLAG;
    for (int setup :
        new int[] {0, cooperative, deferred, deferred | IoUringLayout.SETUP_NO_SQARRAY}) {
      for (boolean single : new boolean[] {true, false}) {
        try (IoUring older = IoUring.create(4, setup, single)) {
          for (int i = 0; i < 20; i++) {
            older.prepareRead(file.number(), false, memory, 4096, 0, i);
            assertThat(complete(older, 1)).containsExactly(new Completion(i, 4096));
          }
          assertThat(older.deferTaskrun())
              .isEqualTo((setup & IoUringLayout.SETUP_DEFER_TASKRUN) != 0);
        }
      }
    }
  }

  @Test
  void setupTheKernelDoesNotKnowIsRefusedAndLeavesNoDescriptor() throws Exception {
    long before = openDescriptors();

    assertThatThrownBy(() -> IoUring.create(8, 1 << 30, true))
        .hasMessage("io_uring_setup of 8 entries: EINVAL (Invalid argument)");
    assertThatThrownBy(() -> IoUring.create(0))
        .hasMessageContaining("io_uring_setup of 0 entries: EINVAL");

    assertThat(openDescriptors()).isEqualTo(before);
  }

  @Test
  void otherThreadThanTheOwnerIsRefusedByTheKernel() throws Exception {
    ring.prepareNop(1);
    ring.submit();
    int[] result = new int[1];
    Thread other =
        Thread.ofPlatform()
            .start(() -> {
              ring.prepareNop(2);
              result[0] = ring.submit();
            });

    other.join();

    assertThat(result[0]).isEqualTo(-Errno.EEXIST.number());
  }

  private static long openDescriptors() throws Exception {
    try (var names = Files.list(Path.of("/proc/self/fd"))) {
      return names.count();
    }
  }
}
