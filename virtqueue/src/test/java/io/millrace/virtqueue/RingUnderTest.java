package io.millrace.virtqueue;

import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * A guest's driver that does as it is told, legal or not, and the queue it tries. Its idea of the
 * layout (virtio 1.3 §2.7) is its own: nothing is shared with the code under test.
 */
final class RingUnderTest implements AutoCloseable {
  static final int NEXT = 1;
  static final int WRITE = 2;
  static final int INDIRECT = 4;

  private static final long DESC = GuestMemory.RING;
  private static final long AVAIL = GuestMemory.RING + 0x90000;
  private static final long USED = GuestMemory.RING + 0xb0000;

  /** What the device gave back. */
  record Used(int id, long bytes) {}

  /** A piece of a fetched chain. */
  record Segment(long host, int bytes, boolean writable) {}

  final GuestMemory memory = new GuestMemory();
  final DescriptorChain chain = new DescriptorChain();
  private final CheckedFetches fetches = new CheckedFetches();
  final SplitDeviceQueue queue;
  private final int size;
  private int availIdx;
  private int usedSeen;

  RingUnderTest(int size, long features) throws LinuxException {
    this(size, features, 0);
  }

  RingUnderTest(int size, long features, int startIdx) throws LinuxException {
    this(size, features, startIdx, SwitchedWrites.UNTRACKED);
  }

  RingUnderTest(int size, long features, int startIdx, GuestWrites writes) throws LinuxException {
    this.size = size;
    availIdx = startIdx;
    usedSeen = startIdx;
    showAvailIdx(startIdx);
    RawMemory.putShort(host(USED + 2), (short) startIdx);
    queue = queueOver(memory.map().translation(), features, startIdx, writes);
  }

  /** Another queue over the same ring. */
  SplitDeviceQueue queueOver(
      AddressTranslation translation, long features, int startIdx, GuestWrites writes) {
    return new SplitDeviceQueue(
        layout(), translation, features, new QueueState(startIdx, startIdx), writes);
  }

  VringLayout layout() {
    return new VringLayout(size, host(DESC), host(AVAIL), host(USED));
  }

  long host(long guest) {
    return memory.host(guest);
  }

  /** Fills a descriptor of the ring's own table. */
  void descriptor(int index, long addr, long len, int flags, int next) {
    tableEntry(DESC, index, addr, len, flags, next);
  }

  /** Fills a descriptor of a table anywhere; it may lie across two regions. */
  void tableEntry(long table, int index, long addr, long len, int flags, int next) {
    long entry = table + 16L * index;
    RawMemory.putLong(host(entry), addr);
    RawMemory.putInt(host(entry + 8), (int) len);
    RawMemory.putShort(host(entry + 12), (short) flags);
    RawMemory.putShort(host(entry + 14), (short) next);
  }

  /** Puts a head into the avail ring and shows it. */
  void offer(int head) {
    avail(availIdx & (size - 1), head);
    availIdx = (availIdx + 1) & 0xffff;
    showAvailIdx(availIdx);
  }

  void avail(int slot, int head) {
    RawMemory.putShort(host(AVAIL + 4 + 2L * slot), (short) head);
  }

  void showAvailIdx(int idx) {
    RawMemory.putShort(host(AVAIL + 2), (short) idx);
  }

  void availFlags(int flags) {
    RawMemory.putShort(host(AVAIL), (short) flags);
  }

  void usedEvent(int idx) {
    RawMemory.putShort(host(AVAIL + 4 + 2L * size), (short) idx);
  }

  int availEvent() {
    return RawMemory.getShort(host(USED + 4 + 8L * size)) & 0xffff;
  }

  int usedFlags() {
    return RawMemory.getShort(host(USED)) & 0xffff;
  }

  int usedIdx() {
    return RawMemory.getShort(host(USED + 2)) & 0xffff;
  }

  /** What was published since the last call, or the start. */
  List<Used> used() {
    List<Used> all = new ArrayList<>();
    while (usedSeen != usedIdx()) {
      long element = USED + 4 + 8L * (usedSeen & (size - 1));
      int id = RawMemory.getInt(host(element));
      all.add(new Used(id, RawMemory.getInt(host(element + 4)) & 0xffff_ffffL));
      usedSeen = (usedSeen + 1) & 0xffff;
    }
    return all;
  }

  ChainStatus fetch() {
    return fetches.fetch(queue, chain);
  }

  /** The pieces of the chain fetched last. */
  List<Segment> segments() {
    List<Segment> all = new ArrayList<>();
    for (int i = 0; i < chain.count(); i++) {
      all.add(new Segment(chain.address(i), chain.bytes(i), i >= chain.readableCount()));
    }
    return all;
  }

  Segment in(long guest, int bytes) {
    return new Segment(host(guest), bytes, false);
  }

  Segment out(long guest, int bytes) {
    return new Segment(host(guest), bytes, true);
  }

  static Used used(int id, long bytes) {
    return new Used(id, bytes);
  }

  @Override
  public void close() {
    memory.close();
  }
}
