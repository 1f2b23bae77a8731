package io.millrace.linux;

import java.nio.charset.StandardCharsets;

/**
 * One datagram to a Unix socket that somebody else reads, as sd_notify(3) sends them. Any thread.
 */
public final class DatagramTo {
  /** Longest message in bytes. */
  public static final int MAX_MESSAGE_BYTES = 512;

  private static final int SUN_PATH_BYTES =
      InheritedSocket.SOCKADDR_UN_BYTES - InheritedSocket.SUN_PATH;

  /** What an address of the abstract namespace begins with in environment variables. */
  private static final byte ABSTRACT = '@';

  static final int SOCK_DGRAM = 2;

  private DatagramTo() {}

  /**
   * Sends a message.
   *
   * @param address a path, or {@code @} and a name of the abstract namespace; at most 107 bytes
   * @param message at most {@value #MAX_MESSAGE_BYTES} bytes in UTF-8
   * @param waitMillis how long it may wait for a reader that is behind; 0 for not at all
   * @throws LinuxException it was not sent: nobody reads there, the address is none, or the reader
   *     was behind for that long (EAGAIN)
   */
  public static void send(String address, String message, int waitMillis) throws LinuxException {
    byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_MESSAGE_BYTES) {
      throw new IllegalArgumentException("a message of " + bytes.length + " bytes");
    }
    int type = SOCK_DGRAM | SocketPair.SOCK_CLOEXEC | InheritedSocket.SOCK_NONBLOCK;
    long number = Syscall.call(Syscall.SOCKET, SocketPair.AF_UNIX, type, 0);
    LinuxException.check(number, "create", "socket");
    try (FileDescriptor socket = FileDescriptor.own((int) number)) {
      connect(socket, address);
      long text = Syscall.scratch();
      RawMemory.put(bytes, 0, bytes.length, text);
      long sent = Syscall.call(Syscall.WRITE, number, text, bytes.length);
      if (sent == -Errno.EAGAIN.number() && waitMillis > 0) {
        awaitRoom(number, text + MAX_MESSAGE_BYTES, waitMillis);
        sent = Syscall.call(Syscall.WRITE, number, text, bytes.length);
      }
      LinuxException.check(sent, "send to", address);
    }
  }

  private static void connect(FileDescriptor socket, String address) throws LinuxException {
    byte[] name = address.getBytes(StandardCharsets.UTF_8);
    if (name.length == 0 || name.length >= SUN_PATH_BYTES) {
      throw new LinuxException("send to '" + address + "'", Errno.ENAMETOOLONG.number());
    }
    int length = InheritedSocket.SUN_PATH + name.length;
    if (name[0] == ABSTRACT) {
      name[0] = 0;
    } else {
      length++; // the NUL at a path's end; of an abstract name it would be a part
    }
    long memory = Syscall.scratch();
    RawMemory.fill(memory, InheritedSocket.SOCKADDR_UN_BYTES, (byte) 0);
    RawMemory.putShort(memory, (short) SocketPair.AF_UNIX);
    RawMemory.put(name, 0, name.length, memory + InheritedSocket.SUN_PATH);
    long result = Syscall.call(Syscall.CONNECT, socket.number(), memory, length);
    LinuxException.check(result, "send to", address);
  }

  private static void awaitRoom(long number, long pollfd, int waitMillis) {
    RawMemory.putInt(pollfd, (int) number);
    RawMemory.putInt(pollfd + DescriptorPassing.POLLFD_EVENTS, DescriptorPassing.POLLOUT);
    Syscall.call(Syscall.POLL, pollfd, 1, waitMillis);
  }
}
