package io.millrace.linux;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A Unix stream socket that connects to who listens at a path. Control threads only. */
public final class OutgoingSocket {
  private OutgoingSocket() {}

  /**
   * Connects, and never waits: a listener whose backlog is full is EAGAIN.
   *
   * @param path at most {@link SocketFile#MAX_PATH_BYTES} long
   * @return the connection, non-blocking and close-on-exec, owned by the caller
   * @throws LinuxException nobody listens there, or one who may not be connected to
   */
  public static FileDescriptor connect(Path path) throws LinuxException {
    byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
    if (name.length > SocketFile.MAX_PATH_BYTES) {
      throw new LinuxException("connect to " + path, Errno.ENAMETOOLONG.number());
    }
    int type = SocketPair.SOCK_STREAM | SocketPair.SOCK_CLOEXEC | InheritedSocket.SOCK_NONBLOCK;
    long number = Syscall.call(Syscall.SOCKET, SocketPair.AF_UNIX, type, 0);
    LinuxException.check(number, "create", "socket");
    FileDescriptor socket = FileDescriptor.own((int) number);
    long address = Syscall.scratch();
    RawMemory.fill(address, InheritedSocket.SOCKADDR_UN_BYTES, (byte) 0);
    RawMemory.putShort(address, (short) SocketPair.AF_UNIX);
    RawMemory.put(name, 0, name.length, address + InheritedSocket.SUN_PATH);
    long result = Syscall.call(Syscall.CONNECT, number, address, InheritedSocket.SOCKADDR_UN_BYTES);
    if (result < 0) {
      socket.close();
      throw new LinuxException("connect to " + path, (int) -result);
    }
    return socket;
  }
}
