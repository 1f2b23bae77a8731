package io.millrace.virtio.blk;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.reactor.Reactor;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/** A disk that writes down what is asked of it, and does it at once or when the test says so. */
final class RecordingBdev extends Bdev {
  static final int BLOCKS = 1 << 15;

  /** What a request was. */
  record Asked(IoType type, long offset, long length, boolean durable, boolean mayUnmap) {}

  final List<Asked> asked = new CopyOnWriteArrayList<>();
  final List<BdevIo> held = new CopyOnWriteArrayList<>();
  volatile boolean holds;
  volatile IoStatus outcome = IoStatus.SUCCESS;

  private RecordingBdev(boolean volatileCache, BdevLimits limits, Set<IoType> types) {
    super(
        new BdevProperties(
            "disk",
            UUID.randomUUID(),
            "Recording disk",
            512,
            512,
            BLOCKS,
            true,
            volatileCache,
            limits,
            types));
  }

  static RecordingBdev withCache(boolean volatileCache) {
    return new RecordingBdev(
        volatileCache,
        BdevLimits.NONE,
        EnumSet.of(IoType.READ, IoType.WRITE, IoType.FLUSH, IoType.UNMAP, IoType.WRITE_ZEROES));
  }

  static RecordingBdev of(BdevLimits limits, Set<IoType> types) {
    return new RecordingBdev(true, limits, types);
  }

  /** Ends the oldest held request on its reactor. */
  void release(Reactor reactor, IoStatus status) {
    BdevIo io = held.removeFirst();
    reactor.execute(() -> io.complete(status, 0));
  }

  @Override
  protected BdevChannel newChannel(Reactor reactor) {
    return new Channel(reactor);
  }

  private final class Channel extends BdevChannel {
    Channel(Reactor reactor) {
      super(RecordingBdev.this, reactor);
    }

    @Override
    protected void start(BdevIo io) {
      asked.add(
          new Asked(
              io.type(),
              io.offsetBytes(),
              io.lengthBytes(),
              io.isForceUnitAccess(),
              io.mayUnmap()));
      if (holds) {
        held.add(io);
      } else {
        io.complete(outcome, 0);
      }
    }
  }
}
