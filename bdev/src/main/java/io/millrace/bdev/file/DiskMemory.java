package io.millrace.bdev.file;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.MemoryListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory of one disk's guests, which it registers on every reactor that serves it. Control
 * thread, except where it says otherwise.
 *
 * <p>Ranges that come and go are told to the disk's channels by messages, in the order of the
 * events. A range may be unmapped before the message that it goes has arrived; this is safe because
 * whoever points a request at other memory at that address has mapped it after the message was
 * sent, and its own message to the reactor comes later.
 */
final class DiskMemory implements MemoryListener {
  /** Why memory is not registered, for {@code bdev_get_bdevs} and the log. */
  enum Refusal {
    LIMIT("memlock limit", "; raise it (ulimit -l, LimitMEMLOCK=)"),
    MEMORY("kernel refuses this memory", "; it can pin memfd, tmpfs and hugetlbfs memory only"),
    TOO_MUCH("more than the kernel takes", ""),
    KERNEL("kernel has no table for it", "; Linux 5.19 has"),
    THREADS("threads engine", "; only io_uring registers memory");

    private final String reason;
    private final String remedy;

    Refusal(String reason, String remedy) {
      this.reason = reason;
      this.remedy = remedy;
    }
  }

  private record Range(long address, long bytes) {}

  private static final Logger LOG = LoggerFactory.getLogger(DiskMemory.class);

  private final FileBdev file;
  private final AtomicLong registeredBytes = new AtomicLong();
  private volatile List<Range> ranges = List.of();
  private volatile @Nullable Refusal refusal;

  DiskMemory(FileBdev file) {
    this.file = file;
  }

  @Override
  public void memoryAdded(Bdev bdev, long address, long bytes) {
    if (bdev.reaches(file)) {
      List<Range> now = new ArrayList<>(ranges);
      now.add(new Range(address, bytes));
      ranges = List.copyOf(now);
      file.onEveryMemory(memory -> memory.add(address, bytes));
    }
  }

  @Override
  public void memoryRemoved(Bdev bdev, long address, long bytes) {
    if (bdev.reaches(file)) {
      List<Range> now = new ArrayList<>(ranges);
      now.remove(new Range(address, bytes));
      ranges = List.copyOf(now);
      if (now.isEmpty()) {
        refusal = null; // the next guest is tried again
      }
      file.onEveryMemory(memory -> memory.remove(address));
    }
  }

  /**
   * Registers the memory on one more reactor. On that reactor, for a channel that hears of changes
   * from now on.
   */
  RegisteredMemory registerWith(RingBuffers buffers) {
    RegisteredMemory memory = new RegisteredMemory(this, buffers);
    for (Range range : ranges) {
      memory.add(range.address, range.bytes);
    }
    return memory;
  }

  /** So many bytes more are registered, or fewer. Reactors' threads. */
  void registered(long bytes) {
    registeredBytes.addAndGet(bytes);
  }

  /** Some of the memory is not registered; one line says so. Reactors' threads. */
  void refused(Refusal why, @Nullable String cause) {
    boolean told;
    synchronized (this) {
      told = refusal != null;
      refusal = why;
    }
    if (!told) {
      LOG.warn(
          "bdev {}: {}: guest memory is not registered: {} ({}); the disk works without{}",
          file.name(),
          file.options().path(),
          why.reason,
          cause,
          why.remedy);
    }
  }

  /** Adds what is the case now. */
  void describe(Map<String, Object> into) {
    into.put("registered_bytes", registeredBytes.get());
    Refusal why = refusal;
    if (why != null) {
      into.put("not_registered", why.reason);
    }
  }
}
