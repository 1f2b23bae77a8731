package io.millrace.reactor;

/**
 * Finds how long a gap serves best, by the work that is done with a longer and with a shorter one:
 * where a line takes long from core to core, and the driver has many requests under way, a pause of
 * microseconds makes batches of twice as many, and one with few requests waits for each. Neither is
 * known beforehand, and the host moves its processors.
 *
 * <p>A trial compares short windows with the gap in use and with another, side by side. Who is
 * longer must prove to be better; who is shorter must not prove to be worse. Data path, the
 * reactor's thread.
 */
final class GapTuner {
  /** Gaps to choose from, in spins of 15 to 45 ns: that depends on the processor. */
  private static final int[] SPINS = {0, 4, 8, 12, 24, 48, 96, 192};

  /** Of 8 spins, which suits a driver that has one request under way. */
  private static final int FIRST = 2;

  private static final long WINDOW_NANOS = 400_000;

  /** With less work in a window there is nothing to win, and no telling one gap from another. */
  private static final int LEAST_WORK = 128;

  /** A window that took so many times as long was interrupted, and says nothing. */
  private static final int INTERRUPTED = 4;

  /**
   * Windows without a trial in between, twice as many after each that changed nothing, so that
   * trials cost next to nothing.
   */
  private static final int PAUSE = 64;

  private static final int LONGEST_PAUSE = 1024;

  /** What ends a pause: so many windows in a row with another rate, the sign of another load. */
  private static final int STRANGE = 8;

  private static final double ANOTHER_RATE = 0.25;

  /** After so many windows in a row that say nothing, what was found is of another load. */
  private static final int FORGET = 128;

  /** Trials in turn: the leap, a shorter gap, and a longer one. */
  private static final int KINDS = 3;

  /**
   * Batches are small with a gap that is much too short, and no larger with the next one, so a long
   * one is tried now and then.
   */
  private static final int LEAP = 6;

  private static final int MOST_PAIRS = 24;
  private static final double DIFFERENT = 0.01;
  private static final double VERY_DIFFERENT = 0.08;
  private static final int POINTS_IF_VERY = 3;
  private static final int BETTER_POINTS = 8;
  private static final int WORSE_POINTS = -6;
  private static final int TIE_POINTS = -2;

  private int level = FIRST;
  private int candidate = FIRST; // the same one if there is no trial
  private int kind; // of the trial, or of the next one
  private boolean tried; // whether this window has the candidate's gap
  private boolean second; // of its pair
  private int pairs;
  private int points;
  private double firstRate;
  private int wait = PAUSE; // of the next pause
  private int pause = PAUSE; // what is left of this one
  private double usualRate; // 0: not known yet
  private int strange; // windows in a row with another
  private long windowNanos;
  private int work;
  private int useless; // windows in a row that said nothing

  /** Spins of the gap to make now. */
  int spins() {
    return SPINS[tried ? candidate : level];
  }

  /** So much work was done. */
  void worked(int pieces) {
    work += pieces;
  }

  /**
   * The clock was looked at.
   *
   * @param alone whether the gap is one poller's only, the only case that is tuned
   */
  void tick(long now, boolean alone) {
    long elapsed = now - windowNanos;
    if (elapsed < WINDOW_NANOS) {
      return;
    }
    int done = work;
    work = 0;
    windowNanos = now;
    if (!alone || done < LEAST_WORK || elapsed > INTERRUPTED * WINDOW_NANOS) {
      beginPair(pairs);
      if (++useless == FORGET) {
        wait = PAUSE;
        end(FIRST);
      }
      return;
    }
    useless = 0;
    double rate = (double) done / elapsed;
    if (isTrial()) {
      compare(rate);
    } else {
      watch(rate);
    }
  }

  /** Between two trials. */
  private void watch(double rate) {
    if (usualRate == 0) {
      usualRate = rate;
    }
    strange = Math.abs(rate / usualRate - 1) > ANOTHER_RATE ? strange + 1 : 0;
    if (strange == STRANGE) {
      wait = PAUSE;
      pause = 0;
    }
    if (--pause <= 0) {
      begin();
    }
  }

  private void begin() {
    candidate =
        switch (kind) {
          case 0 -> Math.max(LEAP, level);
          case 1 -> Math.max(0, level - 1);
          default -> Math.min(SPINS.length - 1, level + 1);
        };
    points = 0;
    if (candidate == level) {
      stay();
    } else {
      beginPair(0);
    }
  }

  /** Who is first changes from pair to pair, so that what drifts is on neither side. */
  private void beginPair(int number) {
    pairs = number;
    second = false;
    tried = isTrial() && (number & 1) != 0;
  }

  private void compare(double rate) {
    if (!second) {
      firstRate = rate;
      second = true;
      tried = !tried;
      return;
    }
    count(tried ? rate / firstRate : firstRate / rate);
    beginPair(pairs + 1);
    boolean over = pairs == MOST_PAIRS;
    boolean shorterWillDo = candidate < level && points >= TIE_POINTS;
    if (points >= BETTER_POINTS || (over && shorterWillDo)) {
      move();
    } else if (points <= WORSE_POINTS || over) {
      stay();
    }
  }

  private void count(double ratio) {
    double better = ratio - 1;
    if (Math.abs(better) > DIFFERENT) {
      int by = Math.abs(better) > VERY_DIFFERENT ? POINTS_IF_VERY : 1;
      points += better > 0 ? by : -by;
    }
  }

  /** What was better may be better still, further on. */
  private void move() {
    wait = PAUSE;
    end(candidate);
    pause = 0;
  }

  private void stay() {
    kind = (kind + 1) % KINDS;
    wait = Math.min(wait * 2, LONGEST_PAUSE);
    end(level);
  }

  private void end(int newLevel) {
    level = newLevel;
    candidate = newLevel;
    tried = false;
    pause = wait;
    usualRate = 0;
    strange = 0;
  }

  private boolean isTrial() {
    return candidate != level;
  }
}
