package io.millrace.nvme;

import io.millrace.nvme.NvmeException.Kind;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.nvme.pci.DmaSpace;
import io.millrace.reactor.Reactor;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** The admin queue pair of a controller, and commands in it. Home reactor. */
final class AdminQueue {
  /** Entries: exactly one page of submissions, which some controllers insist on. */
  static final int ENTRIES = 64;

  private final String name;
  private final DmaSpace dma;
  private final QueuePair pair;
  private final QueueRings rings;
  private final DmaMemory lists;
  private final long pageMask;

  /**
   * An admin queue that no controller has yet.
   *
   * @throws IOException there is no memory
   */
  AdminQueue(
      String name,
      Reactor home,
      QueueOwner owner,
      ControllerRegisters registers,
      DmaSpace dma,
      long timeoutNanos,
      long pageMask)
      throws IOException {
    this.name = name;
    this.dma = dma;
    this.pageMask = pageMask;
    DmaMemory memory = dma.allocate(QueueRings.bytes(ENTRIES));
    rings =
        new QueueRings(
            memory,
            ENTRIES,
            registers.raw(),
            (int) registers.doorbell(0),
            registers.doorbellStride());
    try {
      lists = dma.allocate(QueuePair.listBytes(ENTRIES - 1));
    } catch (IOException e) {
      rings.close();
      throw e;
    }
    pair =
        new QueuePair(
            name + " admin queue",
            home,
            owner,
            ENTRIES - 1,
            timeoutNanos,
            new TransportStatistics()); // of I/O queues only is told
  }

  QueuePair pair() {
    return pair;
  }

  QueueRings rings() {
    return rings;
  }

  /** Takes commands again; the controller is ready. */
  void attach(boolean wakesUs) {
    pair.revive();
    pair.attach(0, rings, lists, pageMask, RetryRule.NONE, wakesUs);
  }

  /** Sends a command; complete with whatever status, on the home reactor. */
  CompletableFuture<NvmeResult> send(NvmeCommand command) {
    try {
      ControlRequest request = new ControlRequest(command, dma);
      pair.submit(request);
      return request.done();
    } catch (IOException e) {
      return CompletableFuture.failedFuture(noMemory(e));
    }
  }

  /** The same for a command whose data pointer is memory of its own. */
  CompletableFuture<NvmeResult> send(NvmeCommand command, long iova, int bytes) {
    try {
      ControlRequest request = new ControlRequest(command, dma);
      request.addSegment(iova, bytes);
      pair.submit(request);
      return request.done();
    } catch (IOException e) {
      return CompletableFuture.failedFuture(noMemory(e));
    }
  }

  /** Sends a request for an asynchronous event: complete when there is one, or at a reset. */
  CompletableFuture<NvmeResult> awaitEvent() {
    try {
      ControlRequest request =
          new ControlRequest(NvmeCommand.of(Opcode.ASYNC_EVENT_REQUEST, 0), dma).forEver();
      pair.submit(request);
      return request.done();
    } catch (IOException e) {
      return CompletableFuture.failedFuture(noMemory(e));
    }
  }

  private NvmeException noMemory(IOException e) {
    return new NvmeException(Kind.SYSTEM, name + ": no memory for a command: " + e.getMessage(), e);
  }

  /**
   * Sends a command that has to succeed.
   *
   * @param what for the message of a failure
   */
  CompletableFuture<NvmeResult> require(String what, NvmeCommand command) {
    return require(what, send(command));
  }

  /** A command that has to succeed. */
  CompletableFuture<NvmeResult> require(String what, CompletableFuture<NvmeResult> sent) {
    return sent.thenCompose(result ->
        result.succeeded()
            ? CompletableFuture.completedFuture(result)
            : CompletableFuture.failedFuture(
                new NvmeException(name + ": " + what, result.status())));
  }

  /** Gives its memory back; the controller does not use it any more. */
  void close() {
    pair.close();
    rings.close();
    lists.close();
  }
}
