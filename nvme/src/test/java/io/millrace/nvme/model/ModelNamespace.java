package io.millrace.nvme.model;

import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import java.io.UncheckedIOException;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * A namespace: its blocks as they read, and as they would be after a power cut. What was written is
 * durable when written through, or at the next flush; until then the model takes none of it to be.
 *
 * <p>The model's thread; resizing and power cuts between steps.
 */
public final class ModelNamespace implements AutoCloseable {
  private final int id;
  private final int blockShift;
  private final long mostBlocks;
  private final @Nullable Mapping current;
  private final @Nullable Mapping durable;
  private final BitSet volatileBlocks = new BitSet();
  private long blocks;
  private boolean attached = true;
  private boolean writeProtected;
  private int flushes;

  private ModelNamespace(int id, long blocks, int blockShift, boolean memory) {
    this.id = id;
    this.blocks = blocks;
    this.blockShift = blockShift;
    mostBlocks = 4 * blocks;
    current = memory ? reserve(mostBlocks << blockShift) : null;
    durable = memory ? reserve(mostBlocks << blockShift) : null;
  }

  static ModelNamespace ofMemory(int id, long blocks, int blockShift) {
    return new ModelNamespace(id, blocks, blockShift, true);
  }

  static ModelNamespace ofNothing(int id, long blocks, int blockShift) {
    return new ModelNamespace(id, blocks, blockShift, false);
  }

  private static Mapping reserve(long bytes) {
    try {
      return Mapping.anonymous(bytes, false); // taken from the system when touched
    } catch (LinuxException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int id() {
    return id;
  }

  public long blocks() {
    return blocks;
  }

  public int blockShift() {
    return blockShift;
  }

  /** How often it was flushed. */
  public int flushes() {
    return flushes;
  }

  boolean isNull() {
    return current == null;
  }

  boolean isAttached() {
    return attached;
  }

  boolean isWriteProtected() {
    return writeProtected;
  }

  /** Makes writes fail with Namespace is Write Protected. */
  public void writeProtect(boolean on) {
    writeProtected = on;
  }

  void attach(boolean on) {
    attached = on;
  }

  /** Up to four times the size it had first. */
  void resize(long newBlocks) {
    if (newBlocks > mostBlocks) {
      throw new IllegalArgumentException(newBlocks + " blocks, at most " + mostBlocks);
    }
    blocks = newBlocks;
  }

  boolean holds(long lba, long count) {
    return lba >= 0 && count <= blocks && lba <= blocks - count;
  }

  /** Host address of a block; not of a null namespace. */
  long address(long lba) {
    assert current != null;
    return current.address() + (lba << blockShift);
  }

  /** Notes a write of blocks that {@link #address} has already. */
  void wrote(long lba, long count, boolean through) {
    if (through) {
      volatileBlocks.clear((int) lba, (int) (lba + count));
      makeDurable(lba, count);
    } else {
      volatileBlocks.set((int) lba, (int) (lba + count));
    }
  }

  void zero(long lba, long count, boolean through) {
    if (current != null) {
      RawMemory.fill(address(lba), count << blockShift, (byte) 0);
      wrote(lba, count, through);
    }
  }

  void flush() {
    flushes++;
    for (int lba = volatileBlocks.nextSetBit(0); lba >= 0; ) {
      int end = volatileBlocks.nextClearBit(lba);
      makeDurable(lba, end - lba);
      lba = volatileBlocks.nextSetBit(end);
    }
    volatileBlocks.clear();
  }

  private void makeDurable(long lba, long count) {
    if (durable != null) {
      long offset = lba << blockShift;
      RawMemory.copy(address(lba), durable.address() + offset, count << blockShift);
    }
  }

  /** How many blocks a power cut would take back. */
  public int volatileBlocks() {
    return volatileBlocks.cardinality();
  }

  /** What blocks read as now. */
  public byte[] read(long lba, int count) {
    return bytes(current, lba, count);
  }

  /** What blocks would read as after a power cut. */
  public byte[] readDurable(long lba, int count) {
    return bytes(durable, lba, count);
  }

  /** Puts bytes there as if written long ago. */
  public void fill(long lba, byte[] bytes) {
    RawMemory.put(bytes, 0, bytes.length, address(lba));
    wrote(lba, (bytes.length + (1L << blockShift) - 1) >> blockShift, true);
  }

  private byte[] bytes(@Nullable Mapping mapping, long lba, int count) {
    assert mapping != null : "a null namespace has no bytes";
    byte[] bytes = new byte[count << blockShift];
    RawMemory.get(mapping.address() + (lba << blockShift), bytes, 0, bytes.length);
    return bytes;
  }

  /** All that is not durable reads as it did before. */
  void cutPower() {
    if (durable != null) {
      volatileBlocks.stream()
          .forEach(lba ->
              RawMemory.copy(
                  durable.address() + ((long) lba << blockShift), address(lba), 1L << blockShift));
    }
    volatileBlocks.clear();
  }

  @Override
  public void close() {
    if (current != null && durable != null) {
      current.close();
      durable.close();
    }
  }
}
