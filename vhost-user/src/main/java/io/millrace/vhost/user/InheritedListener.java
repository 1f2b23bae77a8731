package io.millrace.vhost.user;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.InheritedSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Listens on a socket that another process made and named; its file stays when this ends. */
final class InheritedListener implements VhostSocket {
  private final InheritedSocket socket;
  private final Path path;

  InheritedListener(InheritedSocket socket) {
    this.socket = socket;
    this.path = Objects.requireNonNullElse(socket.path(), Path.of("fd" + socket.number()));
  }

  @Override
  public Path path() {
    return path;
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

  @Override
  public void close() {
    socket.close();
  }
}
