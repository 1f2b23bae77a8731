package io.millrace.benchmarks;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.NullBdev;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.ChainStatus;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.DeviceQueue;
import io.millrace.virtqueue.DriverRing;
import io.millrace.virtqueue.GuestMemoryMap;
import io.millrace.virtqueue.GuestRegion;
import io.millrace.virtqueue.IndirectTables;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.SwitchedWrites;
import io.millrace.virtqueue.VirtioFeature;
import io.millrace.virtqueue.VringLayout;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * Both sides of a ring in one thread, a null disk behind it: chains of three descriptors (header, 4
 * KiB of data, status), as a guest offers them. Data-path code, but for its constructor.
 */
final class RingRig implements AutoCloseable {
  private static final int QUEUE_SIZE = 128;
  private static final int HEADER_BYTES = 16;
  private static final int DATA_BYTES = 4096;
  private static final int STATUS_BYTES = 1;
  private static final int REQUEST_BYTES = 2 * DATA_BYTES; // data, then header and status
  private static final int BLOCK_BYTES = 512;
  private static final long RING_BYTES = 16384;

  private final Mapping memory;
  private final Reactor reactor;
  private final BdevDescriptor opening;
  private final BdevChannel channel;
  private final DriverRing driver;
  private final DeviceQueue device;
  private final DescriptorChain chain = new DescriptorChain();
  private final Request[] free = new Request[QUEUE_SIZE];
  private int freeCount;
  private final int[] idle = new int[QUEUE_SIZE]; // chains that the driver may offer
  private int idleCount;

  /**
   * A rig at rest.
   *
   * @param format of the ring
   * @param depth chains to build
   */
  RingRig(RingFormat format, int depth) throws BdevException, LinuxException {
    memory = Mapping.anonymous(RING_BYTES + (long) depth * REQUEST_BYTES, false);
    reactor = Reactor.stepped("rig");
    BdevRegistry registry = new BdevRegistry();
    registry.register(new NullBdev("disk", new UUID(0, 1), BLOCK_BYTES, BLOCK_BYTES, 1 << 20));
    opening = registry.open("disk", true, new Steadfast());
    channel = opening.openChannel(reactor);
    long features = format == RingFormat.PACKED ? VirtioFeature.RING_PACKED : 0;
    VringLayout layout = VringLayout.at(memory.address(), format, QUEUE_SIZE);
    driver = DriverRing.open(layout, features, IndirectTables.NONE);
    GuestRegion region =
        new GuestRegion(memory.address(), memory.size(), memory.address(), memory.address());
    device =
        Objects.requireNonNull(
            DeviceQueue.open(
                layout,
                new GuestMemoryMap(List.of(region)).translation(),
                features,
                format.firstBase(),
                SwitchedWrites.UNTRACKED));
    while (freeCount < QUEUE_SIZE) {
      free[freeCount++] = new Request();
    }
    for (int i = 0; i < depth; i++) {
      build(memory.address() + RING_BYTES + (long) i * REQUEST_BYTES);
    }
  }

  private void build(long data) {
    long header = data + DATA_BYTES;
    RawMemory.putInt(header, 0); // VIRTIO_BLK_T_IN
    RawMemory.putLong(header + 8, (data / DATA_BYTES) & 1023); // sector
    int head = driver.begin(3);
    driver.add(header, HEADER_BYTES, false);
    driver.add(data, DATA_BYTES, true);
    driver.add(header + HEADER_BYTES, STATUS_BYTES, true);
    idle[idleCount++] = head;
  }

  /** Offers all chains, serves them, takes them back. Returns how many came back. */
  int roundTrip() {
    while (idleCount > 0) {
      driver.offer(idle[--idleCount]);
    }
    driver.publish();
    while (device.fetch(chain) == ChainStatus.FETCHED) {
      serve();
    }
    device.publish();
    return driver.reap(this::cameBack, QUEUE_SIZE);
  }

  private void cameBack(int head, long writtenBytes) {
    assert writtenBytes == DATA_BYTES + STATUS_BYTES : writtenBytes;
    idle[idleCount++] = head;
  }

  private void serve() {
    Request request = free[--freeCount];
    request.head = chain.head();
    request.statusAddress = chain.address(2);
    long sector = RawMemory.getLong(chain.address(0) + 8);
    request.begin(IoType.READ, sector * BLOCK_BYTES, chain.bytes(1));
    request.addSegment(chain.address(1), chain.bytes(1));
    channel.submit(request);
  }

  @Override
  public void close() {
    opening.closeChannel(channel);
    opening.close();
    reactor.close();
    memory.close();
  }

  private final class Request extends BdevIo {
    private int head;
    private long statusAddress;

    Request() {
      super(1);
    }

    @Override
    protected void completed(IoStatus status) {
      RawMemory.putByte(statusAddress, (byte) status.ordinal());
      device.complete(head, transferredBytes() + STATUS_BYTES);
      free[freeCount++] = this;
    }
  }

  /** The disk stays as it is while the rig stands. */
  private static final class Steadfast implements BdevListener {
    @Override
    public void removed() {
      throw new IllegalStateException("nobody removes the rig's disk");
    }

    @Override
    public void resized() {
      throw new IllegalStateException("nobody resizes the rig's disk");
    }
  }
}
