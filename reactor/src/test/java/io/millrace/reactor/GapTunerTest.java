package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** That the gap is found, on a virtual clock, for loads as they were measured with SPDK's. */
class GapTunerTest {
  private static final int[] SPINS = {0, 4, 8, 12, 24, 48, 96, 192};

  /** Million requests a second with each gap; the processors share no cache. */
  private static final double[] FAR_DEPTH_128 = {4.33, 4.41, 4.37, 4.37, 4.41, 5.0, 5.32, 5.6};

  /** The processors are two threads of one core. */
  private static final double[] NEAR_DEPTH_32 = {11.9, 11.9, 12, 12.2, 12.3, 9.7, 7.3, 5.0};

  private static final double[] NEAR_DEPTH_8 = {8.45, 8.4, 8.1, 7.5, 6.15, 4.5, 2.9, 1.7};
  private static final double[] NEAR_DEPTH_1 = {2.8, 2.95, 3.0, 2.2, 1.6, 1.0, 0.5, 0.3};

  private static final int SEEDS = 20;
  private static final long TICK_NANOS = 20_000;
  private static final double NOISE = 0.1; // of the work from tick to tick: 2 % of a window

  private final GapTuner tuner = new GapTuner();
  private Random random = new Random(0);
  private long now;
  private double work; // in all

  @BeforeEach
  void seed(TestInfo test) {
    random = new Random(test.getDisplayName().hashCode()); // the number of the repetition is in it
  }

  @RepeatedTest(SEEDS)
  void aDriverFarAwayWithManyRequestsGetsALongGap() {
    run(1_000, FAR_DEPTH_128);

    assertThat(share(2_000, FAR_DEPTH_128)).isGreaterThan(0.97);
  }

  @RepeatedTest(SEEDS)
  void aDriverThatWaitsForItsAnswersGetsAShortOne() {
    run(1_000, NEAR_DEPTH_8);
    assertThat(share(2_000, NEAR_DEPTH_8)).isGreaterThan(0.97);

    run(1_000, NEAR_DEPTH_1);
    assertThat(share(2_000, NEAR_DEPTH_1)).isGreaterThan(0.97);
  }

  @RepeatedTest(SEEDS)
  void whatIsMuchWorseIsNotTriedForLong() {
    assertThat(share(2_000, NEAR_DEPTH_32)).isGreaterThan(0.95); // 2 % are not told apart
  }

  @RepeatedTest(SEEDS)
  void anotherLoadIsNoticed() {
    run(2_000, FAR_DEPTH_128);
    assertThat(tuner.spins()).isGreaterThanOrEqualTo(96);

    run(500, NEAR_DEPTH_8);

    assertThat(share(500, NEAR_DEPTH_8)).isGreaterThan(0.95);
  }

  @RepeatedTest(SEEDS)
  void interruptionsDoNotDisturb() {
    for (int i = 0; i < 100; i++) {
      run(20, FAR_DEPTH_128);
      now += 60_000_000;
    }

    assertThat(share(20, FAR_DEPTH_128)).isGreaterThan(0.95);
  }

  @RepeatedTest(SEEDS)
  void aSlowLoadHasTheFirstGapAgainSoonAndKeepsIt() {
    run(2_000, FAR_DEPTH_128);
    double[] slow = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};

    run(100, slow);

    for (int i = 0; i < 1_000; i++) {
      run(1, slow);
      assertThat(tuner.spins()).isEqualTo(8);
    }
  }

  @Test
  void nothingIsTunedBesideOtherPollers() {
    for (int i = 0; i < 10_000; i++) {
      now += TICK_NANOS;
      tuner.worked(100);
      tuner.tick(now, false);
      assertThat(tuner.spins()).isEqualTo(8);
    }
  }

  /** What was done in so many milliseconds, of what the best gap would have done. */
  private double share(int millis, double[] rates) {
    double best = 0;
    for (double rate : rates) {
      best = Math.max(best, rate);
    }
    work = 0;
    run(millis, rates);
    return work / (best * millis * 1_000);
  }

  private void run(int millis, double[] rates) {
    long end = now + millis * 1_000_000L;
    while (now < end) {
      now += TICK_NANOS;
      double rate = rates[indexOf(tuner.spins())];
      long done = Math.round(rate * TICK_NANOS / 1_000 * (1 + NOISE * random.nextGaussian()));
      work += done;
      tuner.worked((int) done);
      tuner.tick(now, true);
    }
  }

  private static int indexOf(int spins) {
    for (int i = 0; i < SPINS.length; i++) {
      if (SPINS[i] == spins) {
        return i;
      }
    }
    throw new AssertionError("a gap of " + spins + " spins was not measured");
  }
}
