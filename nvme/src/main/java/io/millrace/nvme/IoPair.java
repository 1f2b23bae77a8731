package io.millrace.nvme;

import io.millrace.linux.FileDescriptor;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.reactor.FdWatch;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One reactor's queue pair and what the home keeps of it. */
final class IoPair {
  static final int NO_ID = 0;

  final QueuePair pair;
  int users; // the pair's reactor
  int id = NO_ID; // home, from here on
  @Nullable QueueRings rings;
  @Nullable DmaMemory lists;
  boolean leaving;
  CompletableFuture<@Nullable Void> made = BringUp.done(); // its queues, or that they are not
  private @Nullable FdWatch watch; // the pair's reactor
  private boolean closed; // the pair's reactor

  IoPair(QueuePair pair) {
    this.pair = pair;
  }

  /** Wakes the pair's reactor when the controller's interrupt comes. Pair's reactor. */
  void watch(@Nullable FileDescriptor interrupt) {
    if (interrupt != null && watch == null) {
      watch = pair.reactor().watchEdges(interrupt.number(), pair::interrupted);
    }
  }

  /** Whether its last user has left; it gets no queues any more. Pair's reactor. */
  boolean isClosed() {
    return closed;
  }

  /** Takes the pair off its reactor. */
  void close() {
    closed = true;
    FdWatch interrupt = watch;
    if (interrupt != null) {
      interrupt.close();
      watch = null;
    }
    pair.close();
  }

  /** Gives the memory back; the controller does not use it any more. Home. */
  void free() {
    QueueRings queues = rings;
    DmaMemory memory = lists;
    if (queues != null && memory != null) {
      queues.close();
      memory.close();
    }
    rings = null;
    lists = null;
  }
}
