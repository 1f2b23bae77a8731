package io.millrace.virtio.blk;

import io.millrace.initiator.Frontend;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.FrontendQueue;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.VirtioBlk;
import io.millrace.linux.EventFd;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.VringLayout;
import java.nio.file.Path;
import java.util.List;

/** A front-end that writes its ring by hand, legal or not. Queue 0, 16 descriptors. */
final class RawRing implements AutoCloseable {
  static final int SIZE = 16;
  static final int NEXT = 1;
  static final int WRITE = 2;
  static final int INDIRECT = 4;

  static final int HEADER = 4096;
  static final int STATUS = HEADER + 16;
  static final int DATA = 8192;

  final Frontend frontend;
  final GuestMemory memory;
  private final FrontendQueue queue;
  private final long desc;
  private final long avail;
  private final long used;
  private int availIdx;

  RawRing(Path socket, boolean sealed) throws Exception {
    this(socket, sealed, VirtioBlk.FEATURES);
  }

  RawRing(Path socket, boolean sealed, long features) throws Exception {
    this(
        socket,
        FrontendOptions.defaults(),
        GuestMemory.create(1 << 20, GuestMemory.DEFAULT_GUEST_ADDRESS, sealed),
        features);
  }

  /** In memory at the default guest address, which is closed with it. */
  RawRing(Path socket, FrontendOptions options, GuestMemory memory, long features)
      throws Exception {
    this.memory = memory;
    frontend = Frontend.connect(socket, options);
    frontend.setFeatures(features & ~(1L << 29)); // flags, not event indices
    frontend.shareMemory(List.of(memory));
    desc = memory.address();
    avail = desc + 1024;
    used = desc + 2048;
    queue = frontend.startQueue(0, new VringLayout(SIZE, desc, avail, used), 0);
  }

  long guest(int offset) {
    return GuestMemory.DEFAULT_GUEST_ADDRESS + offset;
  }

  void descriptor(int index, long guestAddress, int bytes, int flags, int next) {
    long at = desc + 16L * index;
    RawMemory.putLong(at, guestAddress);
    RawMemory.putInt(at + 8, bytes);
    RawMemory.putShort(at + 12, (short) flags);
    RawMemory.putShort(at + 14, (short) next);
  }

  /** A legal read of one sector in descriptors first, first + 1, first + 2; its data at DATA. */
  void validRead(int first, long sector) {
    RawMemory.putInt(memory.address() + HEADER, VirtioBlk.T_IN);
    RawMemory.putLong(memory.address() + HEADER + 8, sector);
    RawMemory.putByte(memory.address() + STATUS, (byte) 0xff);
    descriptor(first, guest(HEADER), 16, NEXT, first + 1);
    descriptor(first + 1, guest(DATA), 512, NEXT | WRITE, first + 2);
    descriptor(first + 2, guest(STATUS), 1, WRITE, 0);
  }

  /** A header of that type at HEADER, the status poisoned. */
  void header(int type) {
    RawMemory.putInt(memory.address() + HEADER, type);
    RawMemory.putLong(memory.address() + HEADER + 8, 0);
    RawMemory.putByte(memory.address() + STATUS, (byte) 0xff);
  }

  void offer(int head) {
    RawMemory.putShort(avail + 4 + 2L * (availIdx % SIZE), (short) head);
    availIdx++;
    availIdx(availIdx);
  }

  void availIdx(int index) {
    RawMemory.putShortRelease(avail + 2, (short) index);
    RawMemory.fullFence();
    kick();
  }

  void kick() {
    EventFd.signal(queue.kick().number());
  }

  int usedIdx() {
    return RawMemory.getShortAcquire(used + 2) & 0xffff;
  }

  int usedHead(int index) {
    return RawMemory.getInt(used + 4 + 8L * (index % SIZE));
  }

  int usedBytes(int index) {
    return RawMemory.getInt(used + 4 + 8L * (index % SIZE) + 4);
  }

  int status() {
    return RawMemory.getByte(memory.address() + STATUS) & 0xff;
  }

  void awaitUsed(int index) {
    BlkTarget.await("used index is " + index, () -> usedIdx() == index);
  }

  @Override
  public void close() {
    frontend.close();
    queue.close();
    memory.close();
  }
}
