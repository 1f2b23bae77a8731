package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.MemoryFile;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Watched descriptors: eventfds, and pipes for what only a peer can do to one. */
@SuppressWarnings("try") // a watch is open, and that is all it has to be
class FdWatchTest {
  private final Reactor reactor = Reactor.stepped("stepped");
  private final List<String> events = new ArrayList<>();
  private FileDescriptor event;

  @BeforeEach
  void open() throws LinuxException {
    Socket.initialize();
    event = EventFd.create();
  }

  @AfterEach
  void close() {
    reactor.close();
    event.close();
  }

  private void log(boolean readable, boolean writable) {
    events.add((readable ? "r" : "-") + (writable ? "w" : "-"));
  }

  private List<String> rounds(int count) {
    events.clear();
    for (int i = 0; i < count; i++) {
      reactor.runOnce(0);
    }
    return List.copyOf(events);
  }

  @Test
  void dataIsReportedUntilItIsRead() {
    try (FdWatch watch = reactor.watch(event.number(), this::log)) {
      assertThat(rounds(2)).isEmpty();

      EventFd.signal(event.number());
      assertThat(rounds(3)).containsExactly("r-", "r-", "r-");

      EventFd.drain(event.number());
      assertThat(rounds(2)).isEmpty();
    }
  }

  @Test
  void roomIsReportedOnlyWhenItIsWanted() {
    try (FdWatch watch = reactor.watch(event.number(), this::log)) {
      watch.wantWrite(true);
      assertThat(rounds(2)).containsExactly("-w", "-w");

      EventFd.signal(event.number());
      assertThat(rounds(1)).containsExactly("rw");

      watch.wantWrite(false);
      assertThat(rounds(1)).containsExactly("r-");
    }
  }

  @Test
  void aPausedWatchIsSilentAndLosesNothing() {
    try (FdWatch watch = reactor.watch(event.number(), this::log)) {
      watch.pause(true);
      EventFd.signal(event.number());
      assertThat(rounds(3)).isEmpty();

      watch.pause(false);
      assertThat(rounds(2)).containsExactly("r-", "r-");
    }
  }

  @Test
  void aPauseForgetsNoWish() {
    try (FdWatch watch = reactor.watch(event.number(), this::log)) {
      watch.wantWrite(true);
      watch.pause(true);
      assertThat(rounds(2)).isEmpty();
      watch.pause(false);
      assertThat(rounds(1)).containsExactly("-w");

      watch.pause(true);
      watch.wantWrite(false);
      watch.wantWrite(true);
      assertThat(rounds(2)).isEmpty();
    }
  }

  @Test
  void anEdgeIsReportedOnceForEachWrite() {
    try (FdWatch watch = reactor.watchEdges(event.number(), () -> events.add("written"))) {
      EventFd.signal(event.number());
      assertThat(rounds(3)).containsExactly("written");

      EventFd.signal(event.number());
      assertThat(rounds(3)).containsExactly("written");
    }
  }

  @Test
  void anEdgeStaysAnEdgeAfterAPause() {
    try (FdWatch watch = reactor.watchEdges(event.number(), () -> events.add("written"))) {
      watch.pause(true);
      EventFd.signal(event.number());
      assertThat(rounds(2)).isEmpty();

      watch.pause(false);
      assertThat(rounds(3)).containsExactly("written");
    }
  }

  @Test
  void aWriteFromBeforeTheWatchIsReported() {
    EventFd.signal(event.number());

    try (FdWatch watch = reactor.watchEdges(event.number(), () -> events.add("written"))) {
      assertThat(rounds(2)).containsExactly("written");
    }
  }

  @Test
  void aClosedWatchReportsNothingAndLeavesTheDescriptorOpen() {
    FdWatch watch = reactor.watch(event.number(), this::log);
    EventFd.signal(event.number());
    assertThat(rounds(1)).containsExactly("r-");

    watch.close();
    watch.close();
    watch.pause(false);
    watch.wantWrite(true);

    assertThat(rounds(2)).isEmpty();
    assertThat(EventFd.drain(event.number())).isEqualTo(1);
  }

  @Test
  void aDescriptorCanBeWatchedAgain() {
    reactor.watch(event.number(), this::log).close();
    try (FdWatch watch = reactor.watch(event.number(), this::log)) {
      EventFd.signal(event.number());

      assertThat(rounds(1)).containsExactly("r-");
    }
  }

  @Test
  void aListenerMayCloseAWatchThatIsReadyInTheSameWait() throws LinuxException {
    FileDescriptor other = EventFd.create();
    FdWatch[] watches = new FdWatch[2];
    watches[0] =
        reactor.watch(
            event.number(),
            (r, w) -> {
              events.add("first");
              watches[1].close();
            });
    watches[1] =
        reactor.watch(
            other.number(),
            (r, w) -> {
              events.add("second");
              watches[0].close();
            });
    EventFd.signal(event.number());
    EventFd.signal(other.number());

    assertThat(rounds(1)).hasSize(1);

    watches[0].close();
    watches[1].close();
    other.close();
  }

  @Test
  void aListenerThatThrowsHoldsUpNobody() throws LinuxException {
    FileDescriptor other = EventFd.create();
    FdWatch throwing =
        reactor.watchEdges(
            event.number(),
            () -> {
              throw new IllegalStateException("a bug");
            });
    FdWatch second = reactor.watchEdges(other.number(), () -> events.add("second"));
    EventFd.signal(event.number());
    EventFd.signal(other.number());

    long before = System.nanoTime();
    assertThat(rounds(1)).containsExactly("second");
    assertThat(System.nanoTime() - before).as("Netty's pause is 1 s").isLessThan(900_000_000L);

    throwing.close();
    second.close();
    other.close();
  }

  @Test
  void aMemoryFaultInAListenerIsToldToAll() {
    reactor.addFaultListener(() -> events.add("told"));
    FdWatch faulty =
        reactor.watchEdges(
            event.number(),
            () -> {
              throw new InternalError("a fault occurred in an unsafe memory access operation");
            });
    EventFd.signal(event.number());

    assertThat(rounds(2)).containsExactly("told");
    faulty.close();
  }

  @Test
  void aPeersHangUpIsSomethingToRead() throws IOException {
    io.netty.channel.unix.FileDescriptor[] pipe = io.netty.channel.unix.FileDescriptor.pipe();
    try (FdWatch watch = reactor.watch(pipe[0].intValue(), this::log)) {
      assertThat(rounds(1)).isEmpty();

      pipe[1].close();

      assertThat(rounds(2)).containsExactly("r-", "r-");
    } finally {
      pipe[0].close();
    }
  }

  @Test
  void aHangUpDuringAPauseIsReportedAfterIt() throws IOException {
    io.netty.channel.unix.FileDescriptor[] pipe = io.netty.channel.unix.FileDescriptor.pipe();
    try (FdWatch watch = reactor.watch(pipe[0].intValue(), this::log)) {
      watch.pause(true);
      pipe[1].write(ByteBuffer.allocateDirect(1), 0, 1);
      pipe[1].close();
      assertThat(rounds(3)).isEmpty();

      watch.pause(false);

      assertThat(rounds(1)).containsExactly("r-");
    } finally {
      pipe[0].close();
    }
  }

  @Test
  void whatEpollDoesNotTakeIsRefusedByName() throws LinuxException {
    try (FileDescriptor file = MemoryFile.create("a-file", 4096, false)) {
      assertThatThrownBy(() -> reactor.watch(file.number(), this::log))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("stepped: descriptor " + file.number());
    }
  }
}
