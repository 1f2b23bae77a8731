package io.millrace.reactor;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.Future;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * One descriptor in a reactor's epoll. The descriptor stays its owner's: closing the watch does not
 * close it, and the watch must be closed before the descriptor is.
 */
public final class FdWatch implements AutoCloseable {
  private static final EpollIoOps READ = EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLRDHUP);
  private static final EpollIoOps READ_WRITE = READ.with(EpollIoOps.EPOLLOUT);

  private static final EpollIoOps EDGES = EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET);

  /**
   * Neither data nor room: the kernel still reports a hang-up, but once. Netty takes a descriptor
   * with no operations at all out of its epoll, and then cannot put it back.
   */
  private static final EpollIoOps PAUSED = EpollIoOps.EPOLLET;

  private final FdListener listener;
  private final Guard guard;
  private final Handle handle;
  private final boolean edges;
  private boolean writeWanted;
  private boolean paused;
  private @Nullable IoRegistration registration;

  FdWatch(int descriptor, boolean edges, FdListener listener, Guard guard) {
    this.edges = edges;
    this.listener = listener;
    this.guard = guard;
    this.handle = new Handle(new FileDescriptor(descriptor));
  }

  /**
   * Puts the descriptor into the epoll of its reactor.
   *
   * @param reactor its name, for the message
   * @throws IllegalStateException if the kernel does not watch such a descriptor
   */
  FdWatch register(IoEventLoop eventLoop, String reactor) {
    Future<IoRegistration> registered = eventLoop.register(handle);
    if (!registered.isSuccess()) {
      throw cannotBeWatched(reactor, "", registered.cause());
    }
    registration = registered.getNow();
    try {
      submit();
      return this;
    } catch (UncheckedIOException e) {
      close();
      throw cannotBeWatched(reactor, ": " + e.getMessage(), e);
    }
  }

  private IllegalStateException cannotBeWatched(String reactor, String why, Throwable cause) {
    return new IllegalStateException(
        reactor + ": descriptor " + handle.descriptor.intValue() + " cannot be watched" + why,
        cause);
  }

  /**
   * Asks to be told of room to write as well, or no longer. Reactor's thread only.
   *
   * @param wanted whether {@code writable} is to be reported
   */
  public void wantWrite(boolean wanted) {
    writeWanted = wanted;
    submit();
  }

  /**
   * Stops or resumes reporting anything, for a reader that must wait. What is ready then is
   * reported when it resumes. Reactor's thread only.
   *
   * @param paused whether the descriptor is to be left alone
   */
  public void pause(boolean paused) {
    this.paused = paused;
    submit();
  }

  private void submit() {
    IoRegistration current = registration;
    if (current == null) {
      return;
    }
    if (paused) {
      current.submit(PAUSED);
    } else if (edges) {
      current.submit(EDGES);
    } else {
      current.submit(writeWanted ? READ_WRITE : READ);
    }
  }

  /** Takes the descriptor out of the epoll. Reactor's thread only; later calls do nothing. */
  @Override
  public void close() {
    if (registration != null) {
      registration.cancel();
      registration = null;
    }
  }

  private final class Handle implements EpollIoHandle {
    private final FileDescriptor descriptor;

    Handle(FileDescriptor descriptor) {
      this.descriptor = descriptor;
    }

    @Override
    public FileDescriptor fd() {
      return descriptor;
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
      if (paused || registration == null) {
        return; // a hang-up, or reported in the same wait before it was paused or closed
      }
      EpollIoOps ops = ((EpollIoEvent) event).ops();
      boolean writable = ops.contains(EpollIoOps.EPOLLOUT);
      // What is not room to write is data, an error or a hang-up, which has no constant here.
      boolean readable = !ops.equals(EpollIoOps.EPOLLOUT);
      guard.ready(listener, readable, writable);
    }

    @Override
    public void close() {
      // The descriptor is the owner's.
    }
  }
}
