package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A reactor sleeps in epoll on the ring: that must wake it, also when task work is deferred. */
class IoUringPollTest {
  private static final int PIPE = 22;
  private static final int EPOLL_CREATE1 = 291;
  private static final int EPOLL_CTL = 233;
  private static final int EPOLL_WAIT = 232;
  private static final int EPOLLIN = 1;
  private static final int TIMEOUT_MILLIS = 10_000;

  @TempDir Path directory;
  private final Mapping buffer = map();
  private IoUring ring;
  private FileDescriptor epoll;
  private FileDescriptor reader;
  private FileDescriptor writer;

  private static Mapping map() {
    try {
      return Mapping.anonymous(1 << 16, false);
    } catch (LinuxException e) {
      throw new AssertionError(e);
    }
  }

  @BeforeEach
  void open() throws LinuxException {
    ring = IoUring.create(8);
    // A pipe completes the polls and not an eventfd: the kernel does not signal one eventfd out of
    // another's wake-up.
    assertThat(Syscall.call(PIPE, buffer.address())).isZero();
    reader = FileDescriptor.own(RawMemory.getInt(buffer.address()));
    writer = FileDescriptor.own(RawMemory.getInt(buffer.address() + 4));
    epoll = FileDescriptor.own((int) Syscall.call(EPOLL_CREATE1, 0));
    long registration = buffer.address(); // struct epoll_event, packed: events 4, data 8
    RawMemory.putInt(registration, EPOLLIN);
    RawMemory.putLong(registration + 4, 77);
    assertThat(Syscall.call(EPOLL_CTL, epoll.number(), 1, ring.fd(), registration)).isZero();
  }

  @AfterEach
  void close() {
    epoll.close();
    reader.close();
    writer.close();
    ring.close();
    buffer.close();
  }

  private void write() {
    Syscall.call(Syscall.WRITE, writer.number(), buffer.address() + 4096, 1);
  }

  /** Events found. Interrupted waits are waited again, as Netty does: the JVM uses signals. */
  private long wait(int timeoutMillis) {
    long result;
    do {
      result = Syscall.call(EPOLL_WAIT, epoll.number(), buffer.address(), 8, timeoutMillis);
    } while (result == -Errno.EINTR.number());
    return result;
  }

  @Test
  void idleRingIsNotReadable() {
    assertThat(ring.armWakeup()).isTrue();

    assertThat(wait(0)).isZero();
  }

  @Test
  void unarmedRingIsNotReadableEitherSoThatPollingCostsNoWakeUps() {
    ring.prepareNop(1);
    ring.submit();

    assertThat(wait(0)).isZero();
    assertThat(ring.reap((_, _, _) -> {}, 8)).isEqualTo(1);
  }

  @Test
  void armedRingIsReadableBeforeDeferredWorkHasRunAndDisarmedNoMore() {
    ring.preparePollAdd(reader.number(), false, EPOLLIN, 5);
    ring.submit();
    assertThat(ring.armWakeup()).isTrue();
    assertThat(wait(0)).isZero();

    write(); // only queues task work for this thread

    assertThat(wait(TIMEOUT_MILLIS)).isEqualTo(1);
    assertThat(RawMemory.getLong(buffer.address() + 4)).isEqualTo(77);
    assertThat(ring.pending()).isZero();
    ring.disarmWakeup();
    assertThat(wait(0)).isZero();
    int[] result = new int[1];
    assertThat(ring.reap((_, r, _) -> result[0] = r, 8)).isEqualTo(1);
    assertThat(result[0]).isEqualTo(EPOLLIN);
  }

  @Test
  void armingIsRefusedWhenSomethingIsReadyToBeReaped() {
    ring.preparePollAdd(reader.number(), false, EPOLLIN, 5);
    ring.submit();
    write(); // task work the kernel has to run
    assertThat(ring.armWakeup()).isFalse();
    assertThat(ring.reap((_, _, _) -> {}, 8)).isEqualTo(1);
    ring.prepareNop(6); // a completion that is posted at once
    ring.submit();
    assertThat(ring.armWakeup()).isFalse();

    assertThat(wait(0)).isZero();
    assertThat(ring.reap((_, _, _) -> {}, 8)).isEqualTo(1);
    assertThat(ring.armWakeup()).isTrue();
  }

  @Test
  void sleeperIsWokenByCompletionsThatArriveLater() {
    for (int i = 0; i < 200; i++) {
      ring.preparePollAdd(reader.number(), false, EPOLLIN, i);
      ring.submit();
      assertThat(ring.armWakeup()).isTrue();
      Thread.ofPlatform().start(this::write);

      assertThat(wait(TIMEOUT_MILLIS)).isEqualTo(1);
      ring.disarmWakeup();
      assertThat(ring.reap((_, _, _) -> {}, 8)).isEqualTo(1);
      assertThat(Syscall.call(Syscall.READ, reader.number(), buffer.address() + 64, 1))
          .isEqualTo(1);
    }
  }

  @Test
  void directReadWakesTheSleeper() throws Exception {
    Path image = directory.resolve("disk.img");
    try (FileDescriptor file = LinuxFiles.open(image, OpenFlag.READ_WRITE, OpenFlag.CREATE)) {
      LinuxFiles.write(file, buffer.address(), 1 << 16, 0);
      LinuxFiles.dataSync(file);
    }
    try (FileDescriptor direct = LinuxFiles.open(image, OpenFlag.READ_ONLY, OpenFlag.DIRECT)) {
      for (int i = 0; i < 100; i++) {
        ring.prepareRead(direct.number(), false, buffer.address() + 4096, 4096, 4096, i);
        ring.submit();

        if (ring.armWakeup()) {
          assertThat(wait(TIMEOUT_MILLIS)).isEqualTo(1);
          ring.disarmWakeup();
        }
        assertThat(ring.reap((_, r, _) -> assertThat(r).isEqualTo(4096), 8)).isEqualTo(1);
      }
    }
  }
}
