package io.millrace.nvme;

import io.millrace.linux.RawMemory;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.nvme.pci.DmaSpace;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Doorbells in memory, for controllers to which a register write is dear: emulated ones (base 2.0
 * §5.8). One page for all shadow doorbells, one for all event indices.
 */
final class ShadowDoorbells implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShadowDoorbells.class);
  private static final int PAGE = 4096;

  private final String name;
  private final DmaSpace dma;
  private final AdminQueue admin;
  private final int stride;
  private @Nullable DmaMemory memory;
  private long address;

  /** No memory yet: not every controller takes them. */
  ShadowDoorbells(String name, DmaSpace dma, AdminQueue admin, int stride) {
    this.name = name;
    this.dma = dma;
    this.admin = admin;
    this.stride = stride;
  }

  /**
   * Offers them to a controller that has just started, if it has them and they are wanted.
   *
   * @return complete with this if the controller takes them, else with null. Home
   */
  CompletableFuture<@Nullable ShadowDoorbells> offer(
      ControllerData data, ControllerOptions options) {
    DmaMemory current = memory;
    if (!data.hasDoorbellBuffer() || !options.shadowDoorbells()) {
      return CompletableFuture.completedFuture(null);
    }
    try {
      if (current == null) {
        current = dma.allocate(2 * PAGE);
        memory = current;
        address = current.address();
      }
    } catch (IOException e) {
      LOG.warn("{}: no memory for shadow doorbells: {}", name, e.getMessage());
      return CompletableFuture.completedFuture(null);
    }
    RawMemory.fill(current.address(), current.bytes(), (byte) 0);
    return admin
        .send(NvmeCommand.of(Opcode.DOORBELL_BUFFER_CONFIG, 0), current.iova(), 2 * PAGE)
        .thenApply(this::taken);
  }

  private @Nullable ShadowDoorbells taken(NvmeResult result) {
    if (!result.succeeded()) {
      LOG.info("{}: no shadow doorbells: {}", name, NvmeStatus.text(result.status()));
      return null;
    }
    use(admin.rings(), 0);
    return this;
  }

  /** Whether there is room for a queue's doorbells. */
  private boolean holds(int queueId) {
    return (2L * queueId + 2) * stride <= PAGE;
  }

  /** Has a queue use its doorbells here, before anybody else uses it. Home. */
  void use(QueueRings rings, int queueId) {
    if (holds(queueId)) {
      rings.shadow(address, address + PAGE, 2 * queueId * stride, stride, queueId == 0);
    }
  }

  @Override
  public void close() {
    DmaMemory current = memory;
    if (current != null) {
      current.close();
      memory = null;
    }
  }
}
