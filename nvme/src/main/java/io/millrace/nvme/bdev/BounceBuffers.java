package io.millrace.nvme.bdev;

import io.millrace.nvme.NvmeController;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.reactor.Reactor;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory that the controller reaches, for data in memory that it does not. There is none until it
 * is asked for: most disks never need it. One reactor's thread.
 */
final class BounceBuffers {
  private static final Logger LOG = LoggerFactory.getLogger(BounceBuffers.class);

  /** Bytes of a buffer: the largest block, and a transfer worth its while. */
  static final int BYTES = 128 << 10;

  private static final int COUNT = 16;

  private final NvmeController controller;
  private final Reactor reactor;
  private final Runnable arrived;
  private final long[] free = new long[COUNT];
  private int freeCount;
  private @Nullable DmaMemory memory;
  private long delta; // from a buffer to where the controller finds it
  private boolean asked;
  private boolean refused;
  private boolean closed;

  /**
   * No buffers yet.
   *
   * @param arrived runs when {@link #take} is worth another try
   */
  BounceBuffers(NvmeController controller, Reactor reactor, Runnable arrived) {
    this.controller = controller;
    this.reactor = reactor;
    this.arrived = arrived;
  }

  /** Host address of a buffer; 0 if there is none now. */
  long take() {
    if (freeCount > 0) {
      return free[--freeCount];
    }
    if (!asked) {
      asked = true;
      controller.home().execute(this::allocate);
    }
    return 0;
  }

  /** Whether there never will be one. */
  boolean isRefused() {
    return refused;
  }

  void give(long buffer) {
    free[freeCount++] = buffer;
  }

  long iova(long buffer) {
    return buffer + delta;
  }

  /** On the controller's home, where memory is mapped. */
  private void allocate() {
    DmaMemory made = null;
    try {
      made = controller.device().dma().allocate((long) COUNT * BYTES);
    } catch (IOException e) {
      LOG.error("{}: no memory to copy data through: {}", controller.name(), e.getMessage());
    }
    DmaMemory result = made;
    boolean sent = reactor.execute(() -> take(result));
    if (!sent && result != null) {
      result.close();
    }
  }

  private void take(@Nullable DmaMemory made) {
    if (closed) {
      free(made);
      return;
    }
    memory = made;
    delta = made == null ? 0 : made.iova() - made.address();
    refused = made == null;
    for (int i = 0; made != null && i < COUNT; i++) {
      give(made.address() + (long) i * BYTES);
    }
    arrived.run();
  }

  private void free(@Nullable DmaMemory made) {
    if (made != null) {
      controller.home().execute(made::close);
    }
  }

  void close() {
    closed = true;
    free(memory);
    memory = null;
    freeCount = 0;
  }
}
