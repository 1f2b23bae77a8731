package io.millrace.virtio.blk;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.MemoryRegistry;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.server.Coalescing;
import io.millrace.vhost.user.server.DeviceSession;
import io.millrace.vhost.user.server.Placement;
import io.millrace.vhost.user.server.QueueContext;
import io.millrace.vhost.user.server.QueueHandler;
import io.millrace.vhost.user.server.QueueStartException;
import io.millrace.vhost.user.server.VhostDevice;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A virtio-blk device over one opened bdev, for any number of front-ends. Control thread, except
 * {@link Half#startQueue} and {@link #queueClosed}, which run on reactors.
 */
final class BlkDevice implements VhostDevice {
  /** Bytes of a serial (VIRTIO_BLK_ID_BYTES). */
  static final int SERIAL_BYTES = 20;

  /** Queues offered; memory is taken for those that run. */
  static final int QUEUES = 256;

  private final String name;
  private final BdevDescriptor descriptor;
  private final boolean readOnly;
  private final byte[] serial;
  private final RingOptions rings;
  private final Placement placement;
  private final MemoryRegistry memory;
  private final Set<BlkQueue> queues = ConcurrentHashMap.newKeySet();
  private volatile Coalescing coalescing = Coalescing.OFF;
  private volatile boolean removed;

  /**
   * A device.
   *
   * @param descriptor stays the caller's
   */
  BlkDevice(
      String name,
      BdevDescriptor descriptor,
      boolean readOnly,
      String serial,
      RingOptions rings,
      Placement placement,
      MemoryRegistry memory) {
    this.name = name;
    this.descriptor = descriptor;
    this.readOnly = readOnly;
    this.serial = Arrays.copyOf(serial.getBytes(StandardCharsets.UTF_8), SERIAL_BYTES);
    this.rings = rings;
    this.placement = placement;
    this.memory = memory;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long features() {
    return BlkFeature.offered(descriptor.bdev(), readOnly, rings);
  }

  @Override
  public int queueCount() {
    return QUEUES;
  }

  @Override
  public Reactor reactorFor(int queueIndex) {
    return placement.reactor(queueIndex);
  }

  @Override
  public Coalescing coalescing() {
    return coalescing;
  }

  void coalescing(Coalescing setting) {
    coalescing = setting;
  }

  @Override
  public DeviceSession newSession() {
    return new Half();
  }

  @Override
  public void memoryAdded(long address, long bytes) {
    memory.add(descriptor.bdev(), address, bytes);
  }

  @Override
  public void memoryRemoved(long address, long bytes) {
    memory.remove(descriptor.bdev(), address, bytes);
  }

  BdevDescriptor descriptor() {
    return descriptor;
  }

  byte[] serial() {
    return serial;
  }

  boolean isReadOnly() {
    return readOnly;
  }

  /**
   * The bdev is going away: every queue lets go of it and fails what comes later.
   *
   * @param detached runs on some reactor when no queue uses the bdev any more
   */
  void detach(Runnable detached) {
    removed = true;
    AtomicInteger missing = new AtomicInteger(placement.reactors().size());
    Runnable one =
        () -> {
          if (missing.decrementAndGet() == 0) {
            detached.run();
          }
        };
    for (Reactor reactor : placement.reactors()) {
      // In line with queue starts: one that did not see the mark is in the set by then.
      reactor.execute(() -> detachOn(reactor, missing, one));
    }
  }

  private void detachOn(Reactor reactor, AtomicInteger missing, Runnable one) {
    for (BlkQueue queue : queues) {
      if (queue.context().reactor().equals(reactor)) {
        missing.incrementAndGet();
        queue.detach(one);
      }
    }
    one.run();
  }

  void queueClosed(BlkQueue queue) {
    queues.remove(queue);
  }

  /** The device's half of one session. */
  private final class Half implements DeviceSession {
    private static final int WRITEBACK = 1;
    private static final int WRITE_THROUGH = 2;

    private final WriteCache cache = new WriteCache(descriptor.bdev().properties().volatileCache());

    @Override
    public void negotiated(long features) {
      cache.negotiated(features);
    }

    @Override
    public byte[] config() {
      return BlkConfig.of(descriptor.bdev(), features(), QUEUES, cache.isWriteback());
    }

    /**
     * Takes {@code writeback} from a driver, before it told its features too: QEMU passes those on
     * only when the device starts. A migration may write everything, as long as everything else is
     * what it is here.
     */
    @Override
    public boolean writeConfig(int offset, byte[] data, boolean migration) {
      int at = BlkConfig.WRITEBACK - offset;
      boolean covered = at >= 0 && at < data.length;
      if (covered && (data[at] & ~1) != 0) {
        return false;
      }
      if (migration ? !isSameConfig(offset, data) : !covered || data.length != 1) {
        return false;
      }
      if (covered) {
        cache.writeback(data[at] == 1);
      }
      return true;
    }

    private boolean isSameConfig(int offset, byte[] data) {
      byte[] config = config();
      for (int i = 0; i < data.length; i++) {
        int at = offset + i;
        byte here = at < config.length ? config[at] : 0;
        if (at != BlkConfig.WRITEBACK && data[i] != here) {
          return false;
        }
      }
      return true;
    }

    /** QEMU connects again to a server that was killed without telling it the cache mode. */
    @Override
    public int choices() {
      return cache.isWriteback() ? WRITEBACK : WRITE_THROUGH;
    }

    @Override
    public void restore(int kept) {
      if (kept == WRITEBACK || kept == WRITE_THROUGH) {
        cache.writeback(kept == WRITEBACK);
      }
    }

    @Override
    public QueueHandler startQueue(QueueContext context) throws QueueStartException {
      try {
        // A guest keeps its disk when the bdev is removed; its requests fail.
        BdevChannel channel = removed ? null : descriptor.openChannel(context.reactor());
        BlkQueue queue = new BlkQueue(BlkDevice.this, context, cache, channel);
        queues.add(queue);
        return queue;
      } catch (BdevException e) {
        throw new QueueStartException(name + ": " + e.getMessage(), e);
      }
    }

    @Override
    public void closed() {
      // The queues have let go of everything.
    }
  }
}
