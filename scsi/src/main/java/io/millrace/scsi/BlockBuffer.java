package io.millrace.scsi;

import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Memory of the device server for the blocks of one command: what is compared or written again and
 * again must not change meanwhile. All of the process have {@link #MOST_BYTES} together.
 */
final class BlockBuffer implements AutoCloseable {
  static final long MOST_BYTES = 64 << 20;

  private static final AtomicLong IN_USE = new AtomicLong();

  private final Mapping memory;

  private BlockBuffer(Mapping memory) {
    this.memory = memory;
  }

  /** So many bytes, or null when there is no room for them now. */
  static @Nullable BlockBuffer of(long bytes) {
    if (IN_USE.addAndGet(bytes) <= MOST_BYTES) {
      try {
        return new BlockBuffer(Mapping.anonymous(bytes, false));
      } catch (LinuxException e) {
        // As if it were all in use: the command may be tried again.
      }
    }
    IN_USE.addAndGet(-bytes);
    return null;
  }

  /** Gives one back, if there is one. */
  static void free(@Nullable BlockBuffer buffer) {
    if (buffer != null) {
      buffer.close();
    }
  }

  long address() {
    return memory.address();
  }

  long bytes() {
    return memory.size();
  }

  @Override
  public void close() {
    IN_USE.addAndGet(-memory.size());
    memory.close();
  }
}
