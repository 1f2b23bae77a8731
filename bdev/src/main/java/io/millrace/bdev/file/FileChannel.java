package io.millrace.bdev.file;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.file.DiskMemory.Refusal;
import io.millrace.bdev.file.FileFailurePolicy.OnError;
import io.millrace.reactor.Reactor;
import org.jspecify.annotations.Nullable;

/**
 * One reactor's way to one file: through that reactor's {@link FileEngine}. Data path.
 *
 * <p>A block device has a second one, with threads, for UNMAP: io_uring knows no BLKDISCARD before
 * Linux 6.12, and what it has instead must also leave zeroes, which a thin volume refuses.
 */
final class FileChannel extends BdevChannel {
  private static final int NO_SLOT = -1;

  private final FileBdev file;
  private final FileEngine engine;
  private final FileEngine discards; // the same one, or of threads
  private final int number;
  private final int descriptor; // a slot of the ring's file table, or the number itself
  private final @Nullable HeldRequests held;
  private final @Nullable Watchdog watchdog;
  private final @Nullable RegisteredMemory memory;
  private final boolean fixed;
  private final boolean direct;
  private final boolean writeThrough;
  private final int memoryMask;
  private final int blockMask;

  /**
   * A channel.
   *
   * @param engine given back with the channel
   * @param discards the engine for UNMAP, perhaps the same; given back if it is another
   */
  FileChannel(FileBdev file, FileEngine engine, FileEngine discards) {
    super(file, engine.reactor());
    this.file = file;
    this.engine = engine;
    this.discards = discards;
    number = file.image().fd().number();
    int slot = engine.kernel().addFile(number);
    fixed = slot != NO_SLOT;
    descriptor = fixed ? slot : number;
    direct = file.options().direct();
    writeThrough = file.options().writeThrough();
    memoryMask = file.image().memoryAlignment() - 1;
    blockMask = file.image().blockSize() - 1;
    Reactor reactor = engine.reactor();
    FileFailurePolicy policy = file.options().failures();
    held = policy.onError() == OnError.RETRY ? new HeldRequests(reactor, this, file.log()) : null;
    int timeout = policy.timeoutSeconds();
    watchdog = timeout > 0 ? new Watchdog(reactor, this, timeout) : null;
    memory = registeredMemory(file.memory(), engine.kernel().buffers());
  }

  private static @Nullable RegisteredMemory registeredMemory(
      @Nullable DiskMemory guests, @Nullable RingBuffers buffers) {
    if (guests == null) {
      return null;
    }
    if (buffers == null) {
      guests.refused(Refusal.THREADS, "register-memory=on");
      return null;
    }
    return guests.registerWith(buffers);
  }

  @Override
  protected void start(BdevIo io) {
    if (file.hasFailed() && io.type() != IoType.READ) {
      io.complete(IoStatus.IO_ERROR, 0);
    } else {
      engineFor(io).start(this, io);
    }
  }

  @Override
  protected void stop(BdevIo io) {
    engineFor(io).stop(io);
  }

  private FileEngine engineFor(BdevIo io) {
    return io.type() == IoType.UNMAP ? discards : engine;
  }

  /** Starts the time of a request that is on its way to the storage. */
  void watch(FileRequest request) {
    request.overdue = false;
    Watchdog dog = watchdog;
    if (dog != null) {
      dog.watch(request);
    }
  }

  /** Cancels what the storage has been at since before a time of the reactor's clock. */
  void expire(long beforeNanos) {
    engine.expire(this, beforeNanos);
    if (discards != engine) {
      discards.expire(this, beforeNanos);
    }
  }

  /** Who keeps the requests that failed, if they are to be tried again. */
  @Nullable HeldRequests held() {
    return held;
  }

  /** A request that was held has ended, well or not. */
  void released(boolean succeeded) {
    HeldRequests others = held;
    if (succeeded && others != null) {
      others.succeeded();
    }
    file.log().released(succeeded);
  }

  void tryAgain(FileRequest request) {
    engineFor(request.io()).tryAgain(request);
  }

  @Override
  protected void release() {
    if (fixed) {
      engine.kernel().removeFile(descriptor);
    }
    if (watchdog != null) {
      watchdog.close();
    }
    if (memory != null) {
      memory.close();
    }
    FileEngines.release(engine);
    if (discards != engine) {
      FileEngines.release(discards);
    }
  }

  FileBdev file() {
    return file;
  }

  /** The file's own number. */
  int number() {
    return number;
  }

  boolean isDevice() {
    return file.image().blockDevice();
  }

  int descriptor() {
    return descriptor;
  }

  boolean isFixed() {
    return fixed;
  }

  /** The memory of guests that is registered here; null if none shall be. */
  @Nullable RegisteredMemory memory() {
    return memory;
  }

  /** Whether requests go past the page cache. */
  boolean isDirect() {
    return direct;
  }

  boolean writeThrough() {
    return writeThrough;
  }

  /** Whether the memory is such that direct I/O would refuse it. */
  boolean mustBounce(BdevIo io) {
    if (!direct) {
      return false;
    }
    int count = io.segmentCount();
    for (int i = 0; i < count; i++) {
      if ((io.segmentAddress(i) & memoryMask) != 0 || (io.segmentBytes(i) & blockMask) != 0) {
        return true;
      }
    }
    return false;
  }

  /** How much of a short transfer counts: direct I/O goes on at a block only. */
  long resumable(long doneBytes) {
    return direct ? doneBytes & ~blockMask : doneBytes;
  }
}
