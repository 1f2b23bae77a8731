package io.millrace.linux;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A Unix stream socket that listens at a path. Control threads only. */
public final class IncomingSocket {
  private IncomingSocket() {}

  /**
   * Listens. Its file has the permissions that the process's umask leaves, from the first moment:
   * junixsocket and others open it to everybody, which no later change makes up for.
   *
   * @param path at most {@link SocketFile#MAX_PATH_BYTES} long; nothing stands there
   * @param backlog connections that may wait to be accepted
   * @return the socket, non-blocking and close-on-exec, owned by the caller, as one that was passed
   * @throws LinuxException it cannot listen there; nothing is left behind
   */
  public static InheritedSocket listen(Path path, int backlog) throws LinuxException {
    byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
    if (name.length > SocketFile.MAX_PATH_BYTES) {
      throw new LinuxException("bind " + path, Errno.ENAMETOOLONG.number());
    }
    int type = SocketPair.SOCK_STREAM | SocketPair.SOCK_CLOEXEC | InheritedSocket.SOCK_NONBLOCK;
    long number = Syscall.call(Syscall.SOCKET, SocketPair.AF_UNIX, type, 0);
    LinuxException.check(number, "create", "socket");
    FileDescriptor socket = FileDescriptor.own((int) number);
    try {
      long address = Syscall.scratch();
      RawMemory.fill(address, InheritedSocket.SOCKADDR_UN_BYTES, (byte) 0);
      RawMemory.putShort(address, (short) SocketPair.AF_UNIX);
      RawMemory.put(name, 0, name.length, address + InheritedSocket.SUN_PATH);
      int bytes = InheritedSocket.SUN_PATH + name.length + 1; // with the NUL
      LinuxException.check(Syscall.call(Syscall.BIND, number, address, bytes), "bind", path);
      LinuxException.check(Syscall.call(Syscall.LISTEN, number, backlog), "listen at", path);
    } catch (LinuxException e) {
      socket.close();
      throw e;
    }
    return new InheritedSocket(socket, true);
  }
}
