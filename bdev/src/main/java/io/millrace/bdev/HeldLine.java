package io.millrace.bdev;

import io.millrace.bdev.BdevIo.State;
import io.millrace.reactor.Alarm;
import io.millrace.reactor.Reactor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one source that wait for their bdev's limits, oldest first, linked through
 * themselves. Data path, on their channel's reactor.
 *
 * <p>The head has a <em>turn</em>: with those behind it that together cost no more than a limit
 * gives in a millisecond, so that a reactor need not wake for each. It takes tokens of the limit
 * that has it wait longest, and of the others when those are there: so it queues in one place only,
 * and what it took elsewhere is not void when it can go. Tokens are the line's and not a request's:
 * whoever is the head when they are there has them.
 */
final class HeldLine {
  /** Most requests of a turn. */
  private static final int MOST = 64;

  private static final int LIMITS = RateLimiter.LIMITS;

  final Alarm alarm;
  @Nullable Object source;
  boolean ofWrites; // and reads have a line of their own
  boolean running; // requests are being let through
  private @Nullable BdevIo first;
  private @Nullable BdevIo last;
  private final long[] cost = new long[LIMITS]; // of the turn
  private final long[] taken = new long[LIMITS]; // tokens of each limit; 0 for none
  private final long[] start = new long[LIMITS]; // their numbers are behind this
  private long dueNanos;

  /** A line of nobody. */
  HeldLine(Reactor reactor, Consumer<HeldLine> due) {
    alarm = reactor.alarm(() -> due.accept(this));
  }

  @Nullable BdevIo first() {
    return first;
  }

  /** When to try again, after {@link #grant} granted nothing. */
  long dueNanos() {
    return dueNanos;
  }

  void add(BdevIo io) {
    io.state = State.HELD;
    BdevIo before = last;
    io.line = this;
    io.earlier = before;
    io.later = null;
    if (before != null) {
      before.later = io;
    } else {
      first = io;
    }
    last = io;
  }

  /** Puts a request before all others. */
  void addFirst(BdevIo io) {
    BdevIo after = first;
    io.line = this;
    io.earlier = null;
    io.later = after;
    if (after != null) {
      after.earlier = io;
    } else {
      last = io;
    }
    first = io;
  }

  void remove(BdevIo io) {
    BdevIo before = io.earlier;
    BdevIo after = io.later;
    if (before != null) {
      before.later = after;
    } else {
      first = after;
    }
    if (after != null) {
      after.earlier = before;
    } else {
      last = before;
    }
    io.line = null;
    io.earlier = null;
    io.later = null;
  }

  /** Forgets its requests, which are put into lines anew; the tokens stay. */
  void removeAll() {
    first = null;
    last = null;
  }

  /** Gives the tokens of a limit up, which is not there any more. */
  void forget(int limit) {
    taken[limit] = 0;
  }

  /** Is nobody's again; tokens of one whose requests were cancelled are given back. */
  void clear(@Nullable RateLimiter limits) {
    assert first == null : this;
    source = null;
    for (int i = 0; i < LIMITS; i++) {
      keep(limits == null ? null : limits.bucket(i), i, 0);
      taken[i] = 0;
    }
    alarm.clear();
  }

  /** Gives tokens of a limit back that are more than is needed. */
  private void keep(@Nullable TokenBucket bucket, int limit, long needed) {
    if (bucket != null
        && taken[limit] > needed
        && bucket.giveBack(start[limit], taken[limit], needed)) {
      taken[limit] = needed;
    }
  }

  /**
   * Grants the turn of the head if all of its tokens are there: its requests are GRANTED then.
   *
   * @return false if it has to wait, until {@link #dueNanos}
   */
  boolean grant(RateLimiter limits, long nowNanos) {
    BdevIo head = first;
    if (head == null) {
      return false;
    }
    BdevIo end = gather(limits, head);
    dueNanos = nowNanos;
    int slowest = slowest(limits, nowNanos);
    if (slowest >= 0) {
      take(limits, slowest, nowNanos); // of those that are there by then, none yet
    } else {
      for (int i = 0; i < LIMITS; i++) {
        take(limits, i, nowNanos);
      }
    }
    if (dueNanos - nowNanos > 0) {
      return false;
    }
    for (BdevIo io = head; io != null && !io.equals(end); io = io.later) {
      io.state = State.GRANTED;
    }
    for (int i = 0; i < LIMITS; i++) {
      taken[i] = 0;
    }
    return true;
  }

  /** Sums up what a turn costs; returns the first request that is not of it, null if all are. */
  private @Nullable BdevIo gather(RateLimiter limits, BdevIo head) {
    for (int i = 0; i < LIMITS; i++) {
      cost[i] = limits.cost(i, head);
      if (taken[i] < cost[i]) {
        taken[i] = 0; // for a cheaper one, which was cancelled
      }
    }
    BdevIo next = head.later;
    for (int count = 1; next != null && count < MOST && fits(limits, next); count++) {
      for (int i = 0; i < LIMITS; i++) {
        cost[i] += limits.cost(i, next);
      }
      next = next.later;
    }
    for (int i = 0; i < LIMITS; i++) {
      keep(limits.bucket(i), i, cost[i]); // the dearer one that they were for was cancelled
    }
    return next;
  }

  private boolean fits(RateLimiter limits, BdevIo io) {
    for (int i = 0; i < LIMITS; i++) {
      TokenBucket bucket = limits.bucket(i);
      if (bucket != null) {
        // Tokens of a dear request that was cancelled are not for a crowd of cheap ones at once.
        long room = taken[i] > 0 ? Math.min(taken[i], bucket.turn()) : bucket.turn();
        if (cost[i] + limits.cost(i, io) > room) {
          return false;
        }
      }
    }
    return true;
  }

  /** The limit that has the turn wait longest, -1 if none has it wait. */
  private int slowest(RateLimiter limits, long now) {
    int slowest = -1;
    for (int i = 0; i < LIMITS; i++) {
      TokenBucket bucket = limits.bucket(i);
      if (bucket != null && cost[i] > 0) {
        if (taken[i] > 0 && bucket.isVoid(start[i], taken[i], now)) {
          taken[i] = 0;
        }
        long due =
            taken[i] > 0
                ? bucket.dueNanos(start[i], taken[i], now)
                : bucket.dueIfTaken(cost[i], now);
        if (due - dueNanos > 0) {
          dueNanos = due;
          slowest = i;
        }
      }
    }
    return slowest;
  }

  /** Takes the turn's tokens of a limit, unless it has them; somebody else may have been faster. */
  private void take(RateLimiter limits, int limit, long now) {
    TokenBucket bucket = limits.bucket(limit);
    if (bucket != null && cost[limit] > 0 && taken[limit] == 0) {
      taken[limit] = cost[limit];
      start[limit] = bucket.take(cost[limit], now);
      long due = bucket.dueNanos(start[limit], cost[limit], now);
      if (due - dueNanos > 0) {
        dueNanos = due;
      }
    }
  }
}
