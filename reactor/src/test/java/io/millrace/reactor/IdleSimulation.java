package io.millrace.reactor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A reactor, its queues and their guests on a virtual clock: the reactor is the product's, stepped;
 * guests send at given times, whatever the answers. What other rules would have cost is reckoned
 * for one queue.
 */
final class IdleSimulation {
  /** Time of a tick without work, and of a request. */
  static final long TICK_NANOS = 4_000;

  static final long REQUEST_NANOS = 2_000;

  /** From a guest's kick until the thread runs, and the thread's own work to sleep and wake up. */
  static final long WAKE_UP_NANOS = WakeUpPrice.DEFAULT_LATENCY_NANOS;

  static final long SLEEP_CPU_NANOS = 8_000;

  static final long PRICE_NANOS = 2 * WAKE_UP_NANOS;

  private static final long NEVER = Long.MAX_VALUE;

  /** What came out; latencies are what requests waited until they were found. */
  static final class Outcome {
    private final long[] latencies;
    private int count;
    long idleAwakeNanos;
    long busyNanos;
    long wakeUps;
    long arms;
    long endNanos;

    Outcome(int requests) {
      latencies = new long[requests];
    }

    private void found(long afterNanos) {
      latencies[count++] = afterNanos;
    }

    double cpuPercent() {
      return 100.0 * (idleAwakeNanos + busyNanos + wakeUps * SLEEP_CPU_NANOS) / endNanos;
    }

    double meanMicros() {
      return Arrays.stream(latencies, 0, count).average().orElse(0) / 1_000;
    }

    double p99Micros() {
      long[] sorted = Arrays.copyOf(latencies, count);
      Arrays.sort(sorted);
      return sorted[(int) (count * 0.99)] / 1_000.0;
    }

    /** What the rule is to keep small: time spent looking, and wake-ups at their price. */
    long cost() {
      return idleAwakeNanos + wakeUps * PRICE_NANOS;
    }
  }

  /** A guest's queue. */
  private static final class Queue implements Poller {
    private final IdleSimulation simulation;
    private final long[] arrivals;
    private final boolean depthOne; // the next comes so long after the answer
    private boolean watched = true;
    private int next;
    private long answered;
    private PollerHandle handle;

    Queue(IdleSimulation simulation, long[] arrivals, boolean depthOne) {
      this.simulation = simulation;
      this.arrivals = arrivals;
      this.depthOne = depthOne;
    }

    long nextArrival() {
      return next < arrivals.length ? answered + arrivals[next] : NEVER;
    }

    @Override
    public int poll() {
      int found = 0;
      while (nextArrival() <= simulation.now) {
        if (watched) {
          simulation.outcome.found(simulation.now - nextArrival());
        }
        next++;
        found++;
        if (depthOne) {
          answered = simulation.now + REQUEST_NANOS;
        }
      }
      return found;
    }

    @Override
    public boolean arm() {
      simulation.outcome.arms++;
      return nextArrival() > simulation.now;
    }

    @Override
    public void disarm() {}

    @Override
    public void failed(Throwable cause) {
      throw new AssertionError(cause);
    }
  }

  private final List<Queue> queues = new ArrayList<>();
  private final Outcome outcome;
  private long now;

  private IdleSimulation(boolean depthOne, long[]... arrivals) {
    outcome = new Outcome(Arrays.stream(arrivals).mapToInt(a -> a.length).sum());
    for (long[] ofQueue : arrivals) {
      queues.add(new Queue(this, ofQueue, depthOne));
    }
  }

  /** What the product does with queues whose requests come at these times. */
  static Outcome product(long[]... arrivals) {
    return new IdleSimulation(false, arrivals).run();
  }

  /** What it does with a queue that has a neighbour; latencies are the queue's alone. */
  static Outcome beside(long[] neighbour, long[] arrivals) {
    IdleSimulation simulation = new IdleSimulation(false, arrivals, neighbour);
    simulation.queues.getLast().watched = false;
    return simulation.run();
  }

  /** What it does with a guest that sends a request so long after each answer. */
  static Outcome depthOne(long[] pauses) {
    return new IdleSimulation(true, pauses).run();
  }

  private Outcome run() {
    try (Reactor reactor = Reactor.stepped("simulated")) {
      queues.forEach(queue -> queue.handle = reactor.add(queue));
      run(reactor);
    }
    return outcome;
  }

  private void run(Reactor reactor) {
    long first = nextArrival();
    while (true) {
      boolean rests = reactor.restingCount() == queues.size();
      long next = nextArrival();
      if (next == NEVER && rests) {
        break;
      }
      if (rests) {
        outcome.wakeUps++;
        now = Math.max(now, next + WAKE_UP_NANOS);
      }
      kick();
      int work = 0;
      int looks = queues.size() - reactor.restingCount(); // a real tick has 256 rounds
      for (int i = 0; i < looks; i++) {
        work += reactor.runOnce(now);
      }
      long took = work > 0 ? work * REQUEST_NANOS : TICK_NANOS;
      if (work > 0) {
        outcome.busyNanos += took;
      } else if (reactor.restingCount() < queues.size()) {
        outcome.idleAwakeNanos += took;
      }
      now += took;
    }
    outcome.endNanos = now - first;
  }

  private long nextArrival() {
    return queues.stream().mapToLong(Queue::nextArrival).min().orElse(NEVER);
  }

  private void kick() {
    for (Queue queue : queues) {
      if (queue.handle.isResting() && queue.nextArrival() <= now) {
        queue.handle.wake();
      }
    }
  }

  /** What looking for {@code windowNanos} after each request would do, whatever is known. */
  static Outcome fixed(long windowNanos, long[] arrivals) {
    return reckon(windowNanos, windowNanos, arrivals);
  }

  /** What somebody would do who knows when the next request comes. */
  static Outcome clairvoyant(long[] arrivals) {
    return reckon(PRICE_NANOS, 0, arrivals);
  }

  /** Stays awake over pauses up to {@code mostNanos}, sleeps in longer ones after a while. */
  private static Outcome reckon(long mostNanos, long sleepsAfterNanos, long[] arrivals) {
    Outcome outcome = new Outcome(arrivals.length);
    long now = arrivals[0];
    for (long arrival : arrivals) {
      long pause = arrival - now;
      if (pause > mostNanos) {
        outcome.idleAwakeNanos += sleepsAfterNanos;
        outcome.wakeUps++;
        now = arrival + WAKE_UP_NANOS;
      } else if (pause > 0) {
        outcome.idleAwakeNanos += pause;
        now = arrival;
      }
      outcome.found(now - arrival);
      outcome.busyNanos += REQUEST_NANOS;
      now += REQUEST_NANOS;
    }
    outcome.endNanos = now - arrivals[0];
    return outcome;
  }
}
