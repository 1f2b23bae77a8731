package io.millrace.nvme.qtest;

import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lines over a Unix socket, each way with a deadline. One thread at a time. Sending and receiving
 * allocate nothing of ours; the text of a line is made only if asked for.
 *
 * <p>The socket is non-blocking underneath: a blocking one has no deadline, and is closed when its
 * thread is interrupted.
 */
final class LineSocket implements AutoCloseable {
  /** Longest line that is taken. */
  static final int MOST_LINE_BYTES = 1 << 18;

  private static final Logger LOG = LoggerFactory.getLogger(LineSocket.class);

  private final Path path;
  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final ByteBuffer in = ByteBuffer.allocateDirect(MOST_LINE_BYTES);
  private int head; // first byte of in that is not consumed
  private int tail; // end of what was received
  private int scanned; // no line ends before this
  private int lineStart;
  private int lineEnd;

  private LineSocket(Path path, SocketChannel channel, Selector selector) throws IOException {
    this.path = path;
    this.channel = channel;
    this.selector = selector;
    channel.configureBlocking(false);
    key = channel.register(selector, SelectionKey.OP_READ);
  }

  /**
   * Connects; the caller closes it.
   *
   * @param option of QEMU's that would have it listen there, for the message if it does not
   */
  static LineSocket connect(Path path, String option) throws IOException {
    SocketChannel channel;
    try {
      channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
    } catch (IOException e) {
      throw new IOException(
          "%s: QEMU does not listen there (%s); start it with %s unix:%s,server=on,wait=off"
              .formatted(path, e.getMessage(), option, path),
          e);
    }
    Selector selector = null;
    try {
      selector = Selector.open();
      return new LineSocket(path, channel, selector);
    } catch (IOException e) {
      channel.close();
      if (selector != null) {
        selector.close();
      }
      throw e;
    }
  }

  /**
   * Sends all of {@code bytes}. Takes in what comes meanwhile: a peer that waits for us to read
   * would read nothing itself.
   *
   * @param withinNanos how long the peer may not take it
   */
  void send(ByteBuffer bytes, long withinNanos) throws IOException {
    channel.write(bytes);
    if (!bytes.hasRemaining()) {
      return;
    }
    long deadline = System.nanoTime() + withinNanos;
    key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
    try {
      while (bytes.hasRemaining()) {
        await(deadline, withinNanos);
        receive();
        channel.write(bytes);
      }
    } finally {
      key.interestOps(SelectionKey.OP_READ);
    }
  }

  /** Goes to the next line if it is here already; {@link #at} and {@link #text} are of it. */
  boolean nextLine() throws IOException {
    if (hasLine()) {
      return true;
    }
    receive();
    return hasLine();
  }

  /** Goes to the next line, waiting for it. */
  void awaitLine(long withinNanos) throws IOException {
    if (nextLine()) {
      return;
    }
    long deadline = System.nanoTime() + withinNanos;
    do {
      await(deadline, withinNanos);
    } while (!nextLine());
  }

  /** How many bytes the line has, without its end. */
  int length() {
    return lineEnd - lineStart;
  }

  /** A byte of the line. */
  byte at(int index) {
    return in.get(lineStart + index);
  }

  /** The line as text. */
  String text() {
    byte[] bytes = new byte[length()];
    in.get(lineStart, bytes);
    return new String(bytes, StandardCharsets.UTF_8).strip();
  }

  private boolean hasLine() {
    for (int i = scanned; i < tail; i++) {
      if (in.get(i) == '\n') {
        lineStart = head;
        lineEnd = i;
        head = i + 1;
        scanned = head;
        return true;
      }
    }
    scanned = tail;
    return false;
  }

  private void receive() throws IOException {
    if (head == tail) {
      head = 0;
      tail = 0;
      scanned = 0;
    } else if (tail == in.capacity()) {
      compact();
    }
    in.limit(in.capacity()).position(tail);
    int count = channel.read(in);
    in.clear();
    if (count < 0) {
      throw new EOFException("closed by QEMU");
    }
    tail += count;
  }

  private void compact() throws IOException {
    if (head == 0) {
      throw new IOException("a line is longer than " + MOST_LINE_BYTES + " bytes");
    }
    in.limit(tail).position(head);
    in.compact();
    in.clear();
    tail -= head;
    scanned -= head;
    head = 0;
  }

  private void await(long deadline, long withinNanos) throws IOException {
    long left = deadline - System.nanoTime();
    if (left <= 0) {
      throw new IOException(
          "no answer within " + TimeUnit.NANOSECONDS.toMillis(withinNanos) + " ms");
    }
    selector.select(TimeUnit.NANOSECONDS.toMillis(left) + 1);
    selector.selectedKeys().clear();
  }

  @Override
  public void close() {
    try (selector;
        channel) {
      key.cancel();
    } catch (IOException e) {
      LOG.debug("{}: {}", path, e.getMessage()); // closed it is all the same
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
