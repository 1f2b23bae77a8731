package io.millrace.nvme.qtest;

import io.millrace.linux.RawMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * QEMU's qtest protocol: one line a command ({@code readl 0xe0000000}), one line an answer ({@code
 * OK 0x1}), in order. Any thread; a lock lets one in at a time.
 *
 * <p>Writes are posted, as on a bus: sent, and their {@code OK} is taken in later. Once QEMU is
 * gone, or does not answer for {@link #ANSWER_NANOS}, every read gives all ones and writes do
 * nothing, for good.
 */
final class QtestConnection implements AutoCloseable {
  /** How long QEMU may take for an answer. */
  static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final Logger LOG = LoggerFactory.getLogger(QtestConnection.class);
  private static final int MOST_COMMAND_BYTES = 64;
  private static final int HEX_SHIFT = 4;
  private static final int CONFIG_ADDRESS = 0xcf8; // PCI configuration mechanism #1
  private static final int CONFIG_DATA = 0xcfc;
  private static final int CONFIG_ENABLE = 1 << 31;
  private static final int BDF_SHIFT = 8;
  private static final byte[] DIGITS = ascii("0123456789abcdef");
  private static final byte[] READL = ascii("readl");
  private static final byte[] READQ = ascii("readq");
  private static final byte[] WRITEL = ascii("writel");
  private static final byte[] WRITEQ = ascii("writeq");
  private static final byte[] INL = ascii("inl");
  private static final byte[] OUTL = ascii("outl");

  private final LineSocket socket;
  private final long answerNanos;
  private final ByteBuffer out = ByteBuffer.allocateDirect(MOST_COMMAND_BYTES);
  private long unanswered; // posted commands whose OK has not come
  private volatile boolean gone;

  private QtestConnection(LineSocket socket, long answerNanos) {
    this.socket = socket;
    this.answerNanos = answerNanos;
  }

  static QtestConnection connect(Path path, long answerNanos) throws IOException {
    return new QtestConnection(LineSocket.connect(path, "-qtest"), answerNanos);
  }

  /** Whether QEMU ended, or was given up. */
  boolean isGone() {
    return gone;
  }

  synchronized int read32(long address) {
    return (int) ask(READL, address);
  }

  synchronized long read64(long address) {
    return ask(READQ, address);
  }

  synchronized void write32(long address, int value) {
    post(WRITEL, address, Integer.toUnsignedLong(value));
  }

  synchronized void write64(long address, long value) {
    post(WRITEQ, address, value);
  }

  /**
   * Reads a function's configuration space.
   *
   * @param bdf bus (bits 8–15), device (3–7) and function (0–2)
   * @param offset a multiple of 4, below 256
   */
  synchronized int readConfig(int bdf, int offset) {
    select(bdf, offset);
    return (int) ask(INL, CONFIG_DATA);
  }

  /** As {@link #readConfig}; returns when QEMU has done it. */
  synchronized void writeConfig(int bdf, int offset, int value) {
    select(bdf, offset);
    post(OUTL, CONFIG_DATA, Integer.toUnsignedLong(value));
    ask(INL, CONFIG_ADDRESS);
  }

  private void select(int bdf, int offset) {
    int address = CONFIG_ENABLE | bdf << BDF_SHIFT | offset;
    post(OUTL, CONFIG_ADDRESS, Integer.toUnsignedLong(address));
  }

  private void post(byte[] command, long address, long value) {
    if (gone) {
      return;
    }
    try {
      while (unanswered > 0 && socket.nextLine()) {
        unanswered -= isAnswer() ? 1 : 0;
      }
      begin(command, address);
      out.put((byte) ' ');
      hex(value);
      finish();
      unanswered++;
    } catch (IOException e) {
      lost(e);
    }
  }

  private long ask(byte[] command, long address) {
    if (gone) {
      return -1;
    }
    try {
      begin(command, address);
      finish();
      long before = unanswered;
      do {
        socket.awaitLine(answerNanos);
        before -= isAnswer() ? 1 : 0;
      } while (before >= 0);
      unanswered = 0;
      return value();
    } catch (IOException e) {
      lost(e);
      return -1;
    }
  }

  private void begin(byte[] command, long address) {
    out.clear();
    out.put(command).put((byte) ' ');
    hex(address);
  }

  private void hex(long value) {
    out.put((byte) '0').put((byte) 'x');
    int digits = Math.max(1, (Long.SIZE - Long.numberOfLeadingZeros(value) + 3) / HEX_SHIFT);
    for (int i = digits - 1; i >= 0; i--) {
      out.put(DIGITS[(int) (value >>> (i * HEX_SHIFT)) & 0xf]);
    }
  }

  private void finish() throws IOException {
    out.put((byte) '\n');
    // The device may look at memory as soon as it sees this: what was stored before comes first.
    RawMemory.fullFence();
    socket.send(out.flip(), answerNanos);
  }

  /** Whether the line answers a command; else it tells of an interrupt, which nobody asked for. */
  private boolean isAnswer() throws IOException {
    if (socket.length() >= 2 && socket.at(0) == 'O' && socket.at(1) == 'K') {
      return true;
    }
    if (socket.length() >= 3 && socket.at(0) == 'I' && socket.at(1) == 'R') {
      return false;
    }
    throw new IOException("QEMU answers \"" + socket.text() + "\"");
  }

  /** The number of an answer {@code OK 0x…}. */
  private long value() {
    long value = 0;
    for (int i = "OK 0x".length(); i < socket.length(); i++) {
      int digit = Character.digit(socket.at(i), 16);
      if (digit < 0) {
        break; // a carriage return
      }
      value = value << HEX_SHIFT | digit;
    }
    return value;
  }

  private void lost(IOException why) {
    gone = true;
    LOG.warn(
        "{}: {}; the emulated machine counts as gone, its disks as pulled out",
        socket,
        why.getMessage());
    socket.close();
  }

  @Override
  public synchronized void close() {
    if (!gone) {
      gone = true;
      socket.close();
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
