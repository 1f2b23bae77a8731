package io.millrace.virtqueue;

import io.millrace.linux.LinuxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Any bytes as a guest, its ring and what happens to them, for the device side of any layout.
 * Input, little endian:
 *
 * <ul>
 *   <li>features (bit 0 INDIRECT, bit 1 EVENT_IDX), size as a power of two, start index (2 bytes),
 *       number of steps
 *   <li>steps of 6 bytes: what (see {@link #step}), a detail, two numbers of 16 bits
 *   <li>the memory from address 0 on: the descriptors at 0, the driver's area at 0x400, the
 *       device's at 0x600
 * </ul>
 *
 * <p>Checked throughout: nothing is touched that the guest does not share, the device stores only
 * into its own area and says so, chains add up, no more of them than descriptors, and the work for
 * each is bounded.
 */
final class FuzzedQueue implements AutoCloseable {
  static final int DRIVER_AREA = 0x400;
  static final int DEVICE_AREA = 0x600;

  private static final int HEADER = 5;
  private static final int STEP = 6;
  private static final int LARGEST_LOG2 = 6;

  /** What is known of a ring's layout. */
  interface Layout {
    DeviceQueue start(
        VringLayout layout,
        AddressTranslation translation,
        long features,
        QueueState state,
        GuestWrites writes);

    /** Whether the device may store there, for a ring of this many descriptors. */
    boolean isDevices(int guest, long bytes, int size);

    /**
     * Looks at what the device stored for a chain that it just gave back.
     *
     * @param index how many were given back before
     */
    void checkGivenBack(FuzzedMemory memory, int size, int index, int head, long writtenBytes);
  }

  private record Out(int head, long writableBytes) {}

  private final FuzzedMemory memory = new FuzzedMemory();
  private final FuzzedTranslation translation = new FuzzedTranslation();
  private final DescriptorChain chain = new DescriptorChain();
  private final List<Out> out = new ArrayList<>();
  private final Layout layout;
  private DeviceQueue queue;
  private int size;
  private int start;
  private int givenBack;

  FuzzedQueue(Layout layout) throws LinuxException {
    this.layout = layout;
  }

  void play(byte[] input) {
    ByteBuffer from = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
    if (from.remaining() < HEADER) {
      return;
    }
    int features = from.get();
    size = 1 << (from.get() & 0xff) % (LARGEST_LOG2 + 1);
    start = from.getShort() & 0xffff;
    int steps = Math.min(from.get() & 0xff, from.remaining() / STEP);
    memory.load(input, HEADER + steps * STEP);
    out.clear();
    givenBack = 0;
    translation.use(memory.map(2));
    queue =
        layout.start(
            ring(),
            translation,
            ((features & 1) != 0 ? VirtioFeature.INDIRECT_DESC : 0)
                | ((features & 2) != 0 ? VirtioFeature.EVENT_IDX : 0),
            new QueueState(start, start),
            this::wrote);

    for (int i = 0; i < steps; i++) {
      step(
          from.get() & 0xff, from.get() & 0xff, from.getShort() & 0xffff, from.getShort() & 0xffff);
    }
    finish();
  }

  private VringLayout ring() {
    return new VringLayout(
        size, memory.host(0), memory.host(DRIVER_AREA), memory.host(DEVICE_AREA));
  }

  private void step(int what, int detail, int one, int other) {
    switch (what % 10) {
      case 0, 1, 2 -> fetch(detail);
      case 3 -> giveBack(detail, one | (long) other << 16);
      case 4 -> {
        if ((detail & 1) != 0) {
          queue.show();
        } else {
          queue.publish();
        }
      }
      case 5 -> {
        if ((detail & 1) != 0) {
          queue.enableNotifications();
        } else {
          queue.disableNotifications();
        }
      }
      case 6 -> {
        memory.put(one, other);
        memory.put(one + 1, other >> 8);
      }
      case 7 -> { // a descriptor goes somewhere else
        for (int i = 0; i < 16; i++) {
          memory.put(one + i, memory.get(other + i));
        }
      }
      case 8 -> translation.waits = (detail & 1) != 0;
      default -> {
        translation.use(memory.map(1 + (detail & 1)));
        queue.relocate(ring(), translation);
      }
    }
    memory.checkNothingElseChanged();
  }

  /** Takes a chain and, if it is one, fills what the device may write; false if there is none. */
  private boolean fetch(int fill) {
    translation.calls = 0;
    ChainStatus status = queue.fetch(chain);
    check(translation.calls <= 8 * (size + 1024), "too many questions about addresses");
    if (status == ChainStatus.EMPTY || status == ChainStatus.BROKEN_RING) {
      return false;
    }
    check(chain.head() >= 0 && chain.head() < 0x10000, "no such head");
    if (status == ChainStatus.WAIT) {
      check(translation.waits, "waits for nothing");
      return false;
    }
    out.add(new Out(chain.head(), status == ChainStatus.FETCHED ? chain.writableBytes() : 0));
    check(out.size() <= size, "more chains are out than there are descriptors");
    if (status == ChainStatus.FETCHED) {
      checkSegments(fill);
    }
    return true;
  }

  private void checkSegments(int fill) {
    check(chain.count() <= 2 * (size + 1024), "more segments than descriptors allow");
    long readable = 0;
    long writable = 0;
    for (int i = 0; i < chain.count(); i++) {
      int at = memory.guest(chain.address(i), chain.bytes(i));
      if (i < chain.readableCount()) {
        readable += chain.bytes(i);
      } else {
        writable += chain.bytes(i);
        memory.put(at, fill); // by the device, which is the same to the ring
      }
    }
    check(readable == chain.readableBytes(), "readable bytes do not add up");
    check(writable == chain.writableBytes(), "writable bytes do not add up");
  }

  private void giveBack(int which, long bytes) {
    if (out.isEmpty()) {
      return;
    }
    Out one = out.remove(which % out.size());
    long written = bytes % (one.writableBytes + 1);
    queue.complete(one.head, written);
    layout.checkGivenBack(memory, size, start + givenBack++, one.head, written);
  }

  private void wrote(long host, long bytes) {
    int at = memory.guest(host, bytes);
    check(layout.isDevices(at, bytes, size), "a store into what is not the device's");
    memory.wrote(host, bytes);
  }

  /** Whatever the guest made of it comes to an end, and everything can be given back. */
  private void finish() {
    translation.waits = false;
    int fetched = 0;
    while (out.size() < size && fetch(0)) {
      check(++fetched <= size, "more chains than descriptors, while the guest does nothing");
    }
    while (!out.isEmpty()) {
      giveBack(0, 1);
    }
    queue.publish();
    check(!queue.publish(), "asks for a notification of nothing");
    queue.state();
    memory.checkNothingElseChanged();
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
