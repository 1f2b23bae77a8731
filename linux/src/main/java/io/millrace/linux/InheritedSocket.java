package io.millrace.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A Unix stream socket that whoever started this process left open for it, known by its number.
 * Control threads only.
 */
public final class InheritedSocket implements AutoCloseable {
  static final int SO_ACCEPTCONN = 30;
  static final int SO_DOMAIN = 39;
  static final int SO_TYPE = 3;
  static final int SOCK_NONBLOCK = 0x800;
  static final int F_SETFD = 2;
  static final int FD_CLOEXEC = 1;
  static final int SOCKADDR_UN_BYTES = 110;
  static final int SUN_PATH = 2;

  private final FileDescriptor descriptor;
  private final boolean listening;

  InheritedSocket(FileDescriptor descriptor, boolean listening) {
    this.descriptor = descriptor;
    this.listening = listening;
  }

  /**
   * Takes a socket over: it is close-on-exec afterwards and, when it listens, non-blocking (a mode
   * shared with whoever else has it).
   *
   * @param number the descriptor's, which nobody else in this process may own
   * @throws IOException it is no Unix stream socket that listens or is connected, and is left
   *     alone; the message is one line
   */
  public static InheritedSocket adopt(int number) throws IOException {
    boolean listening;
    try {
      if (option(number, SO_DOMAIN) != SocketPair.AF_UNIX
          || option(number, SO_TYPE) != SocketPair.SOCK_STREAM) {
        throw new IOException("fd " + number + " is a socket, but not a Unix stream socket");
      }
      listening = option(number, SO_ACCEPTCONN) != 0;
    } catch (LinuxException e) {
      throw new IOException(
          switch (e.errno()) {
            case EBADF -> "fd " + number + " is not open; whoever starts Millrace must pass it on";
            case ENOTSOCK -> "fd " + number + " is not a socket";
            default -> "fd " + number + " cannot be used: " + LinuxException.text(e.number());
          },
          e);
    }
    if (!listening && address(Syscall.GETPEERNAME, number) < 0) {
      throw new IOException("fd " + number + " is a socket that neither listens nor is connected");
    }
    setModes(number, listening);
    return new InheritedSocket(FileDescriptor.own(number), listening);
  }

  private static int option(int number, int name) throws LinuxException {
    long value = Syscall.scratch();
    long length = value + Integer.BYTES;
    RawMemory.putInt(length, Integer.BYTES);
    long result =
        Syscall.call(Syscall.GETSOCKOPT, number, DescriptorPassing.SOL_SOCKET, name, value, length);
    LinuxException.check(result, "look at", "fd " + number);
    return RawMemory.getInt(value);
  }

  /** Puts an address into the scratch memory; its length, or {@code -errno}. */
  private static long address(int call, int number) {
    long length = Syscall.scratch() + SOCKADDR_UN_BYTES + 2;
    RawMemory.putInt(length, SOCKADDR_UN_BYTES);
    long result = Syscall.call(call, number, Syscall.scratch(), length);
    return result < 0 ? result : RawMemory.getInt(length);
  }

  private static void setModes(int number, boolean listening) throws LinuxException {
    String what = "fd " + number;
    LinuxException.check(
        Syscall.call(Syscall.FCNTL, number, F_SETFD, FD_CLOEXEC), "make close-on-exec", what);
    if (listening) {
      long flags = Syscall.call(Syscall.FCNTL, number, EventFd.F_GETFL);
      LinuxException.check(flags, "look at", what);
      long set = Syscall.call(Syscall.FCNTL, number, EventFd.F_SETFL, flags | SOCK_NONBLOCK);
      LinuxException.check(set, "make non-blocking", what);
    }
  }

  /** Whether it listens; otherwise it is connected. */
  public boolean isListening() {
    return listening;
  }

  /** The file it is bound to, or null when it has none. */
  public @Nullable Path path() {
    int length = (int) Math.min(address(Syscall.GETSOCKNAME, number()), SOCKADDR_UN_BYTES);
    if (length <= SUN_PATH) {
      return null;
    }
    long path = Syscall.scratch() + SUN_PATH;
    byte[] bytes = new byte[length - SUN_PATH];
    int count = 0;
    while (count < bytes.length && RawMemory.getByte(path + count) != 0) {
      bytes[count] = RawMemory.getByte(path + count);
      count++;
    }
    return count == 0 ? null : Path.of(new String(bytes, 0, count, StandardCharsets.UTF_8));
  }

  /** The descriptor's number, for an epoll. It stays this socket's. */
  public int number() {
    return descriptor.number();
  }

  /** The next connection that waits on a listening one (close-on-exec, the caller's), or null. */
  public @Nullable FileDescriptor accept() throws LinuxException {
    long accepted =
        Syscall.call(Syscall.ACCEPT4, number(), 0, 0, SocketPair.SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (accepted == -Errno.EAGAIN.number() || accepted == -Errno.ECONNABORTED.number()) {
      return null;
    }
    return FileDescriptor.own((int) LinuxException.check(accepted, "accept on", descriptor));
  }

  /** The descriptor of a connected one, the caller's from now on. */
  public FileDescriptor descriptor() {
    return descriptor;
  }

  /** Closes the descriptor; a listening socket's file belongs to whoever made it and stays. */
  @Override
  public void close() {
    descriptor.close();
  }
}
