package io.millrace.linux;

import java.util.List;

/** Two AF_UNIX stream sockets connected to each other, socketpair(2). */
public final class SocketPair {
  static final int AF_UNIX = 1;
  static final int SOCK_STREAM = 1;
  static final int SOCK_CLOEXEC = 0x80000;

  private SocketPair() {}

  /** Exactly two ends, blocking and close-on-exec, owned by the caller. */
  public static List<FileDescriptor> create() throws LinuxException {
    long numbers = Syscall.scratch();
    long result = Syscall.call(Syscall.SOCKETPAIR, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, numbers);
    LinuxException.check(result, "create", "socket pair");
    return List.of(
        FileDescriptor.own(RawMemory.getInt(numbers)),
        FileDescriptor.own(RawMemory.getInt(numbers + Integer.BYTES)));
  }
}
