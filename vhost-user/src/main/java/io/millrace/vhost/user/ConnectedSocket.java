package io.millrace.vhost.user;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One front-end that is connected already: it is accepted once, and when it has gone nobody can
 * come any more. An eventfd stands for the listening socket that there is not.
 */
final class ConnectedSocket implements VhostSocket {
  private final Path path;
  private final FileDescriptor waiting;
  private final CompletableFuture<@Nullable Void> over = new CompletableFuture<>();
  private @Nullable MessageChannel connected;

  /** Takes the socket over, also when this fails. */
  ConnectedSocket(FileDescriptor socket) throws IOException {
    this.path = Path.of("fd" + socket.number());
    MessageChannel channel = MessageChannel.of(socket);
    this.connected = channel;
    try {
      this.waiting = EventFd.create();
    } catch (LinuxException e) {
      channel.close();
      throw e;
    }
    EventFd.signal(waiting.number());
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public int descriptorNumber() {
    return waiting.number();
  }

  @Override
  public @Nullable MessageChannel accept() {
    EventFd.drain(waiting.number());
    MessageChannel accepted = connected;
    connected = null;
    return accepted;
  }

  @Override
  public void released() {
    over.complete(null);
  }

  @Override
  public CompletionStage<@Nullable Void> over() {
    return over;
  }

  @Override
  public void close() {
    MessageChannel left = accept();
    if (left != null) {
      left.close();
    }
    waiting.close();
  }
}
