package io.millrace.nvme;

import io.millrace.linux.RawMemory;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.nvme.pci.DmaSpace;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Doorbells in memory, for controllers to which a register write is dear: emulated ones (base 2.0
 * §5.8). One page for all shadow doorbells, one for all event indices.
 */
final class ShadowDoorbells implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShadowDoorbells.class);
  private static final int PAGE = 4096;

  private final DmaMemory memory;
  private final int stride;

  private ShadowDoorbells(DmaMemory memory, int stride) {
    this.memory = memory;
    this.stride = stride;
  }

  /** Memory for them; the controller does not know it yet. */
  static ShadowDoorbells allocate(DmaSpace dma, int stride) throws IOException {
    return new ShadowDoorbells(dma.allocate(2 * PAGE), stride);
  }

  /**
   * Tells the controller.
   *
   * @return whether it takes them
   */
  CompletableFuture<Boolean> configure(String name, AdminQueue admin) {
    RawMemory.fill(memory.address(), memory.bytes(), (byte) 0);
    return admin
        .send(NvmeCommand.of(Opcode.DOORBELL_BUFFER_CONFIG, 0), memory.iova(), 2 * PAGE)
        .thenApply(result -> {
          if (!result.succeeded()) {
            LOG.info("{}: no shadow doorbells: {}", name, NvmeStatus.text(result.status()));
          }
          return result.succeeded();
        });
  }

  /** Whether there is room for a queue's doorbells. */
  private boolean holds(int queueId) {
    return (2L * queueId + 2) * stride <= PAGE;
  }

  /** Has a queue use its doorbells here. The queue's reactor. */
  void use(QueueRings rings, int queueId) {
    if (holds(queueId)) {
      rings.shadow(
          memory.address(), memory.address() + PAGE, 2 * queueId * stride, stride, queueId == 0);
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
