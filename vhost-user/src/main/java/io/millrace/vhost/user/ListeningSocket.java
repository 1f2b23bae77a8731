package io.millrace.vhost.user;

import io.millrace.linux.SocketFile;
import io.millrace.vhost.user.VhostSocket.SocketAccess;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXServerSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.FileDescriptorCast;

/** Listens at a path of its own. */
final class ListeningSocket implements VhostSocket {
  private static final int BACKLOG = 128;

  private final SocketFile file;
  private final AFUNIXServerSocketChannel channel;

  private ListeningSocket(SocketFile file, AFUNIXServerSocketChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** As {@link VhostSocket#listen}. */
  static ListeningSocket at(Path path, @Nullable SocketAccess access) throws IOException {
    SocketFile file = SocketFile.claim(path);
    AFUNIXServerSocketChannel channel = null;
    try {
      channel = AFUNIXServerSocketChannel.open();
      channel.configureBlocking(false);
      channel.bind(AFUNIXSocketAddress.of(path), BACKLOG);
      if (access != null) {
        access.apply(path);
      }
      return new ListeningSocket(file, channel);
    } catch (IOException e) {
      if (channel != null) {
        channel.close();
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
  public int descriptorNumber() throws IOException {
    return FileDescriptorCast.using(channel.getFileDescriptor()).as(Integer.class);
  }

  @Override
  public @Nullable MessageChannel accept() throws IOException {
    AFUNIXSocketChannel accepted = channel.accept();
    return accepted == null ? null : MessageChannel.of(accepted);
  }

  /** Stops listening and removes the file. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The kernel has released the descriptor; the file goes next.
      file.close();
      return;
    }
    file.close();
  }
}
