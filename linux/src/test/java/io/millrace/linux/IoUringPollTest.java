package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A reactor sleeps in epoll on the ring's descriptor: that must wake it, also when the kernel
 * defers task work.
 */
class IoUringPollTest {
  private static final int EPOLL_CREATE1 = 291;
  private static final int EPOLL_CTL = 233;
  private static final int EPOLL_WAIT = 232;
  private static final int EPOLLIN = 1;
  private static final int TIMEOUT_MILLIS = 10_000;

  @TempDir Path directory;
  private final Mapping buffer = map();
  private IoUring ring;
  private FileDescriptor epoll;
  private FileDescriptor event;

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
    event = EventFd.create();
    epoll = FileDescriptor.own((int) Syscall.call(EPOLL_CREATE1, 0));
    long registration = buffer.address(); // struct epoll_event, packed: events 4, data 8
    RawMemory.putInt(registration, EPOLLIN);
    RawMemory.putLong(registration + 4, 77);
    assertThat(Syscall.call(EPOLL_CTL, epoll.number(), 1, ring.fd(), registration)).isZero();
  }

  @AfterEach
  void close() {
    epoll.close();
    event.close();
    ring.close();
    buffer.close();
  }

  private long wait(int timeoutMillis) {
    return Syscall.call(EPOLL_WAIT, epoll.number(), buffer.address(), 8, timeoutMillis);
  }

  @Test
  void idleRingIsNotReadable() {
    assertThat(wait(0)).isZero();
  }

  @Test
  void ringIsReadableBeforeDeferredWorkHasRunAndAfterItWasReapedNoMore() {
    ring.preparePollAdd(event.number(), false, EPOLLIN, 5);
    ring.submit();
    assertThat(wait(0)).isZero();

    EventFd.signal(event.number()); // only queues task work for this thread

    assertThat(ring.pending()).isZero();
    assertThat(wait(TIMEOUT_MILLIS)).isEqualTo(1);
    assertThat(RawMemory.getLong(buffer.address() + 4)).isEqualTo(77);
    assertThat(ring.pending()).isZero(); // epoll_wait does not run it either
    int[] result = new int[1];
    assertThat(ring.reap((_, r, _) -> result[0] = r, 8)).isEqualTo(1);
    assertThat(result[0]).isEqualTo(EPOLLIN);
    assertThat(wait(0)).isZero();
  }

  @Test
  void sleeperIsWokenByACompletionThatArrivesLater() {
    ring.preparePollAdd(event.number(), false, EPOLLIN, 5);
    ring.submit();
    Thread later = Thread.ofPlatform().start(() -> EventFd.signal(event.number()));

    assertThat(wait(TIMEOUT_MILLIS)).isEqualTo(1);
    assertThat(ring.reap((_, _, _) -> {}, 8)).isEqualTo(1);

    assertThat(later.isInterrupted()).isFalse();
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

        assertThat(wait(TIMEOUT_MILLIS)).isEqualTo(1);
        assertThat(ring.reap((_, r, _) -> assertThat(r).isEqualTo(4096), 8)).isEqualTo(1);
      }
    }
  }
}
