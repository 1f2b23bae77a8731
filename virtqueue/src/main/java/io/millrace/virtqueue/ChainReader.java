package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Reads structures out of the readable part of a chain, wherever its descriptors end. One queue's
 * scratch object, its thread's; the caller knows how many bytes there are.
 */
public final class ChainReader {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] bytes = new byte[Long.BYTES];
  private DescriptorChain chain = new DescriptorChain();
  private int index;
  private int offset;

  /** Stands nowhere. */
  public ChainReader() {}

  /** Stands at the start of a chain, which stays valid as long as this reads. */
  public void begin(DescriptorChain of) {
    chain = of;
    index = 0;
    offset = 0;
  }

  /** The next eight bytes, little-endian, each read once. */
  public long readLong() {
    if (chain.bytes(index) - offset >= Long.BYTES) {
      long value = RawMemory.getLong(chain.address(index) + offset);
      advance(Long.BYTES);
      return value;
    }
    read(bytes, 0, Long.BYTES);
    return (long) LONG.get(bytes, 0);
  }

  /** The next bytes, each read once. */
  public void read(byte[] into, int at, int count) {
    int done = 0;
    while (done < count) {
      int piece = Math.min(chain.bytes(index) - offset, count - done);
      RawMemory.get(chain.address(index) + offset, into, at + done, piece);
      done += piece;
      advance(piece);
    }
  }

  /** The next bytes, each read once. */
  public void read(long into, long count) {
    long done = 0;
    while (done < count) {
      int piece = (int) Math.min(chain.bytes(index) - offset, count - done);
      RawMemory.copy(chain.address(index) + offset, into + done, piece);
      done += piece;
      advance(piece);
    }
  }

  /** Passes over the next bytes. */
  public void skip(int count) {
    int left = count;
    while (left > 0) {
      int piece = Math.min(chain.bytes(index) - offset, left);
      left -= piece;
      advance(piece);
    }
  }

  private void advance(int by) {
    offset += by;
    if (offset == chain.bytes(index)) {
      index++;
      offset = 0;
    }
  }
}
