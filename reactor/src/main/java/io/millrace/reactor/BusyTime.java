package io.millrace.reactor;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of its time a reactor works: a thread that polls is always busy, so its processor time
 * says nothing. From tick to tick, the time is that of the work, but for the rounds that found
 * none; what one of those takes is known from ticks with no work at all. Data-path code; the
 * reactor's thread, but for {@link #nanos}.
 */
final class BusyTime {
  /** Fewer rounds do not tell what a round takes: the tick itself would be in it. */
  private static final int ROUNDS_TO_TELL = 64;

  private final AtomicLong nanos = new AtomicLong();
  private long lastTickNanos;
  private boolean ticked;
  private int rounds; // since then
  private int workRounds;
  private long idleRoundNanos;

  /** A round ended. */
  void round(int work) {
    rounds++;
    if (work > 0) {
      workRounds++;
    }
  }

  /** The clock was looked at. */
  void tick(long now) {
    long elapsed = ticked ? now - lastTickNanos : 0;
    if (workRounds > 0) {
      long idle = (rounds - workRounds) * idleRoundNanos;
      nanos.setOpaque(nanos.getPlain() + Math.max(0, elapsed - idle));
    } else if (rounds >= ROUNDS_TO_TELL) {
      learn(elapsed / rounds);
    }
    woke(now);
  }

  /** Fewer nanoseconds at once, more little by little: a thread that was stopped looks slow. */
  private void learn(long roundNanos) {
    long known = idleRoundNanos;
    idleRoundNanos = known == 0 ? roundNanos : Math.min(roundNanos, known + 1 + (known >> 6));
  }

  /** Another stretch begins: the thread has slept. */
  void woke(long now) {
    lastTickNanos = now;
    ticked = true;
    rounds = 0;
    workRounds = 0;
  }

  /** What it worked in all. Any thread. */
  long nanos() {
    return nanos.getOpaque();
  }
}
