package io.millrace.bdev;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The tokens of one limit of a bdev, shared by its channels on all reactors. Data path: no lock, no
 * allocation; any thread.
 *
 * <p>Tokens are numbered as they are earned, {@code perSecond} of them a second, exactly. The
 * bucket holds the latest {@code burst}; older ones are void. A request takes the next numbers that
 * nobody has, perhaps of tokens that are not earned yet: it then knows when it may go, and whoever
 * comes later has later numbers. That is a queue in which nobody is overtaken, and one number is
 * all that reactors share. As each token is good for a burst's time and for one request only, no
 * stretch of time sees more than what is earned in it and a burst.
 *
 * <p>Two exceptions, both so that requests get through at all. What costs more than a burst goes
 * when the bucket is full, and the rest is paid by those behind it. And who comes late, because its
 * reactor was busy, is let through if it is late by less than half a burst, also where its tokens
 * are void by then. So the bound is {@code perSecond * time + max(burst, cost + burst / 2)} for the
 * dearest turn.
 *
 * <p>A change of the rate goes on with the numbers of the old one: neither debts nor savings nor
 * places in the queue are lost.
 */
final class TokenBucket {
  /**
   * Most tokens a second. Numbers wrap around, and differences stay right for 2^27 seconds (four
   * years) in which nobody takes one.
   */
  static final long MAX_PER_SECOND = 1L << 36;

  private static final long SECOND = 1_000_000_000L; // in nanoseconds
  private static final long TURNS_PER_SECOND = 1_000;

  private final long perSecond;
  private final long burst;
  private final long sinceNanos;
  private final long earnedBefore;
  private final long fractionBefore; // of a token, in 1/SECOND: the rest that was earned before
  private final AtomicLong taken; // the next number is behind this one

  private TokenBucket(
      long perSecond, long burst, long sinceNanos, long before, long fraction, AtomicLong taken) {
    this.perSecond = perSecond;
    this.burst = burst;
    this.sinceNanos = sinceNanos;
    this.earnedBefore = before;
    this.fractionBefore = fraction;
    this.taken = taken;
  }

  /**
   * A full bucket.
   *
   * @param perSecond tokens earned a second, 1 to {@link #MAX_PER_SECOND}
   * @param burst tokens that it holds, 1 or more
   * @param nowNanos on the clock of all reactors
   */
  static TokenBucket full(long perSecond, long burst, long nowNanos) {
    assert perSecond > 0 && perSecond <= MAX_PER_SECOND && burst > 0;
    return new TokenBucket(perSecond, burst, nowNanos, 0, 0, new AtomicLong(-burst));
  }

  /** The same bucket with another rate from now on, the old one until then. */
  TokenBucket changed(long rate, long size, long nowNanos) {
    if (rate == perSecond && size == burst) {
      return this;
    }
    long fraction = fractions(sinceStart(nowNanos)) % SECOND;
    return new TokenBucket(rate, size, nowNanos, earned(nowNanos), fraction, taken);
  }

  /** Tokens that one turn takes at most, unless a single request costs more. */
  long turn() {
    return Math.min(perSecond / TURNS_PER_SECOND, burst / 2);
  }

  /** The number of the last token that is earned. */
  private long earned(long nowNanos) {
    long elapsed = sinceStart(nowNanos);
    long whole = elapsed / SECOND * perSecond + elapsed % SECOND * (perSecond / SECOND);
    return earnedBefore + whole + fractions(elapsed) / SECOND;
  }

  /** What is earned besides in the second that is under way, in 1/SECOND of a token. */
  private long fractions(long elapsed) {
    return fractionBefore + elapsed % SECOND * (perSecond % SECOND);
  }

  private long sinceStart(long nowNanos) {
    return Math.max(0, nowNanos - sinceNanos); // another reactor's look at the clock may be older
  }

  /**
   * Takes tokens: their numbers are behind the one returned. Never waits.
   *
   * @param cost how many, 1 or more
   */
  long take(long cost, long nowNanos) {
    long oldest = earned(nowNanos) - burst;
    while (true) {
      long last = taken.get();
      long start = last - oldest > 0 ? last : oldest;
      if (taken.compareAndSet(last, start + cost)) {
        return start;
      }
    }
  }

  /**
   * Gives tokens back that were {@link #take}n, but for the first of them: if nobody has later
   * ones.
   *
   * @param keeps how many to keep, less than {@code cost}
   * @return false if they are lost: somebody waits behind them, whose turn is not changed
   */
  boolean giveBack(long start, long cost, long keeps) {
    return taken.compareAndSet(start + cost, start + keeps);
  }

  /** When tokens will be there that were {@link #take}n; a time that has passed is now. */
  long dueNanos(long start, long cost, long nowNanos) {
    return whenEarned(start + Math.min(cost, burst), nowNanos);
  }

  /** When tokens would be there that were taken now. */
  long dueIfTaken(long cost, long nowNanos) {
    long oldest = earned(nowNanos) - burst;
    long last = taken.get();
    return dueNanos(last - oldest > 0 ? last : oldest, cost, nowNanos);
  }

  /** Whether tokens that were {@link #take}n are void: whoever has them came too late. */
  boolean isVoid(long start, long cost, long nowNanos) {
    long late = earned(nowNanos) - (start + Math.min(cost, burst));
    return late > Math.max(burst - cost, burst / 2);
  }

  private long whenEarned(long number, long nowNanos) {
    long missing = number - earned(nowNanos);
    if (missing <= 0) {
      return nowNanos;
    }
    // missing * SECOND does not fit in 64 bits: whole seconds first, then 31,250 * 32,000.
    long seconds = missing / perSecond;
    long scaled = missing % perSecond * 31_250;
    long fraction = fractions(sinceStart(nowNanos)) % SECOND;
    return nowNanos
        + seconds * SECOND
        + scaled / perSecond * 32_000
        + Math.ceilDiv(scaled % perSecond * 32_000 - fraction, perSecond);
  }
}
