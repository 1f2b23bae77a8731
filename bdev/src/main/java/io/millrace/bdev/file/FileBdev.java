package io.millrace.bdev.file;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.IoType;
import io.millrace.bdev.MemoryListener;
import io.millrace.linux.LinuxException;
import io.millrace.reactor.Reactor;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A raw image or block device as a bdev, on io_uring or, where that is not allowed, on threads.
 *
 * <p>A FLUSH is fdatasync, which covers every write that completed before. With write-through, and
 * for a write that asks for it, the write itself is durable when it completes. Once the kernel
 * failed to make data durable it may have dropped it: from then on the bdev fails writes and
 * flushes, until it is removed and created again.
 *
 * <p>UNMAP punches holes. WRITE_ZEROES leaves blocks allocated unless it may unmap, on file systems
 * that cannot zero a range too.
 */
public final class FileBdev extends Bdev {
  private final FileBdevOptions options;

  /** Longest read or write through the page cache: the kernel copies before it returns. */
  private static final int COPIED_AT_ONCE = 1 << 20;

  private final ImageFile image;
  private final FailureLog log;
  private final @Nullable DiskMemory memory;
  private volatile boolean failed;
  private volatile FileEngineKind engine;

  private FileBdev(BdevProperties properties, FileBdevOptions options, ImageFile image) {
    super(properties);
    this.options = options;
    this.engine = options.engine();
    this.image = image;
    this.log = new FailureLog("bdev " + options.name() + ": " + options.path());
    this.memory = options.registerMemory() ? new DiskMemory(this) : null;
  }

  /**
   * Opens and locks an image. Control thread; may wait for the disk.
   *
   * @throws BdevException with one line that names the file, what is wrong and what to do; nothing
   *     is left open
   */
  public static FileBdev create(FileBdevOptions options) throws BdevException {
    BdevProperties.requireName(options.name()); // before a message could hold it
    if (options.registerMemory() && options.engine() == FileEngineKind.THREADS) {
      throw new BdevException(
          Kind.INVALID,
          "bdev "
              + options.name()
              + ": "
              + options.path()
              + ": registered memory needs io_uring, not the threads engine; leave one of the two out");
    }
    ImageFile image = ImageFile.open(options);
    try {
      int blockSize = image.blockSize();
      BdevProperties properties =
          new BdevProperties(
              options.name(),
              options.uuid(),
              options.kind().productName(),
              blockSize,
              image.physicalBlockSize(),
              image.size() / blockSize,
              !options.readOnly(),
              !options.writeThrough() && !options.readOnly(),
              new BdevLimits(
                  BdevLimits.MAX_TRANSFER_BYTES,
                  BdevLimits.MAX_SEGMENTS,
                  image.memoryAlignment(),
                  0,
                  BdevLimits.MAX_TRANSFER_BYTES,
                  image.physicalBlockSize(),
                  options.direct() ? BdevLimits.MAX_TRANSFER_BYTES : COPIED_AT_ONCE),
              types(options, image));
      return new FileBdev(properties, options, image);
    } catch (IllegalArgumentException e) {
      image.fd().close();
      throw new BdevException(Kind.INVALID, "bdev " + options.name() + ": " + e.getMessage(), e);
    }
  }

  private static Set<IoType> types(FileBdevOptions options, ImageFile image) {
    EnumSet<IoType> types = EnumSet.of(IoType.READ, IoType.FLUSH);
    if (!options.readOnly()) {
      types.add(IoType.WRITE);
      if (options.fallocate() && image.canHaveHoles()) {
        types.add(IoType.UNMAP);
        types.add(IoType.WRITE_ZEROES);
      }
    }
    return types;
  }

  /** What the bdev was made with. */
  public FileBdevOptions options() {
    return options;
  }

  /**
   * Whether data was lost on its way to the disk, so that writes are refused until the bdev is
   * created again.
   */
  public boolean hasFailed() {
    return failed;
  }

  /** Data may be lost: no write and no flush succeeds from now on. Reactors' threads. */
  void fail(String operation, int errno) {
    synchronized (log) {
      if (!failed) {
        failed = true;
        log.lost(operation, errno);
      }
    }
  }

  /**
   * Looks how large the file or device is now. Control thread; may wait for the disk.
   *
   * @return whether the disk has another size than before; tell its openers by {@link
   *     io.millrace.bdev.BdevRegistry#resized}
   * @throws BdevException when it does not say, or has less than one block left; the disk stays as
   *     it was
   */
  public boolean rescan() throws BdevException {
    String where = "bdev " + name() + ": " + options.path();
    long before = blockCount();
    try {
      long blocks = image.currentSize() / image.blockSize();
      if (blocks == 0) {
        throw new BdevException(
            Kind.INVALID, where + " has no whole block left; give it a size, or remove the bdev");
      }
      blockCount(blocks);
      return blocks != before;
    } catch (LinuxException e) {
      throw new BdevException(Kind.SYSTEM, where + ": its size is not known: " + e.getMessage(), e);
    }
  }

  FailureLog log() {
    return log;
  }

  ImageFile image() {
    return image;
  }

  @Override
  protected @Nullable MemoryListener memoryListener() {
    return memory;
  }

  /** The memory of its guests, if that is to be registered. */
  @Nullable DiskMemory memory() {
    return memory;
  }

  /** Runs an action soon on every reactor that has memory of the disk's guests registered. */
  void onEveryMemory(Consumer<RegisteredMemory> action) {
    onEveryChannel(channel -> {
      RegisteredMemory registered = ((FileChannel) channel).memory();
      if (registered != null) {
        action.accept(registered);
      }
    });
  }

  @Override
  protected BdevChannel newChannel(Reactor reactor) throws BdevException {
    FileEngine way;
    try {
      way = FileEngines.acquire(reactor, options.engine(), options.direct());
    } catch (LinuxException e) {
      throw new BdevException(
          Kind.SYSTEM,
          "bdev "
              + name()
              + ": no io_uring on reactor "
              + reactor.name()
              + ": "
              + e.getMessage()
              + "; allow it (sysctl kernel.io_uring_disabled=0, the container's seccomp profile), or take engine=threads",
          e);
    }
    engine = way.kind();
    boolean sameForDiscards =
        !image.blockDevice() || !supports(IoType.UNMAP) || way.kind() == FileEngineKind.THREADS;
    try {
      FileEngine discards =
          sameForDiscards ? way : FileEngines.acquire(reactor, FileEngineKind.THREADS, false);
      return new FileChannel(this, way, discards);
    } catch (LinuxException e) {
      FileEngines.release(way);
      throw new BdevException(Kind.SYSTEM, "bdev " + name() + ": " + e.getMessage(), e);
    }
  }

  @Override
  protected void destroy() {
    image.fd().close();
  }

  @Override
  public Map<String, Object> driverSpecific() {
    Map<String, Object> module = new LinkedHashMap<>();
    module.put("filename", options.path().toString());
    if (options.kind() == FileBdevKind.AIO) {
      module.put("block_size_override", options.blockSize() != 0);
      module.put("readonly", options.readOnly());
      module.put("fallocate", options.fallocate());
      module.put("nowait", false);
    }
    Map<String, Object> all = new LinkedHashMap<>();
    all.put(options.kind().module(), module);
    all.put("file", details());
    return all;
  }

  /** What SPDK has no name for. */
  private Map<String, Object> details() {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("engine", engine.word()); // as asked for, until the first channel is opened
    details.put("direct", options.direct());
    details.put("write_through", options.writeThrough());
    details.put("register_memory", options.registerMemory());
    if (memory != null) {
      memory.describe(details);
    }
    details.put("on_error", options.failures().onError().word());
    details.put("io_timeout", options.failures().timeoutSeconds());
    details.put("held_requests", log.heldCount());
    details.put("failed", failed);
    return details;
  }
}
