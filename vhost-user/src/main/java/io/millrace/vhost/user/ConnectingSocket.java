package io.millrace.vhost.user;

import io.millrace.linux.Errno;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.FileStatus;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OutgoingSocket;
import io.millrace.linux.SocketFile;
import io.millrace.linux.TimerFd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Goes to the front-end, which listens: one connection at a time, and the next when that has gone.
 * A timerfd stands for the listening socket that there is not: it runs out when it is time to try.
 */
final class ConnectingSocket implements VhostSocket {
  private static final Logger LOG = LoggerFactory.getLogger(ConnectingSocket.class);

  private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** What a front-end that begins to listen waits at most. */
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Path path;
  private final FileDescriptor timer;
  private long pauseNanos = FIRST_PAUSE_NANOS;
  private String obstacle = ""; // as it was logged, so that each is logged once
  private boolean connected;
  private long connectedNanos;
  private boolean closed;

  private ConnectingSocket(Path path) throws LinuxException {
    this.path = path;
    this.timer = TimerFd.create();
    TimerFd.set(timer, 1);
  }

  /** As {@link VhostSocket#connect}. */
  static ConnectingSocket to(Path path) throws IOException {
    SocketFile.checkName(path);
    if (Files.exists(path) && LinuxFiles.status(path).kind() != FileStatus.Kind.SOCKET) {
      throw new IOException(
          path + ": is there and is not a socket; name the one that the front-end listens on");
    }
    return new ConnectingSocket(path);
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public int descriptorNumber() {
    return timer.number();
  }

  @Override
  public @Nullable MessageChannel accept() {
    TimerFd.drain(timer);
    if (connected) {
      return null;
    }
    try {
      MessageChannel channel = MessageChannel.of(OutgoingSocket.connect(path));
      obstacle = "";
      connected = true;
      connectedNanos = System.nanoTime();
      return channel;
    } catch (LinuxException e) {
      tell(e);
      tryAgain();
      return null;
    }
  }

  private void tell(LinuxException e) {
    String why = LinuxException.text(e.number());
    if (why.equals(obstacle)) {
      return;
    }
    obstacle = why;
    boolean nobodyListens = e.errno() == Errno.ENOENT || e.errno() == Errno.ECONNREFUSED;
    LOG.atLevel(nobodyListens ? Level.INFO : Level.WARN)
        .log(
            "{}: no connection to a front-end there: {}; trying again until there is one",
            path,
            why);
  }

  private void tryAgain() {
    TimerFd.set(timer, pauseNanos);
    pauseNanos = Math.min(2 * pauseNanos, LONGEST_PAUSE_NANOS);
  }

  /** One that takes connections and drops them is tried as seldom as one that takes none. */
  @Override
  public void released() {
    if (closed) {
      return;
    }
    connected = false;
    if (System.nanoTime() - connectedNanos >= LONGEST_PAUSE_NANOS) {
      pauseNanos = FIRST_PAUSE_NANOS;
    }
    tryAgain();
  }

  /** Tries no more. The socket's file is the front-end's. */
  @Override
  public void close() {
    closed = true;
    timer.close();
  }
}
