package io.millrace.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Bytes and file descriptors over an AF_UNIX stream socket: sendmsg(2) and recvmsg(2) with
 * SCM_RIGHTS, unix(7). Neither call blocks, whatever mode the socket is in. Control plane: both
 * allocate.
 *
 * <p>Room is always made for all the descriptors that the kernel carries at once, so none is cut
 * off and lost count of; received ones are close-on-exec.
 */
public final class DescriptorPassing {
  /** Most descriptors in one send (SCM_MAX_FD); the kernel refuses more. */
  public static final int MAX_DESCRIPTORS = 253;

  /** {@link #receive}: the other side has closed its end. */
  public static final int END_OF_STREAM = -1;

  static final int SOL_SOCKET = 1;
  static final int SCM_RIGHTS = 1;
  static final int MSG_CTRUNC = 0x8;
  static final int MSG_DONTWAIT = 0x40;
  static final int MSG_NOSIGNAL = 0x4000;
  static final int MSG_CMSG_CLOEXEC = 0x40000000;
  static final int POLLIN = 0x1;
  static final int POLLOUT = 0x4;
  static final int POLLERR = 0x8;
  static final int POLLHUP = 0x10;
  static final int POLLRDHUP = 0x2000;

  // struct msghdr, struct cmsghdr and struct pollfd on 64 bit
  static final int MSGHDR_BYTES = 56;
  static final int MSGHDR_IOV = 16;
  static final int MSGHDR_IOVLEN = 24;
  static final int MSGHDR_CONTROL = 32;
  static final int MSGHDR_CONTROLLEN = 40;
  static final int MSGHDR_FLAGS = 48;
  static final int CMSGHDR_BYTES = 16;
  static final int CMSGHDR_LEVEL = 8;
  static final int CMSGHDR_TYPE = 12;
  static final int POLLFD_EVENTS = 4;
  static final int POLLFD_REVENTS = 6;

  private DescriptorPassing() {}

  /**
   * Reads what is there.
   *
   * @param socket number of a connected AF_UNIX stream socket
   * @param to at least one byte remains; its position moves on by what was read
   * @param received descriptors that came along are added, owned by the caller, also when this
   *     throws
   * @return bytes read, 0 when there is nothing now, {@link #END_OF_STREAM}
   */
  public static int receive(int socket, ByteBuffer to, List<FileDescriptor> received)
      throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(to.remaining());
      MemorySegment control = arena.allocate(controlBytes(MAX_DESCRIPTORS), Long.BYTES);
      MemorySegment header = header(arena, data, control, control.byteSize());
      int flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;
      long count = Syscall.call(Syscall.RECVMSG, socket, header.address(), flags);
      if (count == -Errno.EAGAIN.number()) {
        return 0;
      }
      LinuxException.check(count, "read from", "socket " + socket);
      collect(control, header.get(ValueLayout.JAVA_LONG, MSGHDR_CONTROLLEN), received);
      if ((header.get(ValueLayout.JAVA_INT, MSGHDR_FLAGS) & MSG_CTRUNC) != 0) {
        throw new LinuxException(
            "receive descriptors from socket " + socket, Errno.EMFILE.number());
      }
      to.put(data.asSlice(0, count).asByteBuffer());
      return count == 0 ? END_OF_STREAM : (int) count;
    }
  }

  private static void collect(MemorySegment control, long length, List<FileDescriptor> received) {
    long at = 0;
    while (at + CMSGHDR_BYTES <= length) {
      long bytes = control.get(ValueLayout.JAVA_LONG, at);
      boolean rights =
          control.get(ValueLayout.JAVA_INT, at + CMSGHDR_LEVEL) == SOL_SOCKET
              && control.get(ValueLayout.JAVA_INT, at + CMSGHDR_TYPE) == SCM_RIGHTS;
      for (long fd = at + CMSGHDR_BYTES; rights && fd < at + bytes; fd += Integer.BYTES) {
        received.add(FileDescriptor.own(control.get(ValueLayout.JAVA_INT, fd)));
      }
      at += (Math.max(bytes, CMSGHDR_BYTES) + 7) & ~7L;
    }
  }

  /**
   * Writes as much as the socket takes.
   *
   * @param socket number of a connected AF_UNIX stream socket
   * @param from at least one byte remains; its position moves on by what was written
   * @param descriptors go with the first byte; they stay the caller's. At most {@link
   *     #MAX_DESCRIPTORS}
   * @return bytes written, 0 when the socket takes nothing now (then no descriptor went either)
   */
  public static int send(int socket, ByteBuffer from, List<FileDescriptor> descriptors)
      throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(from.remaining());
      data.asByteBuffer().put(from.duplicate());
      MemorySegment control = control(arena, descriptors);
      MemorySegment header = header(arena, data, control, control.byteSize());
      int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
      long count = Syscall.call(Syscall.SENDMSG, socket, header.address(), flags);
      if (count == -Errno.EAGAIN.number()) {
        return 0;
      }
      LinuxException.check(count, "write to", "socket " + socket);
      from.position(from.position() + (int) count);
      return (int) count;
    }
  }

  private static MemorySegment control(Arena arena, List<FileDescriptor> descriptors) {
    int count = descriptors.size();
    if (count == 0) {
      return MemorySegment.NULL;
    }
    MemorySegment control = arena.allocate(controlBytes(count), Long.BYTES);
    control.set(ValueLayout.JAVA_LONG, 0, CMSGHDR_BYTES + (long) count * Integer.BYTES);
    control.set(ValueLayout.JAVA_INT, CMSGHDR_LEVEL, SOL_SOCKET);
    control.set(ValueLayout.JAVA_INT, CMSGHDR_TYPE, SCM_RIGHTS);
    for (int i = 0; i < count; i++) {
      int number = descriptors.get(i).number();
      control.set(ValueLayout.JAVA_INT, CMSGHDR_BYTES + (long) i * Integer.BYTES, number);
    }
    return control;
  }

  private static MemorySegment header(
      Arena arena, MemorySegment data, MemorySegment control, long controlBytes) {
    MemorySegment iovec = arena.allocate(Iovec.BYTES, Long.BYTES);
    Iovec.set(iovec.address(), data.address(), data.byteSize());
    MemorySegment header = arena.allocate(MSGHDR_BYTES, Long.BYTES);
    header.set(ValueLayout.JAVA_LONG, MSGHDR_IOV, iovec.address());
    header.set(ValueLayout.JAVA_LONG, MSGHDR_IOVLEN, 1);
    header.set(ValueLayout.JAVA_LONG, MSGHDR_CONTROL, control.address());
    header.set(ValueLayout.JAVA_LONG, MSGHDR_CONTROLLEN, controlBytes);
    return header;
  }

  /** CMSG_SPACE. */
  static long controlBytes(int descriptors) {
    return CMSGHDR_BYTES + ((long) descriptors * Integer.BYTES + 7 & ~7L);
  }

  /**
   * Waits until a descriptor can be read, or fails, or is at its end; poll(2).
   *
   * @param fd any descriptor that can be polled
   * @param orWritable whether being writable ends the wait too
   * @param timeoutMillis most to wait, at least 0; a signal may end the wait earlier
   * @return true when there is something to do
   */
  public static boolean await(int fd, boolean orWritable, int timeoutMillis) throws LinuxException {
    long pollfd = Syscall.scratch();
    RawMemory.putInt(pollfd, fd);
    RawMemory.putInt(pollfd + POLLFD_EVENTS, POLLIN | (orWritable ? POLLOUT : 0));
    long ready = Syscall.call(Syscall.POLL, pollfd, 1, timeoutMillis);
    return ready != -Errno.EINTR.number() && LinuxException.check(ready, "poll", "fd " + fd) > 0;
  }

  /**
   * Whether a socket's other side has closed, or the socket has failed; what is still to be read
   * does not matter. Does not wait.
   *
   * @param fd number of a connected stream socket
   */
  public static boolean isHungUp(int fd) {
    long pollfd = Syscall.scratch();
    RawMemory.putInt(pollfd, fd);
    RawMemory.putInt(pollfd + POLLFD_EVENTS, POLLRDHUP);
    long ready = Syscall.call(Syscall.POLL, pollfd, 1, 0);
    int events = RawMemory.getShort(pollfd + POLLFD_REVENTS);
    return ready > 0 && (events & (POLLERR | POLLHUP | POLLRDHUP)) != 0;
  }
}
