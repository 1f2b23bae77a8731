package io.millrace.reactor;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What a reactor's thread did with its time. A thread that polls is always busy, so its processor
 * time says nothing. From tick to tick, the time is that of the work, but for the rounds that found
 * none; what one of those takes is known from ticks with no work at all.
 *
 * <p>Data-path code: written by the reactor's thread, once a tick, and read by any, a moment late.
 * Times are in nanoseconds.
 */
public final class ReactorStatistics {
  /** Fewer rounds do not tell what a round takes: the tick itself would be in it. */
  private static final int ROUNDS_TO_TELL = 64;

  private final AtomicLong busy = new AtomicLong();
  private final AtomicLong idle = new AtomicLong();
  private final AtomicLong slept = new AtomicLong();
  private final AtomicLong sleeps = new AtomicLong();
  private final AtomicLong wakeUps = new AtomicLong();
  private final AtomicLong allRounds = new AtomicLong();
  private long lastTickNanos;
  private boolean ticked;
  private int rounds; // since then
  private int workRounds;
  private long idleRoundNanos;

  ReactorStatistics() {}

  /** A round ended. */
  void round(int work) {
    rounds++;
    if (work > 0) {
      workRounds++;
    }
  }

  /**
   * A poller looked so many times more in its turn, in vain: each took about as long as a round.
   */
  void lingered(int looks) {
    rounds += looks;
  }

  /** Rounds so far of those that the next tick counts. */
  int roundsSinceTick() {
    return rounds;
  }

  /** The clock was looked at. */
  void tick(long now) {
    long elapsed = ticked ? now - lastTickNanos : 0;
    long worked = 0;
    if (workRounds > 0) {
      worked = Math.max(0, elapsed - (rounds - workRounds) * idleRoundNanos);
      add(busy, worked);
    } else if (rounds >= ROUNDS_TO_TELL) {
      learn(elapsed / rounds);
    }
    add(idle, elapsed - worked);
    add(allRounds, rounds);
    begin(now);
  }

  /** Fewer nanoseconds at once, more little by little: a thread that was stopped looks slow. */
  private void learn(long roundNanos) {
    long known = idleRoundNanos;
    idleRoundNanos = known == 0 ? roundNanos : Math.min(roundNanos, known + 1 + (known >> 6));
  }

  /** Another stretch begins: the thread has slept since the last tick. */
  void woke(long now) {
    add(slept, now - lastTickNanos);
    add(sleeps, 1);
    begin(now);
  }

  private void begin(long now) {
    lastTickNanos = now;
    ticked = true;
    rounds = 0;
    workRounds = 0;
  }

  /** A poller that rested was woken. */
  void pollerWoke() {
    add(wakeUps, 1);
  }

  /** One thread writes, so that no more is needed than that others see it at some time. */
  private static void add(AtomicLong to, long amount) {
    to.setOpaque(to.getPlain() + amount);
  }

  /** How long it has worked, and not only looked for work. */
  public long busyNanos() {
    return busy.getOpaque();
  }

  /** How long it has looked for work and found none. */
  public long idleNanos() {
    return idle.getOpaque();
  }

  /** How long it has slept, without the sleep that it may be in. */
  public long sleptNanos() {
    return slept.getOpaque();
  }

  /** Sleeps that have ended. */
  public long sleeps() {
    return sleeps.getOpaque();
  }

  /** How often a poller that rested was woken: by a kick, most of the time. */
  public long wakeUps() {
    return wakeUps.getOpaque();
  }

  /** Rounds of looking at pollers. */
  public long rounds() {
    return allRounds.getOpaque();
  }
}
