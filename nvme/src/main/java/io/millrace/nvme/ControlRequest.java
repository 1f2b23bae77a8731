package io.millrace.nvme;

import io.millrace.linux.RawMemory;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.nvme.pci.DmaSpace;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A command of the control plane in a queue pair, with memory of its own for its data. Once. */
final class ControlRequest extends NvmeRequest {
  private final NvmeCommand command;
  private final @Nullable DmaMemory buffer;
  private final CompletableFuture<NvmeResult> done = new CompletableFuture<>();

  /**
   * A request for a command.
   *
   * @throws IOException there is no memory for its data
   */
  ControlRequest(NvmeCommand command, DmaSpace dma) throws IOException {
    super(1);
    this.command = command;
    command.fill(this);
    once();
    int bytes = command.dataBytes();
    if (bytes == 0) {
      buffer = null;
    } else {
      buffer = dma.allocate(bytes);
      command.copyOutputTo(buffer.address());
      addSegment(buffer.iova(), bytes);
    }
  }

  /** Waits for what may never come: an asynchronous event. */
  ControlRequest forEver() {
    patience = FOR_EVER;
    return this;
  }

  /** Complete on the queue pair's reactor. */
  CompletableFuture<NvmeResult> done() {
    return done;
  }

  @Override
  protected void completed(int status, long result) {
    byte[] data = new byte[command.inputBytes()];
    DmaMemory memory = buffer;
    if (memory != null) {
      if (status == NvmeStatus.SUCCESS) {
        RawMemory.get(memory.address(), data, 0, data.length);
      }
      memory.close();
    }
    done.complete(new NvmeResult(status, result, data));
  }
}
