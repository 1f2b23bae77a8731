package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BusyTimeTest {
  private static final int ROUND_NANOS = 20; // without work

  private final BusyTime busyTime = new BusyTime();
  private long now = 1_000;

  BusyTimeTest() {
    busyTime.tick(now);
  }

  /** So many rounds, some of which find work and take longer. */
  private void ticks(int count, int rounds, int workRounds, int workNanos) {
    for (int i = 0; i < count; i++) {
      for (int round = 0; round < rounds; round++) {
        busyTime.round(round < workRounds ? 32 : 0);
      }
      now += (long) workRounds * workNanos + (long) (rounds - workRounds) * ROUND_NANOS;
      busyTime.tick(now);
    }
  }

  @Test
  void aThreadThatOnlyLooksIsIdle() {
    ticks(100, 256, 0, 0);

    assertThat(busyTime.nanos()).isZero();
  }

  @Test
  void aThreadThatFindsWorkInEveryRoundIsBusyAllTheTime() {
    ticks(100, 4, 4, 2_000);

    assertThat(busyTime.nanos()).isEqualTo(now - 1_000);
  }

  @Test
  void roundsThatFindNothingAreIdleTime() {
    ticks(1, 256, 0, 0);

    ticks(100, 250, 2, 2_000);

    assertThat(busyTime.nanos()).isEqualTo(100 * 2 * 2_000);
  }

  @Test
  void aThreadThatWasStoppedWhileItLookedLearnsNothingFromIt() {
    ticks(10, 256, 0, 0);
    now += 10_000_000;

    ticks(1, 256, 0, 0);
    ticks(100, 250, 2, 2_000);

    assertThat(busyTime.nanos()).isBetween(370_000L, 400_000L);
  }

  @Test
  void sleepIsIdle() {
    ticks(10, 4, 4, 2_000);
    long before = busyTime.nanos();

    now += 50_000_000;
    busyTime.woke(now);
    ticks(1, 4, 4, 2_000);

    assertThat(busyTime.nanos() - before).isEqualTo(8_000);
  }
}
