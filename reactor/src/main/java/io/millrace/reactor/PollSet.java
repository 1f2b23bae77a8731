package io.millrace.reactor;

import io.millrace.reactor.PollerHandle.State;
import java.util.Arrays;

/**
 * The pollers of one reactor, by temperature. Data-path code: arrays, no iterators.
 *
 * <p>Guests store to their rings silently, so an unarmed queue is found only by looking; but
 * looking at 128 idle queues each round halves the speed of the one that is busy. So a queue
 * without work is first looked at in turn (COLD), and after a while asked to send kicks (RESTING).
 */
final class PollSet {
  private static final long COLD_AFTER_NANOS = 200_000;
  private static final long REST_AFTER_NANOS = 2_000_000;

  private final FailureSink failures;
  private PollerHandle[] hot = new PollerHandle[16];
  private PollerHandle[] cold = new PollerHandle[16];
  private int hotCount;
  private int coldCount;
  private int restingCount;
  private int nextCold;

  /** Takes what a poller threw. */
  interface FailureSink {
    void failed(PollerHandle handle, Throwable cause);

    void memoryFault(InternalError cause);
  }

  PollSet(FailureSink failures) {
    this.failures = failures;
  }

  PollerHandle add(Poller poller, long now) {
    PollerHandle handle = new PollerHandle(poller, this);
    handle.lastWorkNanos = now;
    handle.worked = true; // not demoted before it had its chance
    addHot(handle);
    return handle;
  }

  void remove(PollerHandle handle) {
    detach(handle);
    handle.state = State.REMOVED;
  }

  void wake(PollerHandle handle) {
    if (handle.state == State.RESTING) {
      detach(handle);
      handle.worked = true;
      addHot(handle);
      try {
        handle.poller.disarm();
      } catch (InternalError e) {
        failures.memoryFault(e);
      } catch (RuntimeException | Error e) {
        failures.failed(handle, e);
      }
    }
  }

  /** Pollers looked at without being asked. */
  int activeCount() {
    return hotCount + coldCount;
  }

  int hotCount() {
    return hotCount;
  }

  int restingCount() {
    return restingCount;
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
        detach(handle);
        addHot(handle);
      }
      work += done;
    }
    return work;
  }

  private int poll(PollerHandle handle) {
    try {
      int done = handle.poller.poll();
      if (done > 0) {
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
   * Lets pollers cool down by the time they last gave work.
   *
   * @param mayRest whether those that did not for long are to be armed, and not looked at any more
   */
  void coolDown(long now, boolean mayRest) {
    for (int i = hotCount - 1; i >= 0; i--) {
      PollerHandle handle = hot[i];
      if (handle.worked) {
        handle.worked = false;
        handle.lastWorkNanos = now;
      } else if (now - handle.lastWorkNanos > COLD_AFTER_NANOS) {
        detach(handle);
        addCold(handle);
      }
    }
    for (int i = coldCount - 1; mayRest && i >= 0; i--) {
      // A poller may remove others while it is armed.
      if (i < coldCount && now - cold[i].lastWorkNanos > REST_AFTER_NANOS) {
        rest(cold[i]);
      }
    }
  }

  /**
   * Arms every active poller so that the thread may sleep.
   *
   * @return false if one of them has work: then it is hot and the thread must not sleep
   */
  boolean restAll() {
    boolean all = true;
    for (int i = hotCount - 1; i >= 0; i--) {
      all &= i >= hotCount || rest(hot[i]);
    }
    for (int i = coldCount - 1; i >= 0; i--) {
      all &= i >= coldCount || rest(cold[i]);
    }
    return all;
  }

  private boolean rest(PollerHandle handle) {
    try {
      boolean armed = handle.poller.arm();
      if (handle.state == State.REMOVED) {
        return true; // it left while it was asked
      }
      if (armed) {
        detach(handle);
        handle.state = State.RESTING;
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
    handle.worked = true;
    if (handle.state == State.COLD) {
      detach(handle);
      addHot(handle);
    }
    return false;
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
