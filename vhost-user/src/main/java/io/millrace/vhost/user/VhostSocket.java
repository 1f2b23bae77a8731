package io.millrace.vhost.user;

import io.millrace.linux.Errno;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.InheritedSocket;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Where a device's front-ends come from, before and apart from the server behind it: they can
 * connect from the moment it exists, and are served once there is a server. One thread at a time.
 */
public sealed interface VhostSocket extends AutoCloseable
    permits ListeningSocket, ConnectingSocket, InheritedListener, ConnectedSocket {
  /**
   * Listens at a path. A dead server's file there is replaced, a live one's is not.
   *
   * @param access who may connect, or null for what the process's umask allows
   * @throws IOException if it cannot be; the message is one line, and nothing is left behind
   */
  static VhostSocket listen(Path path, @Nullable SocketAccess access) throws IOException {
    return ListeningSocket.at(path, access);
  }

  /**
   * Connects to a front-end that listens at a path, again and again: when that one has gone, and
   * while nobody listens, with pauses that double up to a second.
   *
   * @throws IOException it can be no such path; the message is one line
   */
  static VhostSocket connect(Path path) throws IOException {
    return ConnectingSocket.to(path);
  }

  /**
   * Takes over a socket that the process was started with: one that listens, or one whose other end
   * is a front-end.
   *
   * @param number of its descriptor, which nobody else in this process may own
   * @throws IOException it is no such socket, and is left alone; the message is one line
   */
  static VhostSocket inherit(int number) throws IOException {
    InheritedSocket socket = InheritedSocket.adopt(number);
    return socket.isListening() ? new InheritedListener(socket) : of(socket.descriptor());
  }

  /**
   * One whose other end is a front-end already.
   *
   * @param connected belongs to this from now on, also when this fails
   * @throws IOException the message is one line
   */
  static VhostSocket of(FileDescriptor connected) throws IOException {
    return new ConnectedSocket(connected);
  }

  /**
   * Who may connect to a socket.
   *
   * @param mode permission bits, or -1 to leave them
   * @param groupId the owning group, or -1 to leave it
   */
  record SocketAccess(int mode, int groupId) {
    void apply(Path path) throws IOException {
      if (groupId >= 0) {
        setGroup(path);
      }
      if (mode >= 0) {
        LinuxFiles.setMode(path, mode);
      }
    }

    private void setGroup(Path path) throws IOException {
      try {
        LinuxFiles.setGroup(path, groupId);
      } catch (LinuxException e) {
        String remedy =
            e.errno() == Errno.EPERM
                ? "; take a group that this user is in (see id), or run as root"
                : "";
        throw new IOException(e.getMessage() + remedy, e);
      }
    }
  }

  /** Where it listens or connects to; {@code fdN} where that has no name. */
  Path path();

  /**
   * A descriptor for an epoll: readable when a front-end waits. It stays this socket's, and is the
   * same until {@link #close}.
   */
  int descriptorNumber() throws IOException;

  /** The next front-end that waits, or null; its connection is the caller's. */
  @Nullable MessageChannel accept() throws IOException;

  /** A front-end of this socket's has gone, and nothing of it is in flight any more. */
  default void released() {}

  /** Complete when no front-end can come any more; on the thread of {@link #released}. */
  default CompletionStage<@Nullable Void> over() {
    return new CompletableFuture<>();
  }

  /**
   * Takes no more front-ends; the file that {@link #listen} made is removed. {@link #released} may
   * still come.
   */
  @Override
  void close();
}
