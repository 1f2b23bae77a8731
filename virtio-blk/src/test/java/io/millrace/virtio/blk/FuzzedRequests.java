package io.millrace.virtio.blk;

import static io.millrace.virtio.blk.SteppedTarget.check;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.MallocBdev;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.ByteString;
import io.millrace.vhost.user.server.DeviceSession;
import io.millrace.vhost.user.server.Placement;
import io.millrace.vhost.user.server.QueueHandler;
import io.millrace.virtqueue.ChainStatus;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.GuestMemoryMap;
import io.millrace.virtqueue.GuestRegion;
import io.millrace.virtqueue.GuestWrites;
import io.millrace.virtqueue.QueueState;
import io.millrace.virtqueue.SplitDeviceQueue;
import io.millrace.virtqueue.VringLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;

/**
 * Any requests for a queue of a disk of 64 sectors of 512 bytes. Input: features and write cache in
 * bits of one byte, then requests of
 *
 * <ul>
 *   <li>type, sector: one byte each, beyond 0x7f for what is near a limit
 *   <li>bytes behind the header, writable bytes: 2 each
 *   <li>length of the readable, of the writable segments: one byte each, 0 for all in one; 0xff for
 *       a header that is cut off
 *   <li>how many of the bytes behind the header follow, one byte, and these; the others are a
 *       pattern
 * </ul>
 *
 * <p>Checked: one answer to each request, with a status; no more used than is writable; all stores
 * are announced and in the writable part; the disk changes where the request says, as it says, and
 * only if that is answered by OK; a read or write that is in order is answered by OK.
 */
final class FuzzedRequests implements AutoCloseable {
  private static final int SIZE = 128;
  private static final int SECTOR = 512;
  private static final int DISK = 64 * SECTOR;
  private static final int HEADER = 16;
  private static final int MOST_BYTES = 1 << 15;
  private static final int AVAIL = 0x1000;
  private static final int USED = 0x2000;
  private static final int READABLE = 0x4000; // where the request is, and what it is answered by
  private static final int WRITABLE = READABLE + MOST_BYTES + 0x1000;
  private static final int MEMORY = WRITABLE + MOST_BYTES + 0x1000;
  private static final int REQUEST = 9;
  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int NO_TYPE = -1;

  private final Reactor reactor = Reactor.stepped("fuzzed");
  private final BdevRegistry bdevs = new BdevRegistry();
  private final Mapping memory = Mapping.anonymous(MEMORY, false);
  private final Mapping room = Mapping.anonymous(DISK, false);
  private final BdevDescriptor descriptor;
  private final BdevChannel channel;
  private final WholeDisk wholeDisk = new WholeDisk();
  private final byte[] expected = new byte[MEMORY]; // of the guest's memory
  private final byte[] disk = new byte[DISK];
  private final DescriptorChain chain = new DescriptorChain();
  private long writableFrom;
  private long writableTo;
  private int answers;
  private long used;

  /** One request as the guest means it. */
  private record Request(int type, long sector, int behind, int writable, ByteString payload) {
    boolean isInside(long bytes) {
      return bytes > 0
          && bytes % SECTOR == 0
          && sector >= 0
          && sector <= DISK / SECTOR - bytes / SECTOR;
    }
  }

  /** Reads the disk, or writes it, past the queue. */
  private static final class WholeDisk extends BdevIo {
    WholeDisk() {
      super(1);
    }

    @Override
    protected void completed(IoStatus status) {
      check(status == IoStatus.SUCCESS, "the disk fails");
    }
  }

  private final class Context extends FuzzedContext implements GuestWrites {
    private final long features;

    Context(long features) {
      this.features = features;
    }

    @Override
    public Reactor reactor() {
      return reactor;
    }

    @Override
    public int size() {
      return SIZE;
    }

    @Override
    public long features() {
      return features;
    }

    @Override
    public GuestWrites writes() {
      return this;
    }

    @Override
    public void requestDone() {
      answers++;
    }

    @Override
    public boolean costs() {
      return true;
    }

    @Override
    public void wrote(long host, long bytes) {
      check(bytes > 0 && host >= writableFrom && host + bytes <= writableTo, "a store elsewhere");
      RawMemory.get(host, expected, (int) (host - memory.address()), (int) bytes);
    }
  }

  FuzzedRequests() throws Exception {
    bdevs.register(MallocBdev.create("disk", UUID.randomUUID(), SECTOR, SECTOR, DISK / SECTOR));
    descriptor = bdevs.open("disk", true, new SteppedTarget.Indifferent());
    channel = descriptor.openChannel(reactor);
  }

  void play(byte[] input) throws Exception {
    if (input.length == 0) {
      return;
    }
    fillDisk();
    int bits = input[0];
    BlkDevice device =
        new BlkDevice(
            "disk",
            descriptor,
            false,
            "S1",
            RingOptions.DEFAULTS,
            new Placement(new BitSet(), List.of(reactor), 0),
            bdevs.memory());
    DeviceSession session = device.newSession();
    long features =
        (bits & 1) != 0
            ? device.features()
            : ((long) bits << 9) & device.features(); // from FLUSH on
    session.negotiated(features);
    QueueHandler queue = session.startQueue(new Context(features));
    ByteBuffer from = ByteBuffer.wrap(input, 1, input.length - 1).order(ByteOrder.LITTLE_ENDIAN);
    try {
      while (from.remaining() >= REQUEST) {
        request(queue, from, features);
      }
    } finally {
      queue.close();
    }
  }

  private void request(QueueHandler queue, ByteBuffer from, long features) {
    int type = number(from.get() & 0xff, 0);
    long sector = number(from.get() & 0xff, 1);
    int behind = (from.getShort() & 0xffff) % (MOST_BYTES - HEADER);
    int writable = (from.getShort() & 0xffff) % MOST_BYTES;
    int cutReadable = from.get() & 0xff;
    int cutWritable = from.get() & 0xff;
    byte[] given = new byte[Math.min(Math.min(from.get() & 0xff, behind), from.remaining())];
    from.get(given);
    byte[] behindHeader = Arrays.copyOf(given, behind);
    Arrays.fill(behindHeader, given.length, behind, (byte) (type + sector));
    ByteString payload = ByteString.of(behindHeader);
    int header = cutReadable == 0xff ? 1 + behind % (HEADER - 1) : HEADER;
    lay(new Request(type, sector, behind, writable, payload), header, cutReadable, cutWritable);
    // One whose header is cut off is of no type at all.
    Request request =
        new Request(header < HEADER ? NO_TYPE : type, sector, behind, writable, payload);

    byte[] before = disk.clone();
    int status = serve(queue, writable);
    readDisk();

    checkMemory();
    if (writable > 0) {
      checkOutcome(request, status, before, features);
    } else {
      check(Arrays.equals(disk, before), "a request that cannot be answered was done");
    }
  }

  /** Numbers near what could be a limit, for a byte beyond 0x7f. */
  private static int number(int code, int unit) {
    int[] near = {-1, 1 << 30, Integer.MIN_VALUE, 0x10000, DISK / SECTOR - unit, 63, 62, 0xff};
    return code < 0x80 ? code : near[code & 7];
  }

  /** Lays the request into the guest's memory, and a chain that leads to it into the ring. */
  private void lay(Request request, int header, int cutReadable, int cutWritable) {
    RawMemory.fill(memory.address(), MEMORY, (byte) 0x33);
    long at = memory.address() + READABLE;
    RawMemory.putInt(at, request.type);
    RawMemory.putInt(at + 4, 7);
    RawMemory.putLong(at + 8, request.sector);
    RawMemory.put(request.payload.toArray(), 0, request.behind, at + HEADER);
    writableFrom = memory.address() + WRITABLE;
    writableTo = writableFrom + request.writable;
    int readable = header < HEADER ? header : HEADER + request.behind;
    int count = pieces(0, READABLE, readable, cutReadable, 0);
    count = pieces(count, WRITABLE, request.writable, cutWritable, WRITE);
    int lastFlags = request.writable > 0 ? WRITE : 0;
    RawMemory.putShort(memory.address() + 16L * Math.max(0, count - 1) + 12, (short) lastFlags);
    RawMemory.putInt(memory.address() + AVAIL, 1 << 16); // flags 0, idx 1
    RawMemory.putShort(memory.address() + AVAIL + 4, (short) 0);
    RawMemory.get(memory.address(), expected, 0, MEMORY);
  }

  private int pieces(int first, int from, int bytes, int cut, int flags) {
    int most = Math.max(cut == 0 ? bytes : cut, bytes / 60 + 1);
    int index = first;
    for (int at = 0; at < bytes; at += most) {
      long descriptor = memory.address() + 16L * index;
      RawMemory.putLong(descriptor, from + at);
      RawMemory.putInt(descriptor + 8, Math.min(most, bytes - at));
      RawMemory.putShort(descriptor + 12, (short) (flags | NEXT));
      RawMemory.putShort(descriptor + 14, (short) (index + 1));
      index++;
    }
    return index;
  }

  /** Takes the chain and answers it; its status, -1 if there is no room for one. */
  private int serve(QueueHandler queue, int writable) {
    GuestMemoryMap map =
        new GuestMemoryMap(List.of(new GuestRegion(0, MEMORY, 0, memory.address())));
    long base = memory.address();
    SplitDeviceQueue ring =
        new SplitDeviceQueue(
            new VringLayout(SIZE, base, base + AVAIL, base + USED),
            map.translation(),
            0,
            new QueueState(0, 0),
            (host, bytes) -> RawMemory.get(host, expected, (int) (host - base), (int) bytes));
    check(ring.fetch(chain) == ChainStatus.FETCHED, "the chain of this test is none");
    answers = 0;
    used = -1;
    boolean taken = queue.take(chain) != QueueHandler.NO_REQUEST;
    check(taken == (writable > 0), "taken without room for a status, or not taken with it");
    check(queue.outstanding() == (taken ? 1 : 0), "outstanding");
    queue.submitTaken();
    while (queue.waitsForTurn()) {
      check(queue.goOn() > 0, "a turn without work");
    }
    check(answers == (taken ? 1 : 0), "not done at once, or done twice");
    queue.respond((head, written) -> {
      check(head == 0 && used < 0, "another chain is given back, or this one twice");
      used = written;
    });
    queue.recycle();
    check(queue.outstanding() == 0, "outstanding when all is done");
    check(used >= (taken ? 1 : -1) && used <= writable, "more used than is writable");
    return taken ? RawMemory.getByte(writableTo - 1) & 0xff : -1;
  }

  private void checkMemory() {
    byte[] found = new byte[MEMORY];
    RawMemory.get(memory.address(), found, 0, MEMORY);
    int at = Arrays.mismatch(found, expected);
    check(at < 0, "guest address " + at + " changed silently");
  }

  private void checkOutcome(Request request, int status, byte[] before, long features) {
    check(status <= 2, "no status");
    byte[] after = before.clone();
    int data = request.writable - 1;
    boolean fits =
        switch (request.type) {
          case 0 -> request.isInside(data);
          case 1 -> request.isInside(request.behind);
          default -> false;
        };
    check(!fits || status == 0, "a request that is in order fails");
    if (status == 0) {
      switch (request.type) {
        case 0 -> {
          check(fits && used == data + 1, "a read of what there is not, or of less");
          int from = (int) request.sector * SECTOR;
          check(
              Arrays.equals(expected, WRITABLE, WRITABLE + data, before, from, from + data),
              "other data than the disk has");
        }
        case 1 -> {
          check(fits, "a write where there is nothing");
          System.arraycopy(
              request.payload.toArray(), 0, after, (int) request.sector * SECTOR, request.behind);
        }
        case 4, 8 -> {}
        case 11, 13 -> zero(request, after, features);
        default -> check(false, "a request of no known type succeeds");
      }
    }
    check(Arrays.equals(disk, after), "the disk is not what the request makes of it");
  }

  /** What DISCARD does to a disk in memory, and WRITE_ZEROES to any. */
  private static void zero(Request request, byte[] after, long features) {
    long feature = request.type == 11 ? BlkFeature.DISCARD : BlkFeature.WRITE_ZEROES;
    check((features & feature) != 0, "done without its feature");
    check(request.behind > 0 && request.behind % HEADER == 0, "a range that is cut off");
    ByteBuffer ranges = request.payload.asBuffer();
    while (ranges.hasRemaining()) {
      long sector = ranges.getLong();
      long count = ranges.getInt() & 0xffff_ffffL;
      int flags = ranges.getInt();
      check(flags == 0 || (flags == 1 && request.type == 13), "a flag that is none");
      check(sector >= 0 && sector <= DISK / SECTOR && count > 0, "a range outside the disk");
      long end = sector + count;
      check(end <= DISK / SECTOR, "a range outside the disk");
      Arrays.fill(after, (int) sector * SECTOR, (int) end * SECTOR, (byte) 0);
    }
  }

  private void fillDisk() {
    for (int i = 0; i < DISK; i++) {
      disk[i] = (byte) (i / SECTOR + i);
    }
    RawMemory.put(disk, 0, DISK, room.address());
    moveDisk(IoType.WRITE);
  }

  private void readDisk() {
    moveDisk(IoType.READ);
    RawMemory.get(room.address(), disk, 0, DISK);
  }

  private void moveDisk(IoType type) {
    wholeDisk.begin(type, 0, DISK);
    wholeDisk.addSegment(room.address(), DISK);
    channel.submit(wholeDisk);
  }

  @Override
  public void close() {
    descriptor.closeChannel(channel);
    descriptor.close();
    bdevs.removeAll();
    reactor.close();
    memory.close();
    room.close();
  }
}
