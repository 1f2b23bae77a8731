package io.millrace.nvme.model;

import io.millrace.linux.RawMemory;

/**
 * Doorbell registers, which are memory, and shadow doorbells (base specification 2.0 §5.8) once the
 * host configured them.
 *
 * <p>A register that was read gets a value that nobody writes, so that every write is seen, also of
 * the same value again. On a thread of its own the model cannot do that (a write could come in
 * between): then it compares, and polls the shadows without asking for registers to be written.
 */
final class Doorbells {
  /** What a register holds that nobody wrote since it was read. */
  static final int NOTHING = -1;

  private final ModelDma dma;
  private final Violations violations;
  private final AsyncEvents events;
  private final long registers;
  private final int stride;
  private final int queues;
  private final int[] last; // what register 2 * queue, or + 1 for completions, said
  private boolean threaded;
  private long shadow = ModelDma.NOT_MAPPED; // iova
  private long eventIdx;
  private long writes;

  Doorbells(ModelController controller, long registers, int queues) {
    dma = controller.dma;
    violations = controller.violations;
    events = controller.events;
    this.registers = registers;
    this.queues = queues;
    stride = Integer.BYTES << controller.options.dstrd;
    last = new int[2 * queues];
  }

  static long bytes(ModelOptions options) {
    return 2L * (options.ioQueues + 1) * (Integer.BYTES << options.dstrd);
  }

  void threaded(boolean on) {
    threaded = on;
  }

  /** Register writes seen so far. */
  long writes() {
    return writes;
  }

  void shadows(long shadowIova, long eventIdxIova) {
    shadow = shadowIova;
    eventIdx = eventIdxIova;
  }

  void reset() {
    shadow = ModelDma.NOT_MAPPED;
    for (int i = 0; i < last.length; i++) {
      last[i] = 0;
      RawMemory.putInt(register(i), NOTHING);
    }
  }

  /** A queue begins at 0. */
  void forget(int queue, boolean completion) {
    int index = 2 * queue + (completion ? 1 : 0);
    last[index] = 0;
    RawMemory.putInt(register(index), NOTHING);
  }

  void readTail(SubmissionQueue queue) {
    int index = 2 * queue.id;
    int tail = take(index);
    if (usesShadow(queue.id)) {
      if (tail == NOTHING && !threaded) {
        return; // asleep until the register is written
      }
      tail = readShadow(index, tail);
    }
    if (tail == NOTHING) {
      return;
    }
    if (tail < 0 || tail >= queue.size) {
      invalid(index, tail, AsyncEvents.INVALID_DOORBELL_VALUE);
    } else {
      queue.tail = tail;
    }
  }

  void readHead(CompletionQueue queue) {
    int index = 2 * queue.id + 1;
    int head = take(index);
    if (usesShadow(queue.id)) {
      head = readShadow(index, head);
    }
    if (head == NOTHING) {
      return;
    }
    if (head < 0 || head >= queue.size || queue.advance(head) > queue.unread()) {
      invalid(index, head, AsyncEvents.INVALID_DOORBELL_VALUE);
    } else {
      queue.head = head;
    }
  }

  /** Looks for writes to doorbells of queues that do not exist. */
  void checkOthers(QueueEngine engine) {
    for (int id = 0; id < queues; id++) {
      if (engine.submission(id) == null && take(2 * id) != NOTHING) {
        invalid(2 * id, last[2 * id], AsyncEvents.INVALID_DOORBELL_REGISTER);
      }
      if (engine.completion(id) == null && take(2 * id + 1) != NOTHING) {
        invalid(2 * id + 1, last[2 * id + 1], AsyncEvents.INVALID_DOORBELL_REGISTER);
      }
    }
  }

  private void invalid(int index, int value, int event) {
    String kind = index % 2 == 0 ? "submission tail" : "completion head";
    violations.add("doorbell of queue %d, %s: %d".formatted(index / 2, kind, value));
    events.fire(AsyncEvents.TYPE_ERROR, event, LogPages.ERRORS);
  }

  private boolean usesShadow(int queue) {
    return queue != 0 && shadow != ModelDma.NOT_MAPPED;
  }

  /** The register if it was written, else {@link #NOTHING}. */
  private int take(int index) {
    int value = RawMemory.getIntAcquire(register(index));
    if (value == NOTHING || (threaded && value == last[index])) {
      return NOTHING;
    }
    if (!threaded) {
      RawMemory.putInt(register(index), NOTHING);
    }
    writes++;
    last[index] = value;
    return value;
  }

  private int readShadow(int index, int otherwise) {
    long at = dma.translate(shadow + (long) index * stride, Integer.BYTES);
    if (at == ModelDma.NOT_MAPPED) {
      violations.add("shadow doorbells at 0x%x are not mapped".formatted(shadow));
      return otherwise;
    }
    if (!threaded && index % 2 == 0) {
      long event = dma.translate(eventIdx + (long) index * stride, Integer.BYTES);
      if (event != ModelDma.NOT_MAPPED) {
        // Asks for the register to be written at the first entry after those seen.
        RawMemory.putInt(event, RawMemory.getIntAcquire(at));
      }
    }
    return RawMemory.getIntAcquire(at);
  }

  private long register(int index) {
    return registers + Reg.DOORBELLS + (long) index * stride;
  }
}
