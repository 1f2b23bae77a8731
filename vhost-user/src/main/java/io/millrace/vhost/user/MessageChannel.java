package io.millrace.vhost.user;

import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.SocketPair;
import io.millrace.vhost.user.ProtocolException.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * A connected AF_UNIX socket that carries whole vhost-user messages with their descriptors. It
 * never blocks but in {@link #receive} and has no thread: put {@link #descriptorNumber} into an
 * epoll, call {@link #read} until it says {@link ReadResult.NotYet}, and {@link #flush} when
 * writable while {@link #wantsWrite}. One thread at a time.
 *
 * <p>Bounded: {@link Limits#MAX_PAYLOAD_BYTES} and {@link Limits#MAX_DESCRIPTORS} a message, {@link
 * #MAX_QUEUED_MESSAGES} waiting to be written. After any exception the connection is of no use any
 * more; the owner closes it.
 */
public final class MessageChannel implements AutoCloseable {
  /** Most messages that wait for a peer that does not read. */
  public static final int MAX_QUEUED_MESSAGES = 64;

  private final AutoCloseable socket; // junixsocket's or our own
  private final int number;

  private final ByteBuffer headerBytes =
      ByteBuffer.allocate(MessageHeader.BYTES).order(ByteOrder.nativeOrder());
  private @Nullable MessageHeader header; // set while a payload is being read
  private ByteBuffer payload = ByteBuffer.allocate(0);
  private final List<FileDescriptor> received = new ArrayList<>();
  private boolean endOfStream;

  private final OutgoingMessages outgoing;

  private MessageChannel(AutoCloseable socket, int number) {
    this.socket = socket;
    this.number = number;
    this.outgoing = new OutgoingMessages(number);
  }

  /**
   * Connects to a listening socket.
   *
   * @param path of the socket
   * @return the connection, owned by the caller
   * @throws IOException when nobody listens there
   */
  public static MessageChannel connect(Path path) throws IOException {
    AFUNIXSocketChannel socket = AFUNIXSocketChannel.open(AFUNIXSocketAddress.of(path));
    try {
      return new MessageChannel(
          socket, FileDescriptorCast.using(socket.getFileDescriptor()).as(Integer.class));
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Takes over a connected stream socket, such as the one of SET_BACKEND_REQ_FD. What is no such
   * socket fails at the first {@link #read} or {@link #send}.
   *
   * @param descriptor belongs to the result from now on
   * @return the connection, owned by the caller
   */
  public static MessageChannel of(FileDescriptor descriptor) {
    return new MessageChannel(descriptor, descriptor.number());
  }

  /**
   * Two connected ends.
   *
   * @return exactly two, both owned by the caller
   * @throws IOException when there are no descriptors left
   */
  public static List<MessageChannel> pair() throws IOException {
    return SocketPair.create().stream().map(MessageChannel::of).toList();
  }

  /**
   * The socket's descriptor, for an epoll or to send it to somebody. It stays this channel's.
   *
   * @return a number that is valid until {@link #close}
   */
  public int descriptorNumber() {
    return number;
  }

  /**
   * Reads on as far as the socket has bytes, up to the end of one message.
   *
   * @return a message, nothing yet, or the end of the connection
   * @throws ProtocolException when a message is too large, carries too many descriptors, or is cut
   *     off by the end of the connection; all its descriptors are closed
   * @throws IOException when the socket fails
   */
  public ReadResult read() throws IOException, ProtocolException {
    if (header == null) {
      if (!fill(headerBytes)) {
        return partial(headerBytes.position() == 0);
      }
      MessageHeader decoded = MessageHeader.decode(headerBytes.flip());
      if (Integer.compareUnsigned(decoded.size(), Limits.MAX_PAYLOAD_BYTES) > 0) {
        closeReceived();
        throw new ProtocolException(
            Kind.BAD_SIZE,
            "request %s announces a payload of %s bytes, expected at most %d"
                .formatted(
                    Integer.toUnsignedString(decoded.request()),
                    Integer.toUnsignedString(decoded.size()),
                    Limits.MAX_PAYLOAD_BYTES));
      }
      header = decoded;
      payload = ByteBuffer.allocate(decoded.size()).order(ByteOrder.nativeOrder());
    }
    if (!fill(payload)) {
      return partial(false);
    }
    IncomingMessage message = new IncomingMessage(header, payload.flip(), received);
    received.clear();
    header = null;
    headerBytes.clear();
    return new ReadResult.Complete(message);
  }

  /** True when the buffer is full; descriptors that came along are ours afterwards. */
  private boolean fill(ByteBuffer to) throws IOException, ProtocolException {
    while (to.hasRemaining()) {
      int count;
      try {
        count = DescriptorPassing.receive(number, to, received);
      } catch (IOException e) {
        closeReceived();
        throw e;
      }
      endOfStream = count == DescriptorPassing.END_OF_STREAM;
      if (count <= 0) {
        return false;
      }
      if (received.size() > Limits.MAX_DESCRIPTORS) {
        int found = received.size();
        closeReceived();
        throw new ProtocolException(
            Kind.BAD_DESCRIPTORS,
            "a message carries %d file descriptors, expected at most %d"
                .formatted(found, Limits.MAX_DESCRIPTORS));
      }
    }
    return true;
  }

  private ReadResult partial(boolean betweenMessages) throws ProtocolException {
    if (!endOfStream) {
      return new ReadResult.NotYet();
    }
    closeReceived();
    if (betweenMessages) {
      return new ReadResult.Closed();
    }
    MessageHeader of = header;
    throw new ProtocolException(
        Kind.CUT_OFF,
        of == null
            ? "the connection ended after %d of %d header bytes"
                .formatted(headerBytes.position(), MessageHeader.BYTES)
            : "the connection ended after %d of %d payload bytes of request %s"
                .formatted(payload.position(), of.size(), Integer.toUnsignedString(of.request())));
  }

  private void closeReceived() {
    received.forEach(FileDescriptor::close);
    received.clear();
  }

  /**
   * Waits for a message; for front-ends that work step by step.
   *
   * @param timeoutNanos most to wait
   * @return the message, which the caller closes
   * @throws SocketTimeoutException when none was complete in time
   * @throws EOFException when the other side closed the connection
   * @throws ProtocolException as {@link #read}
   * @throws IOException when the socket fails
   */
  public IncomingMessage receive(long timeoutNanos) throws IOException, ProtocolException {
    long deadline = System.nanoTime() + timeoutNanos;
    while (true) {
      switch (read()) {
        case ReadResult.Complete complete -> {
          return complete.message();
        }
        case ReadResult.Closed ignored ->
            throw new EOFException("the other side closed the connection");
        case ReadResult.NotYet ignored -> await(deadline - System.nanoTime(), timeoutNanos);
      }
    }
  }

  private void await(long leftNanos, long timeoutNanos) throws IOException {
    if (leftNanos <= 0) {
      throw new SocketTimeoutException(
          "no complete message within %d ms"
              .formatted(TimeUnit.NANOSECONDS.toMillis(timeoutNanos)));
    }
    int millis = (int) Math.min(Integer.MAX_VALUE, TimeUnit.NANOSECONDS.toMillis(leftNanos) + 1);
    DescriptorPassing.await(number, wantsWrite(), millis);
    flush();
  }

  /**
   * Sends a message, or queues what the socket does not take now.
   *
   * @param message its remaining bytes are sent; must not be changed afterwards
   * @param descriptors go with the first byte; they stay the caller's and may be closed at once
   * @throws IOException when the socket fails, or {@link #MAX_QUEUED_MESSAGES} wait already
   */
  public void send(ByteBuffer message, List<FileDescriptor> descriptors) throws IOException {
    outgoing.send(message, descriptors);
  }

  /**
   * Whether messages wait for the socket to become writable.
   *
   * @return true when {@link #flush} has something to do
   */
  public boolean wantsWrite() {
    return !outgoing.isEmpty();
  }

  /**
   * Writes what waits, as far as the socket takes it.
   *
   * @throws IOException when the socket fails
   */
  public void flush() throws IOException {
    outgoing.flush();
  }

  /** Closes the socket and every descriptor that is neither delivered nor sent yet. */
  @Override
  public void close() {
    closeReceived();
    outgoing.close();
    try {
      socket.close();
    } catch (Exception e) {
      // The kernel has released the descriptor; there is nothing left to do or to tell.
      return;
    }
  }
}
