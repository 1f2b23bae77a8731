package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blocking calls with the kernel's own results, and the semaphore that hands them to threads. */
class BlockingIoTest {
  private static final int PAGE = 4096;

  @TempDir Path directory;

  private static long iovecs(Mapping memory, int... lengths) {
    long at = memory.address() + 2 * PAGE;
    for (int i = 0; i < lengths.length; i++) {
      Iovec.set(memory.address() + (long) i * Iovec.BYTES, at, lengths[i]);
      at += lengths[i];
    }
    return memory.address();
  }

  @Test
  void whatIsWrittenFromSeveralBuffersIsReadIntoOthers() throws Exception {
    Path path = directory.resolve("file");
    try (FileDescriptor file = LinuxFiles.open(path, OpenFlag.READ_WRITE, OpenFlag.CREATE);
        Mapping memory = Mapping.anonymous(4 * PAGE, false)) {
      RawMemory.fill(memory.address() + 2 * PAGE, 3000, (byte) 7);
      int fd = file.number();

      assertThat(BlockingIo.writev(fd, iovecs(memory, 1000, 2000), 2, 500, 0)).isEqualTo(3000);
      assertThat(BlockingIo.writev(fd, iovecs(memory, 10), 1, 3500, IoUring.RWF_DSYNC))
          .isEqualTo(10);
      assertThat(BlockingIo.dataSync(fd)).isZero();
      RawMemory.fill(memory.address() + 2 * PAGE, PAGE, (byte) 0);
      assertThat(BlockingIo.readv(fd, iovecs(memory, 1, 3999), 2, 500)).isEqualTo(3010);

      byte[] expected = new byte[3510];
      Arrays.fill(expected, 500, 3510, (byte) 7);
      assertThat(Files.readAllBytes(path)).isEqualTo(expected);
      assertThat(RawMemory.getByte(memory.address() + 2 * PAGE + 3009)).isEqualTo((byte) 7);
      assertThat(RawMemory.getByte(memory.address() + 2 * PAGE + 3010)).isZero();
      assertThat(BlockingIo.readv(fd, iovecs(memory, 1), 1, 5000)).isZero();
    }
  }

  @Test
  void holeIsPunchedAndFailuresAreNegativeErrnos() throws Exception {
    Path path = Files.write(directory.resolve("file"), new byte[] {1, 2, 3});
    try (FileDescriptor file = LinuxFiles.open(path, OpenFlag.READ_WRITE)) {
      int hole = LinuxFiles.FALLOC_FL_PUNCH_HOLE | LinuxFiles.FALLOC_FL_KEEP_SIZE;

      assertThat(BlockingIo.allocate(file.number(), hole, 1, 1)).isZero();

      assertThat(Files.readAllBytes(path)).containsExactly(1, 0, 3);
      assertThat(BlockingIo.discard(file.number(), 0, 512)).isEqualTo(-Errno.ENOTTY.number());
      assertThat(BlockingIo.allocate(file.number(), hole, -1, 1)).isEqualTo(-Errno.EINVAL.number());
      assertThat(BlockingIo.dataSync(-1)).isEqualTo(-Errno.EBADF.number());
    }
  }

  @Test
  void eachTokenOfASemaphoreIsTakenOnce() throws Exception {
    try (FileDescriptor tokens = EventFd.createSemaphore()) {
      EventFd.add(tokens.number(), 2);

      EventFd.take(tokens.number());
      EventFd.take(tokens.number());
      Thread waiter = Thread.ofPlatform().start(() -> EventFd.take(tokens.number()));
      assertThat(waiter.join(java.time.Duration.ofMillis(50))).isFalse();
      EventFd.add(tokens.number(), 1);

      assertThat(waiter.join(java.time.Duration.ofSeconds(20))).isTrue();
    }
  }
}
