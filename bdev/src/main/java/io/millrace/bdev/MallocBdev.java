package io.millrace.bdev;

import io.millrace.bdev.BdevException.Kind;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Deferred;
import io.millrace.reactor.Reactor;
import java.lang.foreign.Arena;
import java.util.EnumSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A disk in this process's memory: lost when the process ends, shared by all its channels. */
public final class MallocBdev extends Bdev {
  /** Longest range that is copied or zeroed at once: tens of microseconds of a reactor. */
  private static final int AT_ONCE = 128 << 10;

  private static final long ZERO_BYTES = 64 << 10;
  private static final long ZEROES = Arena.global().allocate(ZERO_BYTES, 4096).address();

  private final Mapping store;

  private MallocBdev(BdevProperties properties, Mapping store) {
    super(properties);
    this.store = store;
  }

  /**
   * Makes a disk that reads as zeroes; memory is taken as it is written.
   *
   * @param blockSize bytes, a power of two from 512
   * @param blockCount logical blocks
   */
  public static MallocBdev create(
      String name, UUID uuid, int blockSize, int physicalBlockSize, long blockCount)
      throws BdevException {
    BdevProperties properties =
        new BdevProperties(
            name,
            uuid,
            "Malloc disk",
            blockSize,
            physicalBlockSize,
            blockCount,
            true,
            false,
            BdevLimits.NONE.withUnmap(AT_ONCE, 0).withTurn(AT_ONCE),
            EnumSet.of(IoType.READ, IoType.WRITE, IoType.FLUSH, IoType.UNMAP, IoType.WRITE_ZEROES));
    try {
      // Huge pages where the kernel has some: 12 % at depth 32, measured.
      return new MallocBdev(properties, Mapping.anonymous(blockCount * blockSize, true));
    } catch (LinuxException e) {
      throw new BdevException(
          Kind.SYSTEM, "bdev " + name + ": no memory for it: " + e.getMessage(), e);
    }
  }

  @Override
  protected BdevChannel newChannel(Reactor reactor) {
    return new Channel(this, reactor, store.address());
  }

  @Override
  protected void destroy() {
    store.close();
  }

  private static final class Channel extends BdevChannel implements Deferred {
    private final Reactor reactor;
    private final long base;
    private @Nullable InternalError fault;

    Channel(Bdev bdev, Reactor reactor, long base) {
      super(bdev, reactor);
      endsAtOnce();
      this.reactor = reactor;
      this.base = base;
    }

    @Override
    protected void start(BdevIo io) {
      IoStatus status = IoStatus.SUCCESS;
      try {
        move(io);
        RawMemory.surfaceFault(); // the request's memory may be gone, and this is the only copy
      } catch (InternalError e) {
        fault = e;
        reactor.defer(this);
        status = IoStatus.BAD_MEMORY;
      }
      io.complete(status, status == IoStatus.SUCCESS ? io.lengthBytes() : 0);
    }

    /** For the reactor to have the culprit looked for. */
    @Override
    public void endOfRound() {
      InternalError thrown = fault;
      fault = null;
      if (thrown != null) {
        throw thrown;
      }
    }

    private void move(BdevIo io) {
      long at = base + io.offsetBytes();
      switch (io.type()) {
        case READ -> copyOut(io, at);
        case WRITE -> copyIn(io, at);
        case UNMAP, WRITE_ZEROES -> clear(at, io.lengthBytes());
        case FLUSH -> {}
        case COMPARE, ZONE_APPEND -> throw new IllegalStateException("not offered: " + io);
      }
    }

    /** By copies: to fill takes an object, unless the compiler finds that it can do without. */
    private static void clear(long at, long bytes) {
      for (long done = 0; done < bytes; done += ZERO_BYTES) {
        RawMemory.copy(ZEROES, at + done, Math.min(ZERO_BYTES, bytes - done));
      }
    }

    private static void copyOut(BdevIo io, long store) {
      long at = store;
      int count = io.segmentCount();
      for (int i = 0; i < count; i++) {
        int bytes = io.segmentBytes(i);
        RawMemory.copy(at, io.segmentAddress(i), bytes);
        at += bytes;
      }
    }

    private static void copyIn(BdevIo io, long store) {
      long at = store;
      int count = io.segmentCount();
      for (int i = 0; i < count; i++) {
        int bytes = io.segmentBytes(i);
        RawMemory.copy(io.segmentAddress(i), at, bytes);
        at += bytes;
      }
    }
  }
}
