package io.millrace.virtqueue;

import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.RingUnderTest.Segment;
import io.millrace.virtqueue.RingUnderTest.Used;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A guest's driver of a packed ring that does as it is told, legal or not, and the queue it tries.
 * Its idea of the layout (virtio 1.3 §2.8) is its own: nothing is shared with the code under test.
 */
final class PackedRingUnderTest implements AutoCloseable {
  static final int NEXT = 1;
  static final int WRITE = 2;
  static final int INDIRECT = 4;
  static final int AVAIL = 1 << 7;
  static final int USED = 1 << 15;

  static final long RING = GuestMemory.RING;
  private static final long DRIVER_EVENT = GuestMemory.RING + 0x90000;
  private static final long DEVICE_EVENT = GuestMemory.RING + 0xb0000;

  /** An element of a chain. */
  record Element(long addr, long len, int flags) {}

  final GuestMemory memory = new GuestMemory();
  final DescriptorChain chain = new DescriptorChain();
  private final CheckedFetches fetches = new CheckedFetches();
  final DeviceQueue queue;
  private final int size;
  private final Map<Integer, Integer> lengths = new HashMap<>(); // of chains, by id
  int availIndex;
  int availWrap;
  private int usedIndex;
  private int usedWrap;

  PackedRingUnderTest(int size, long features) throws LinuxException {
    this(size, features, 0, 1);
  }

  /** A ring that stands somewhere, as one that ran for a while. */
  PackedRingUnderTest(int size, long features, int index, int wrap) throws LinuxException {
    this(size, features, index, wrap, SwitchedWrites.UNTRACKED);
  }

  PackedRingUnderTest(int size, long features, int index, int wrap, GuestWrites writes)
      throws LinuxException {
    this.size = size;
    availIndex = index;
    usedIndex = index;
    availWrap = wrap;
    usedWrap = wrap;
    // What ran before left each descriptor used: in this lap below, in the last one above.
    for (int i = 0; i < size; i++) {
      boolean one = (i < index) == (wrap == 1);
      descriptor(i, 0, 0, 0, one ? AVAIL | USED : 0);
    }
    queue = queueOver(memory.map().translation(), features, writes);
  }

  DeviceQueue queueOver(AddressTranslation translation, long features, GuestWrites writes) {
    int position = availIndex | availWrap << 15;
    return DeviceQueue.open(
        layout(),
        translation,
        features | VirtioFeature.RING_PACKED,
        position | position << 16,
        writes);
  }

  VringLayout layout() {
    return new VringLayout(size, host(RING), host(DRIVER_EVENT), host(DEVICE_EVENT));
  }

  long host(long guest) {
    return memory.host(guest);
  }

  /** Fills a descriptor of the ring. */
  void descriptor(int index, long addr, long len, int id, int flags) {
    tableEntry(RING, index, addr, len, id, flags);
  }

  /** Fills a descriptor of a table anywhere; it may lie across two regions. */
  void tableEntry(long table, int index, long addr, long len, int id, int flags) {
    long entry = table + 16L * index;
    RawMemory.putLong(host(entry), addr);
    RawMemory.putInt(host(entry + 8), (int) len);
    RawMemory.putShort(host(entry + 12), (short) id);
    RawMemory.putShort(host(entry + 14), (short) flags);
  }

  static Element in(long addr, long len) {
    return new Element(addr, len, 0);
  }

  static Element out(long addr, long len) {
    return new Element(addr, len, WRITE);
  }

  /** Makes a chain available as a driver should: id in the last, all flags right. */
  void offer(int id, Element... elements) {
    for (int i = 0; i < elements.length; i++) {
      Element element = elements[i];
      boolean last = i == elements.length - 1;
      // An id that is not in the last descriptor means nothing.
      descriptor(
          availIndex,
          element.addr,
          element.len,
          last ? id : 0xdead,
          element.flags | (last ? 0 : NEXT) | (availWrap == 1 ? AVAIL : USED));
      step();
    }
    lengths.put(id, elements.length);
  }

  private void step() {
    if (++availIndex == size) {
      availIndex = 0;
      availWrap ^= 1;
    }
  }

  /** The driver's wish. */
  void driverEvent(int offset, int wrap, int flags) {
    RawMemory.putShort(host(DRIVER_EVENT), (short) (offset | wrap << 15));
    RawMemory.putShort(host(DRIVER_EVENT + 2), (short) flags);
  }

  int deviceEventFlags() {
    return RawMemory.getShort(host(DEVICE_EVENT + 2)) & 0xffff;
  }

  /** Offset and, in bit 15, wrap counter that the device waits for. */
  int deviceEventPosition() {
    return RawMemory.getShort(host(DEVICE_EVENT)) & 0xffff;
  }

  /** What was published since the last call, or the start. */
  List<Used> used() {
    List<Used> all = new ArrayList<>();
    while (true) {
      long entry = RING + 16L * usedIndex;
      int flags = RawMemory.getShort(host(entry + 14)) & 0xffff;
      boolean isUsed = (flags & (AVAIL | USED)) == (usedWrap == 1 ? AVAIL | USED : 0);
      if (!isUsed || lengths.isEmpty()) {
        return all;
      }
      int id = RawMemory.getShort(host(entry + 12)) & 0xffff;
      long len = RawMemory.getInt(host(entry + 8)) & 0xffff_ffffL;
      all.add(new Used(id, (flags & WRITE) != 0 ? len : 0));
      usedIndex += lengths.remove(id);
      if (usedIndex >= size) {
        usedIndex -= size;
        usedWrap ^= 1;
      }
    }
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

  Segment readable(long guest, int bytes) {
    return new Segment(host(guest), bytes, false);
  }

  Segment writable(long guest, int bytes) {
    return new Segment(host(guest), bytes, true);
  }

  @Override
  public void close() {
    memory.close();
  }
}
