package io.millrace.server;

import io.millrace.vhost.user.VhostSocket;
import java.io.IOException;
import java.nio.file.Path;

/** Where the front-ends of a disk come from, as the command line says it. */
sealed interface DiskSocket {
  /**
   * Opens it.
   *
   * @throws IOException it cannot be; the message is one line
   */
  VhostSocket open(ServeOptions options) throws IOException;

  /** Whether a front-end may be waiting already: the socket is older than the server. */
  default boolean mayBeAwaited() {
    return true;
  }

  /** The name of the disk's bdev and controller. */
  String name();

  /**
   * What no two disks can share: the absolute path of a socket with a name of its own.
   *
   * @param directory the socket directory
   */
  default Object identity(Path directory) {
    return this;
  }

  /**
   * They connect to a socket that is made here.
   *
   * @param path as given: relative to the socket directory
   */
  record Listening(Path path) implements DiskSocket {
    @Override
    public VhostSocket open(ServeOptions options) throws IOException {
      return VhostSocket.listen(options.socketDirectory().resolve(path), options.access());
    }

    @Override
    public boolean mayBeAwaited() {
      return false;
    }

    @Override
    public String name() {
      return path.toString();
    }

    @Override
    public Object identity(Path directory) {
      return directory.resolve(path).toAbsolutePath().normalize();
    }
  }

  /**
   * They listen, and are connected to.
   *
   * @param path as given: relative to the socket directory
   */
  record Connecting(Path path) implements DiskSocket {
    @Override
    public VhostSocket open(ServeOptions options) throws IOException {
      return VhostSocket.connect(options.socketDirectory().resolve(path));
    }

    @Override
    public String name() {
      return path.toString();
    }

    @Override
    public Object identity(Path directory) {
      return directory.resolve(path).toAbsolutePath().normalize();
    }
  }

  /**
   * The process was started with the socket.
   *
   * @param name the disk's
   * @param number of the descriptor
   */
  record Inherited(String name, int number) implements DiskSocket {
    @Override
    public VhostSocket open(ServeOptions options) throws IOException {
      return VhostSocket.inherit(number);
    }
  }

  /**
   * systemd passed the socket.
   *
   * @param name its FileDescriptorName, and the disk's
   */
  record Passed(String name) implements DiskSocket {
    @Override
    public VhostSocket open(ServeOptions options) throws IOException {
      return VhostSocket.inherit(PassedSockets.ofProcess().number(name));
    }
  }
}
