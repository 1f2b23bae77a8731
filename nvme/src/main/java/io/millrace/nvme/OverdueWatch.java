package io.millrace.nvme;

import io.millrace.reactor.Alarm;
import io.millrace.reactor.Reactor;

/**
 * Finds commands that take too long. It counts time in quarters of the timeout while there are
 * commands, so that a command pays one store. One reactor.
 */
final class OverdueWatch {
  /** Told of a command that takes too long, again and again until it is over. */
  interface Listener {
    /**
     * A command is late.
     *
     * @param hopeless whether it is twice as late as was allowed
     * @param first whether it is the first of this look
     */
    void late(NvmeRequest request, boolean hopeless, boolean first);
  }

  /** A command is late after one timeout and a quarter at most. */
  private static final int EPOCHS = 4;

  private final Reactor reactor;
  private final CommandSlots slots;
  private final Listener listener;
  private final long epochNanos;
  private final Alarm alarm;
  private int epoch;

  OverdueWatch(Reactor reactor, CommandSlots slots, long timeoutNanos, Listener listener) {
    this.reactor = reactor;
    this.slots = slots;
    this.listener = listener;
    this.epochNanos = Math.max(1, timeoutNanos / EPOCHS);
    this.alarm = reactor.alarm(this::look);
  }

  /** The time now, for {@link NvmeRequest#sentEpoch}. */
  int epoch() {
    return epoch;
  }

  /** There are commands. */
  void start() {
    if (!alarm.isSet()) {
      alarm.set(reactor.nanoTime() + epochNanos);
    }
  }

  void stop() {
    alarm.clear();
  }

  private void look() {
    epoch++;
    boolean first = true;
    for (NvmeRequest request : slots.all()) {
      int age = epoch - request.sentEpoch;
      int due = request.patience * (EPOCHS + 1);
      if (request.patience != NvmeRequest.FOR_EVER && age >= due) {
        listener.late(request, age >= 2 * due, first);
        first = false;
      }
    }
    if (slots.busyCount() > 0) {
      start();
    }
  }
}
