package io.millrace.vhost.user;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.IncomingSocket;
import io.millrace.linux.InheritedSocket;
import io.millrace.linux.SocketFile;
import io.millrace.vhost.user.VhostSocket.SocketAccess;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Listens at a path of its own, and removes the file at the end. */
final class ListeningSocket implements VhostSocket {
  private static final int BACKLOG = 128;

  private final SocketFile file;
  private final InheritedSocket socket;

  private ListeningSocket(SocketFile file, InheritedSocket socket) {
    this.file = file;
    this.socket = socket;
  }

  /** As {@link VhostSocket#listen}. */
  static ListeningSocket at(Path path, @Nullable SocketAccess access) throws IOException {
    SocketFile file = SocketFile.claim(path);
    InheritedSocket socket = null;
    try {
      socket = IncomingSocket.listen(path, BACKLOG);
      if (access != null) {
        access.apply(path);
      }
      return new ListeningSocket(file, socket);
    } catch (IOException e) {
      if (socket != null) {
        socket.close();
      }
      file.close();
      throw new IOException(path + ": cannot listen there: " + e.getMessage(), e);
    }
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public int descriptorNumber() {
    return socket.number();
  }

  @Override
  public @Nullable MessageChannel accept() throws IOException {
    FileDescriptor accepted = socket.accept();
    return accepted == null ? null : MessageChannel.of(accepted);
  }

  /** Stops listening and removes the file. */
  @Override
  public void close() {
    socket.close();
    file.close();
  }
}
