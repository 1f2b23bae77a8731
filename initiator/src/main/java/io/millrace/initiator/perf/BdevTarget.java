package io.millrace.initiator.perf;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoType;
import io.millrace.bdev.MallocBdev;
import io.millrace.bdev.NullBdev;
import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A bdev made for the run, in this process: each job drives a reactor of its own and the bdev's
 * channel on it, as a served disk would.
 */
final class BdevTarget extends PerfTarget {
  /** Kinds of bdev that can be made from a word. */
  enum BdevKind {
    MALLOC,
    NULL,
    FILE,
    /** Of a {@link BdevSource}. */
    OTHER
  }

  private static final String NAME = "perf";
  private static final int BLOCK_BYTES = 512;
  private static final long PAGE = 4096;

  private final String text; // as the user wrote it
  private final BdevKind kind;
  private final long bytes; // capacity, of what is made of memory or nothing
  private final boolean direct; // whether a file is opened past the page cache
  private final @Nullable BdevSource source;

  private BdevTarget(
      String text, BdevKind kind, long bytes, boolean direct, @Nullable BdevSource source) {
    this.text = text;
    this.kind = kind;
    this.bytes = bytes;
    this.direct = direct;
    this.source = source;
  }

  static BdevTarget of(String text, BdevSource source) {
    return new BdevTarget(text, BdevKind.OTHER, 0, true, source);
  }

  static BdevTarget parse(String text, boolean direct) {
    BdevKind kind = BdevKind.FILE;
    if (text.startsWith("malloc:")) {
      kind = BdevKind.MALLOC;
    } else if (text.startsWith("null:")) {
      kind = BdevKind.NULL;
    }
    if (kind == BdevKind.FILE) {
      checkPath(text);
      return new BdevTarget(text, kind, 0, direct, null);
    }
    if (direct) {
      throw wrong(text, "is no file; --direct is for files and block devices");
    }
    long bytes = FioUnits.size(text.substring(text.indexOf(':') + 1));
    if (bytes < BLOCK_BYTES || bytes % BLOCK_BYTES != 0) {
      throw wrong(text, "must have a size that is a multiple of " + BLOCK_BYTES);
    }
    return new BdevTarget(text, kind, bytes, false, null);
  }

  private static void checkPath(String text) {
    if (text.isEmpty()) {
      throw wrong(text, "names nothing; give malloc:SIZE, null:SIZE or a path");
    }
    try {
      var _ = Path.of(text);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("--bdev cannot be a path: " + e.getReason(), e);
    }
  }

  private static IllegalArgumentException wrong(String text, String problem) {
    return new IllegalArgumentException("--bdev " + text + " " + problem);
  }

  @Override
  LoadDevice open(PerfOptions options, long dataBytes) throws InitiatorException {
    boolean writes = options.changesTheDisk();
    BdevRegistry registry = new BdevRegistry();
    try {
      String name = register(registry, writes);
      BdevDescriptor descriptor = registry.open(name, writes, NOBODY);
      try {
        long memoryBytes = (dataBytes + PAGE - 1) & -PAGE;
        Mapping memory = Mapping.anonymous(memoryBytes, true);
        registry.memory().add(descriptor.bdev(), memory.address(), memory.size());
        return new Device(this, registry, descriptor, memory, options.ioDepth());
      } catch (LinuxException e) {
        descriptor.close();
        remove(registry, name);
        throw new InitiatorException(
            Kind.UNSUPPORTED,
            "no memory for " + dataBytes + " bytes of data: " + e.getMessage(),
            e);
      }
    } catch (BdevException e) {
      throw new InitiatorException(Kind.UNSUPPORTED, String.valueOf(e.getMessage()), e);
    }
  }

  private String register(BdevRegistry registry, boolean writes) throws BdevException {
    if (source != null) {
      return source.open(registry);
    }
    registry.register(make(writes));
    return NAME;
  }

  private void remove(BdevRegistry registry, String name) {
    try {
      registry.remove(name);
    } catch (BdevException e) {
      throw new IllegalStateException(e); // nobody else could have removed it
    }
    if (source != null) {
      source.close();
    }
  }

  private Bdev make(boolean writes) throws BdevException {
    UUID uuid = UUID.randomUUID();
    return switch (kind) {
      case MALLOC -> MallocBdev.create(NAME, uuid, BLOCK_BYTES, BLOCK_BYTES, bytes / BLOCK_BYTES);
      case NULL -> new NullBdev(NAME, uuid, BLOCK_BYTES, BLOCK_BYTES, bytes / BLOCK_BYTES);
      case FILE ->
          FileBdev.create(
              FileBdevOptions.of(NAME, Path.of(text)).withReadOnly(!writes).withDirect(direct));
      case OTHER -> throw new IllegalStateException("its source makes it");
    };
  }

  @Override
  public String toString() {
    return text;
  }

  /** Nobody removes or resizes a bdev that only this run knows. */
  private static final BdevListener NOBODY =
      new BdevListener() {
        @Override
        public void removed() {}

        @Override
        public void resized() {}
      };

  private static final class Device implements LoadDevice {
    private final BdevTarget target;
    private final BdevRegistry registry;
    private final BdevDescriptor descriptor;
    private final Mapping memory;
    private final int ioDepth;
    private long allocatedBytes;

    Device(
        BdevTarget target,
        BdevRegistry registry,
        BdevDescriptor descriptor,
        Mapping memory,
        int ioDepth) {
      this.target = target;
      this.registry = registry;
      this.descriptor = descriptor;
      this.memory = memory;
      this.ioDepth = ioDepth;
    }

    private Bdev bdev() {
      return descriptor.bdev();
    }

    @Override
    public long sizeBytes() {
      return bdev().sizeBytes();
    }

    @Override
    public int blockBytes() {
      return bdev().properties().blockSize();
    }

    @Override
    public int maxTransferBytes() {
      return bdev().properties().limits().maxTransferBytes();
    }

    @Override
    public long maxTrimBytes() {
      return bdev().supports(IoType.UNMAP) ? Long.MAX_VALUE : 0;
    }

    @Override
    public boolean isWritable() {
      return descriptor.isWritable();
    }

    @Override
    public boolean hasCache() {
      return bdev().properties().volatileCache();
    }

    @Override
    public boolean remembers() {
      return target.kind != BdevKind.NULL;
    }

    @Override
    public long allocate(long bytes) {
      long address = memory.address() + allocatedBytes;
      allocatedBytes += bytes;
      assert allocatedBytes <= memory.size() : allocatedBytes;
      return address;
    }

    @Override
    public LoadQueue queue(int job) {
      return new BdevQueue(descriptor, "perf-" + job, ioDepth);
    }

    @Override
    public void stop() {
      // A channel has no state that outlives its requests.
    }

    @Override
    public void close() {
      registry.memory().remove(descriptor.bdev(), memory.address(), memory.size());
      String name = bdev().name();
      descriptor.close();
      target.remove(registry, name);
      memory.close();
    }
  }
}
