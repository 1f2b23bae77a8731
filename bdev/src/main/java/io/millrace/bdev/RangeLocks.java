package io.millrace.bdev;

import io.millrace.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The locks on ranges of one bdev, those that are held and those that are waited for, for {@link
 * Bdev#lockRange}. Any thread.
 */
final class RangeLocks {
  private final Map<Reactor, BdevChannel> channels; // the bdev's; guards itself and all here
  private final List<RangeLock> held = new ArrayList<>(0); // no two overlap
  private final List<Request> requests = new ArrayList<>(0); // oldest first

  /** Somebody who waits for a lock. */
  private record Request(RangeLock lock, Reactor reactor, Consumer<RangeLock> locked) {}

  RangeLocks(Map<Reactor, BdevChannel> channels) {
    this.channels = channels;
  }

  void take(Reactor reactor, RangeLock lock, Consumer<RangeLock> locked) {
    synchronized (channels) {
      requests.add(new Request(lock, reactor, locked));
    }
    takeAll();
  }

  void giveBack(RangeLock lock) {
    Map<Reactor, BdevChannel> all;
    synchronized (channels) {
      held.remove(lock);
      all = Map.copyOf(channels);
    }
    all.forEach((where, channel) -> where.execute(() -> channel.unlock(lock)));
    takeAll();
  }

  /** A channel that opens keeps to those that are held; on its reactor, with the guard held. */
  void giveTo(BdevChannel channel) {
    for (RangeLock lock : held) {
      channel.lock(lock, () -> {});
    }
  }

  /** Takes every lock that is in nobody's way, on all channels. */
  private void takeAll() {
    List<Request> next = new ArrayList<>();
    Map<Reactor, BdevChannel> all;
    synchronized (channels) {
      List<RangeLock> earlier = new ArrayList<>(held);
      for (Request request : requests) {
        if (earlier.stream().noneMatch(request.lock::overlaps)) {
          next.add(request);
          held.add(request.lock);
        }
        earlier.add(request.lock);
      }
      requests.removeAll(next);
      all = Map.copyOf(channels); // a channel opened from now on takes the locks by itself
    }
    for (Request request : next) {
      take(request, all);
    }
  }

  private static void take(Request request, Map<Reactor, BdevChannel> all) {
    AtomicInteger missing = new AtomicInteger(all.size() + 1);
    Runnable one =
        () -> {
          if (missing.decrementAndGet() == 0) {
            request.reactor.execute(() -> request.locked.accept(request.lock));
          }
        };
    all.forEach((where, channel) -> {
      if (!where.execute(() -> channel.lock(request.lock, one))) {
        one.run(); // a reactor that has ended writes no more
      }
    });
    one.run();
  }
}
