package io.millrace.vhost.user;

import io.millrace.linux.Errno;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.SocketFile;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXServerSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * A listening socket, before and apart from the server behind it: front-ends can connect from the
 * moment it exists, and are served once there is a a server.
 */
public final class VhostSocket implements AutoCloseable {
  private static final int BACKLOG = 128;

  private final SocketFile file;
  private final AFUNIXServerSocketChannel channel;

  private VhostSocket(SocketFile file, AFUNIXServerSocketChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Listens at a path. A dead server's file there is replaced, a live one's is not.
   *
   * @param access who may connect, or null for what the process's umask allows
   * @throws IOException if it cannot be; the message is one line, and nothing is left behind
   */
  public static VhostSocket listen(Path path, @Nullable SocketAccess access) throws IOException {
    SocketFile file = SocketFile.claim(path);
    AFUNIXServerSocketChannel channel = null;
    try {
      channel = AFUNIXServerSocketChannel.open();
      channel.configureBlocking(false);
      channel.bind(AFUNIXSocketAddress.of(path), BACKLOG);
      if (access != null) {
        access.apply(path);
      }
      return new VhostSocket(file, channel);
    } catch (IOException e) {
      if (channel != null) {
        channel.close();
      }
      file.close();
      throw new IOException(path + ": cannot listen there: " + e.getMessage(), e);
    }
  }

  /** Loads the socket library and its native part, so that the first {@link #listen} is quick. */
  public static void load() throws IOException {
    AFUNIXServerSocketChannel.open().close();
  }

  /**
   * Who may connect to a socket.
   *
   * @param mode permission bits, or -1 to leave them
   * @param groupId the owning group, or -1 to leave it
   */
  public record SocketAccess(int mode, int groupId) {
    private void apply(Path path) throws IOException {
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

  /** Where it listens. */
  public Path path() {
    return file.path();
  }

  /**
   * The socket's descriptor, for an epoll: readable when a front-end waits. It stays this socket's.
   */
  public int descriptorNumber() throws IOException {
    return FileDescriptorCast.using(channel.getFileDescriptor()).as(Integer.class);
  }

  /** The next front-end that waits, or null; its connection is the caller's. */
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
