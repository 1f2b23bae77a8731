package io.millrace.reactor;

import io.millrace.reactor.PollerHandle.State;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The pollers of one reactor, by temperature. Data-path code: arrays, no iterators.
 *
 * <p>Guests store to their rings silently, so an unarmed queue is found only by looking; but
 * looking at 128 idle queues each round halves the speed of the one that is busy. So a queue from
 * which no work is expected soon is looked at in turn (COLD), and after a while asked to send kicks
 * (RESTING).
 *
 * <p>The thread may sleep when that holds for all: no poller is hot, nor is work expected of them
 * together. A queue's own {@link PollWindow} keeps others from spoiling what is known of it; the
 * one of all sees a hundred slow queues as the busy reactor they are.
 */
final class PollSet {
  /** While the thread is awake for others, a look costs less than a kick: it is late to rest. */
  private static final long REST_AFTER_NANOS = 2_000_000;

  private final FailureSink failures;
  private final WakeUpPrice wakeUp;
  private final ReactorStatistics statistics;
  private final StretchClock clock;
  private final PollWindow ofAll;
  private PollerHandle[] hot = new PollerHandle[16];
  private PollerHandle[] cold = new PollerHandle[16];
  private int hotCount;
  private int coldCount;
  private int restingCount;
  private int nextCold;
  private final Set<PollerHandle> all = new LinkedHashSet<>(); // nobody goes through it to poll
  private long lastId;

  /** Takes what a poller threw. */
  interface FailureSink {
    void failed(PollerHandle handle, Throwable cause);

    void memoryFault(InternalError cause);
  }

  PollSet(
      FailureSink failures,
      WakeUpPrice wakeUp,
      ReactorStatistics statistics,
      StretchClock clock,
      long now) {
    this.failures = failures;
    this.wakeUp = wakeUp;
    this.statistics = statistics;
    this.clock = clock;
    this.ofAll = new PollWindow(now, wakeUp.nanos());
  }

  PollerHandle add(Poller poller, long now) {
    PollerHandle handle =
        new PollerHandle(++lastId, poller, this, new PollWindow(now, wakeUp.nanos()));
    all.add(handle);
    handle.worked = true; // not demoted before it had its chance
    addHot(handle);
    return handle;
  }

  void remove(PollerHandle handle) {
    detach(handle);
    handle.state = State.REMOVED;
    all.remove(handle);
  }

  void wake(PollerHandle handle) {
    handle.worked = true;
    switch (handle.state) {
      case HOT, REMOVED -> {}
      case COLD -> heat(handle);
      case RESTING -> {
        statistics.pollerWoke();
        heat(handle);
        disarm(handle);
      }
    }
  }

  private void disarm(PollerHandle handle) {
    try {
      handle.poller.disarm();
    } catch (InternalError e) {
      failures.memoryFault(e);
    } catch (RuntimeException | Error e) {
      failures.failed(handle, e);
    }
  }

  /** Pollers looked at without being asked. */
  int activeCount() {
    return hotCount + coldCount;
  }

  /** A poller looked several times in its turn. */
  void lingered(int looks) {
    statistics.lingered(looks);
  }

  int hotCount() {
    return hotCount;
  }

  int restingCount() {
    return restingCount;
  }

  /** Tells of all pollers, oldest first. */
  List<PollerReport> report() {
    return all.stream().map(PollerHandle::report).toList();
  }

  /** Polls every hot poller and one cold one. */
  int round() {
    int work = 0;
    // Downwards: a poller that removes itself is replaced by one already polled.
    for (int i = hotCount - 1; i >= 0; i--) {
      if (i < hotCount) {
        work += poll(hot[i]);
      }
    }
    if (coldCount > 0) {
      nextCold = nextCold + 1 < coldCount ? nextCold + 1 : 0;
      PollerHandle handle = cold[nextCold];
      int done = poll(handle);
      if (done > 0 && handle.state == State.COLD) {
        heat(handle);
      }
      work += done;
    }
    return work;
  }

  private int poll(PollerHandle handle) {
    clock.begin();
    try {
      int done = handle.poller.poll();
      handle.polls++;
      if (done > 0) {
        handle.busyPolls++;
        handle.worked = true;
      }
      return done;
    } catch (InternalError e) {
      failures.memoryFault(e); // perhaps not this poller's; the others go on
      return 1;
    } catch (RuntimeException | Error e) {
      failures.failed(handle, e);
      return 1;
    }
  }

  /**
   * Lets pollers cool down, once a tick.
   *
   * @param mayRest whether those that gave no work for long are armed, and not looked at any more
   * @return whether no work is expected soon, so that it would be as well to sleep
   */
  boolean coolDown(long now, boolean mayRest) {
    long price = wakeUp.nanos();
    boolean anyWorked = false;
    for (int i = hotCount - 1; i >= 0; i--) {
      PollerHandle handle = hot[i];
      anyWorked |= handle.worked;
      if (!handle.window.isOpen(now, handle.worked, price)) {
        detach(handle);
        addCold(handle);
      }
      handle.worked = false;
    }
    for (int i = coldCount - 1; mayRest && i >= 0; i--) {
      // A poller may remove others while it is armed.
      if (i < coldCount && now - cold[i].window.lastWorkNanos() > REST_AFTER_NANOS) {
        rest(cold[i], now);
      }
    }
    boolean anyExpected = ofAll.isOpen(now, anyWorked, price);
    return hotCount == 0 && !anyExpected;
  }

  /**
   * Arms every active poller so that the thread may sleep; none is hot.
   *
   * @return false if one of them has work: then it is hot and the thread must not sleep
   */
  boolean restAll(long now) {
    boolean all = true;
    for (int i = coldCount - 1; i >= 0; i--) {
      all &= i >= coldCount || rest(cold[i], now);
    }
    all &= hotCount == 0; // one may have woken another
    if (all) {
      ofAll.sleeps();
    }
    return all;
  }

  private boolean rest(PollerHandle handle, long now) {
    try {
      boolean armed = handle.poller.arm();
      if (handle.state == State.REMOVED) {
        return true; // it left while it was asked
      }
      if (armed) {
        detach(handle);
        handle.state = State.RESTING;
        handle.window.sleeps();
        restingCount++;
        return true;
      }
    } catch (InternalError e) {
      failures.memoryFault(e);
      return false;
    } catch (RuntimeException | Error e) {
      failures.failed(handle, e);
      return true;
    }
    handle.window.openAgain(now);
    heat(handle);
    return false;
  }

  private void heat(PollerHandle handle) {
    detach(handle);
    addHot(handle);
  }

  private void addHot(PollerHandle handle) {
    if (hotCount == hot.length) {
      hot = Arrays.copyOf(hot, hotCount * 2);
    }
    handle.state = State.HOT;
    handle.index = hotCount;
    hot[hotCount++] = handle;
  }

  private void addCold(PollerHandle handle) {
    if (coldCount == cold.length) {
      cold = Arrays.copyOf(cold, coldCount * 2);
    }
    handle.state = State.COLD;
    handle.index = coldCount;
    cold[coldCount++] = handle;
  }

  private void detach(PollerHandle handle) {
    switch (handle.state) {
      case HOT -> hotCount = removeAt(hot, hotCount, handle.index);
      case COLD -> coldCount = removeAt(cold, coldCount, handle.index);
      case RESTING -> restingCount--;
      case REMOVED -> {}
    }
  }

  /** Fills the hole with the last entry. */
  private static int removeAt(PollerHandle[] array, int count, int index) {
    int last = count - 1;
    array[index] = array[last];
    array[index].index = index;
    return last;
  }
}
