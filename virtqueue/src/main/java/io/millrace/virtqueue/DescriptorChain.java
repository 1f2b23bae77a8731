package io.millrace.virtqueue;

import io.millrace.linux.CacheLines;
import java.util.Arrays;

/**
 * A descriptor chain as host memory segments: the readable ones (device reads), then the writable
 * ones. One queue's scratch object: filled by {@link DeviceQueue#fetch}, read before the next
 * fetch.
 */
public final class DescriptorChain {
  /** Longest segment, in bytes; a descriptor may be longer only in lies. */
  public static final int MAX_SEGMENT_BYTES = 1 << 30;

  /**
   * Most segments that are noted, well above what any request can have. Of a longer chain the first
   * ones are here and the last one, where a status goes; its bytes count all.
   */
  public static final int MAX_SEGMENTS = 2048;

  private static final int NEW = -1;

  private int head;
  private int milestone = NEW;
  private int readableCount;
  private int count;
  private long readableBytes;
  private long writableBytes;
  private long[] segments = new long[2 * 16]; // of each its address, and behind that its bytes

  private long answerFirst; // of this chain, or of the one before until this one's is known
  private long answerLast;

  // Where the walk stands: it can stop at an untranslatable address and be resumed.
  int nextIndex;
  int seen;
  int tableSize;
  long tableHost;
  long tableGuest;
  boolean indirect;
  int walked;

  /** An empty chain. */
  public DescriptorChain() {}

  void begin(int head, long table, int size) {
    this.head = head;
    milestone = NEW;
    readableCount = 0;
    count = 0;
    readableBytes = 0;
    writableBytes = 0;
    nextIndex = head;
    seen = 0;
    tableSize = size;
    tableHost = table;
    tableGuest = 0;
    indirect = false;
    walked = 0;
  }

  /** The head that is known only at the end of the chain. */
  void head(int id) {
    head = id;
  }

  /** It was in flight when a back-end died, or lost its connection, and was so far then. */
  void fetchedAgain(int noted) {
    milestone = noted;
  }

  /** Its walk begins anew, under another map. */
  void restart(long table, int size) {
    int noted = milestone;
    begin(head, table, size);
    milestone = noted;
  }

  void add(long address, int bytes, boolean writable) {
    if (count == MAX_SEGMENTS) {
      count--;
      readableCount = Math.min(readableCount, count);
    }
    if (!hasRoom()) {
      segments = Arrays.copyOf(segments, 2 * segments.length);
    }
    put(address, bytes, writable);
  }

  /** Whether one more segment fits, without more memory for them. */
  boolean hasRoom() {
    return 2 * count < segments.length;
  }

  /** Adds a segment that there is room for. */
  void put(long address, long bytes, boolean writable) {
    int index = count;
    segments[2 * index] = address;
    segments[2 * index + 1] = bytes;
    count = index + 1;
    if (writable) {
      writableBytes += bytes;
    } else {
      readableCount = index + 1;
      readableBytes += bytes;
    }
  }

  /** Adds three segments to an empty chain: a readable one, one of either kind, a writable one. */
  void putTriple(
      long first,
      long bytes0,
      long second,
      long bytes1,
      boolean writable,
      long third,
      long bytes2) {
    long[] all = segments;
    all[0] = first;
    all[1] = bytes0;
    all[2] = second;
    all[3] = bytes1;
    all[4] = third;
    all[5] = bytes2;
    count = 3;
    readableCount = writable ? 1 : 2;
    readableBytes = writable ? bytes0 : bytes0 + bytes1;
    writableBytes = writable ? bytes1 + bytes2 : bytes2;
  }

  /** Drops the segments added last, so that only some remain. */
  void dropBeyond(int most) {
    while (count > most) {
      count--;
      if (count < readableCount) {
        readableCount = count;
        readableBytes -= bytes(count);
      } else {
        writableBytes -= bytes(count);
      }
    }
  }

  /** What to give back: the index of its first descriptor, or its buffer id in a packed ring. */
  public int head() {
    return head;
  }

  /** Whether it was in flight before, and the in-flight region gave it back. */
  public boolean isFetchedAgain() {
    return milestone != NEW;
  }

  /**
   * Says where its answer goes, besides data. Where a driver has one request at a time the next
   * one's is likely to go there, too, and its lines are asked for early.
   *
   * @param address of the first byte
   * @param bytes at least one
   */
  public void answersInto(long address, int bytes) {
    answerFirst = address;
    answerLast = address + bytes - 1;
  }

  /**
   * Asks for the lines of the next one's answer, if that goes where this one's does.
   *
   * @param element host address of its used element; 0 asks for nothing: while others are out the
   *     driver works with those lines
   */
  void prefetchAnswer(long element) {
    if (element != 0) {
      CacheLines.prefetchForStores(element, answerFirst, answerLast);
    }
  }

  /** How far it was then, as {@link DeviceQueue#milestone} had noted it; 0 for a new one. */
  public int milestone() {
    return Math.max(0, milestone);
  }

  /** How many segments the device reads; they come first. */
  public int readableCount() {
    return readableCount;
  }

  /** How many segments there are. */
  public int count() {
    return count;
  }

  /**
   * Whether each byte of it is in a segment here. If not, only the number of bytes is true: nothing
   * of it may be read or stored but the end of the last segment. No driver makes such a chain.
   */
  public boolean isWhole() {
    return count < MAX_SEGMENTS;
  }

  /** How many descriptors were looked at for it, whether they were good or not. */
  public int descriptorsWalked() {
    return walked;
  }

  /** Bytes the device may read. */
  public long readableBytes() {
    return readableBytes;
  }

  /** Bytes the device may write. */
  public long writableBytes() {
    return writableBytes;
  }

  /**
   * Host address of a segment.
   *
   * @param index from 0
   */
  public long address(int index) {
    return segments[2 * index];
  }

  /**
   * Bytes of a segment, 1 or more.
   *
   * @param index from 0
   */
  public int bytes(int index) {
    return (int) segments[2 * index + 1];
  }

  @Override
  public String toString() {
    return "chain " + head + ": " + readableBytes + " bytes in, " + writableBytes + " out";
  }
}
