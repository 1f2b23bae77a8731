package io.millrace.bdev.file;

import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;

/**
 * A fixed number of page-aligned buffers for requests whose memory direct I/O cannot use. One
 * reactor's thread.
 */
final class BouncePool implements AutoCloseable {
  /** Bytes of one buffer; longer requests go through it piece by piece. */
  static final int BUFFER_BYTES = 128 * 1024;

  /** Buffers of a reactor: 4 MiB, taken from the system when first used. */
  static final int BUFFERS = 32;

  private final Mapping memory;
  private final long[] free = new long[BUFFERS];
  private int freeCount = BUFFERS;

  BouncePool() throws LinuxException {
    memory = Mapping.anonymous((long) BUFFERS * BUFFER_BYTES, false);
    memory.doNotDump();
    for (int i = 0; i < BUFFERS; i++) {
      free[i] = memory.address() + (long) i * BUFFER_BYTES;
    }
  }

  /** A buffer's address, or 0 when all are in use. */
  long take() {
    return freeCount == 0 ? 0 : free[--freeCount];
  }

  void give(long buffer) {
    free[freeCount++] = buffer;
  }

  boolean isEmpty() {
    return freeCount == 0;
  }

  @Override
  public void close() {
    memory.close();
  }
}
