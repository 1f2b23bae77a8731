package io.millrace.rpc.state;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * What is in the file of a store, big-endian: a snapshot, and behind it a journal of batches.
 *
 * <pre>
 * 0  magic "MillStat"   8  version, 4 bytes   12  bytes of the snapshot   16  its CRC32C
 * 20 sequence number of the first batch, 8 bytes   28  CRC32C of bytes 0 to 27   32  the snapshot
 * a batch: marker (1), bytes of its body (4), sequence number (8), CRC32C of the body (4),
 *          CRC32C of these 17 bytes (4), then the body: changes, and one byte 0x0E at its end
 * a change: 1 for put, key length (1), key, value length (4), value; or 2 for remove, length, key
 * </pre>
 *
 * <p>The snapshot became the file's by a rename after it was durable, and a batch is appended when
 * the one before it is durable: so only the last batch can be torn. It is when it ends too early,
 * or when a sector's part of it was never written and so is all zeroes; none ever is written like
 * that but in the middle of a value. Everything else that does not fit is damage, and refused.
 */
final class StateFormat {
  static final int VERSION = 1;
  static final int HEADER_BYTES = 32;
  static final int BATCH_HEADER_BYTES = 21;

  private static final long MAGIC = 0x4d696c6c53746174L;
  private static final int HEADER_CRC_AT = 28;
  private static final byte MARKER = (byte) 0xb5;
  private static final int BATCH_CRC_AT = 17;
  private static final byte PUT = 1;
  private static final byte REMOVE = 2;
  private static final byte END = 0x0e;
  private static final int SECTOR = 512;

  private StateFormat() {}

  /**
   * What a file says.
   *
   * @param intactBytes how much of it is to be kept: behind that is a batch that was torn
   * @param nextSequence of the next batch
   */
  record Replayed(TreeMap<String, byte[]> records, int intactBytes, long nextSequence) {}

  /** The file cannot be believed; why. */
  static final class Damage extends Exception {
    private static final long serialVersionUID = 1;

    Damage(String what) {
      super(what);
    }
  }

  /** A whole new file: no journal yet. */
  static ByteBuffer snapshot(Map<String, byte[]> records, long nextSequence) {
    List<StateChange> puts =
        records.entrySet().stream().map(e -> StateChange.put(e.getKey(), e.getValue())).toList();
    ByteBuffer file = ByteBuffer.allocate(HEADER_BYTES + bodyBytes(puts));
    file.position(HEADER_BYTES);
    putBody(file, puts);
    int bodyBytes = file.position() - HEADER_BYTES;
    file.putLong(0, MAGIC).putInt(8, VERSION).putInt(12, bodyBytes);
    file.putInt(16, crc(file, HEADER_BYTES, bodyBytes)).putLong(20, nextSequence);
    file.putInt(HEADER_CRC_AT, crc(file, 0, HEADER_CRC_AT));
    return file.flip();
  }

  /** Changes that are durable together. */
  static ByteBuffer batch(List<StateChange> changes, long sequence) {
    ByteBuffer batch = ByteBuffer.allocate(BATCH_HEADER_BYTES + bodyBytes(changes));
    batch.position(BATCH_HEADER_BYTES);
    putBody(batch, changes);
    int bodyBytes = batch.position() - BATCH_HEADER_BYTES;
    batch.put(0, MARKER).putInt(1, bodyBytes).putLong(5, sequence);
    batch.putInt(13, crc(batch, BATCH_HEADER_BYTES, bodyBytes));
    batch.putInt(BATCH_CRC_AT, crc(batch, 0, BATCH_CRC_AT));
    return batch.flip();
  }

  private static int bodyBytes(List<StateChange> changes) {
    int bytes = 1;
    for (StateChange change : changes) {
      bytes += change.bytes();
    }
    return bytes;
  }

  private static void putBody(ByteBuffer into, List<StateChange> changes) {
    for (StateChange change : changes) {
      byte[] key = change.key().getBytes(StandardCharsets.US_ASCII);
      byte[] value = change.value();
      into.put(value == null ? REMOVE : PUT).put((byte) key.length).put(key);
      if (value != null) {
        into.putInt(value.length).put(value);
      }
    }
    into.put(END);
  }

  /** Reads a file. */
  static Replayed replay(ByteBuffer file) throws Damage {
    int size = file.limit();
    if (size < HEADER_BYTES || file.getLong(0) != MAGIC) {
      throw new Damage("this is no state of Millrace");
    }
    int version = file.getInt(8);
    if (version > VERSION) {
      throw new Damage("it has version %d, this Millrace knows %d".formatted(version, VERSION));
    }
    int bytes = file.getInt(12);
    if (version != VERSION
        || file.getInt(HEADER_CRC_AT) != crc(file, 0, HEADER_CRC_AT)
        || bytes < 0
        || bytes > size - HEADER_BYTES
        || file.getInt(16) != crc(file, HEADER_BYTES, bytes)) {
      throw damage(0);
    }
    TreeMap<String, byte[]> records = new TreeMap<>();
    apply(file, HEADER_BYTES, bytes, records);
    long sequence = file.getLong(20);
    int at = HEADER_BYTES + bytes;
    while (at < size && !isTorn(file, at)) {
      int body = file.getInt(at + 1);
      if (file.getLong(at + 5) != sequence) {
        throw damage(at);
      }
      apply(file, at + BATCH_HEADER_BYTES, body, records);
      sequence++;
      at += BATCH_HEADER_BYTES + body;
    }
    return new Replayed(records, at, sequence);
  }

  /** Whether the batch was never written as a whole; false for one that is in order. */
  private static boolean isTorn(ByteBuffer file, int at) throws Damage {
    int left = file.limit() - at;
    if (left < BATCH_HEADER_BYTES) {
      return true;
    }
    if (file.get(at) != MARKER || file.getInt(at + BATCH_CRC_AT) != crc(file, at, BATCH_CRC_AT)) {
      if (hasUnwritten(file, at, at + BATCH_HEADER_BYTES)) {
        return true;
      }
      throw damage(at);
    }
    int body = file.getInt(at + 1);
    if (body < 0) {
      throw damage(at);
    }
    if (body > left - BATCH_HEADER_BYTES) {
      return true;
    }
    int bodyAt = at + BATCH_HEADER_BYTES;
    if (file.getInt(at + 13) == crc(file, bodyAt, body)) {
      return false;
    }
    if (bodyAt + body == file.limit() && hasUnwritten(file, at, file.limit())) {
      return true;
    }
    throw damage(at);
  }

  /** Whether some sector that has bytes of {@code from..to} is all zeroes from {@code from} on. */
  private static boolean hasUnwritten(ByteBuffer file, int from, int to) {
    int start = from;
    while (start < to) {
      int end = Math.min((start / SECTOR + 1) * SECTOR, file.limit());
      int at = start;
      while (at < end && file.get(at) == 0) {
        at++;
      }
      if (at == end) {
        return true;
      }
      start = end;
    }
    return false;
  }

  private static void apply(ByteBuffer file, int at, int bytes, Map<String, byte[]> records)
      throws Damage {
    ByteBuffer body = file.slice(at, bytes);
    try {
      for (byte kind = body.get(); kind != END; kind = body.get()) {
        byte[] key = new byte[body.get() & 0xff];
        body.get(key);
        String name = new String(key, StandardCharsets.US_ASCII);
        if (kind == PUT) {
          int length = body.getInt();
          if (length < 0 || length > body.remaining()) {
            throw damage(at);
          }
          byte[] value = new byte[length];
          body.get(value);
          records.put(name, value);
        } else if (kind == REMOVE) {
          records.remove(name);
        } else {
          throw damage(at);
        }
      }
    } catch (BufferUnderflowException e) {
      throw damage(at);
    }
    if (body.hasRemaining()) {
      throw damage(at);
    }
  }

  private static Damage damage(int at) {
    return new Damage("it is damaged at byte " + at);
  }

  private static int crc(ByteBuffer file, int at, int bytes) {
    CRC32C crc = new CRC32C();
    crc.update(file.slice(at, bytes));
    return (int) crc.getValue();
  }
}
