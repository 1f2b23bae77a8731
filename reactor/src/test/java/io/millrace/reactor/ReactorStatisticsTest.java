package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReactorStatisticsTest {
  private static final int ROUND_NANOS = 20; // without work

  private final ReactorStatistics statistics = new ReactorStatistics();
  private long now = 1_000;

  ReactorStatisticsTest() {
    statistics.tick(now);
  }

  /** So many rounds, some of which find work and take longer. */
  private void ticks(int count, int rounds, int workRounds, int workNanos) {
    for (int i = 0; i < count; i++) {
      for (int round = 0; round < rounds; round++) {
        statistics.round(round < workRounds ? 32 : 0);
      }
      now += (long) workRounds * workNanos + (long) (rounds - workRounds) * ROUND_NANOS;
      statistics.tick(now);
    }
  }

  @Test
  void aThreadThatOnlyLooksIsIdle() {
    ticks(100, 256, 0, 0);

    assertThat(statistics.busyNanos()).isZero();
  }

  @Test
  void aThreadThatFindsWorkInEveryRoundIsBusyAllTheTime() {
    ticks(100, 4, 4, 2_000);

    assertThat(statistics.busyNanos()).isEqualTo(now - 1_000);
  }

  @Test
  void roundsThatFindNothingAreIdleTime() {
    ticks(1, 256, 0, 0);

    ticks(100, 250, 2, 2_000);

    assertThat(statistics.busyNanos()).isEqualTo(100 * 2 * 2_000);
  }

  @Test
  void looksInVainAreIdleTimeWhoeverMakesThem() {
    ticks(1, 256, 0, 0);

    for (int i = 0; i < 100; i++) {
      statistics.lingered(8);
      statistics.round(1);
      now += 8 * ROUND_NANOS + 300;
      statistics.tick(now);
    }

    assertThat(statistics.busyNanos()).isEqualTo(100 * 300);
  }

  @Test
  void aThreadThatWasStoppedWhileItLookedLearnsNothingFromIt() {
    ticks(10, 256, 0, 0);
    now += 10_000_000;

    ticks(1, 256, 0, 0);
    ticks(100, 250, 2, 2_000);

    assertThat(statistics.busyNanos()).isBetween(370_000L, 400_000L);
  }

  @Test
  void sleepIsIdle() {
    ticks(10, 4, 4, 2_000);
    long before = statistics.busyNanos();

    now += 50_000_000;
    statistics.woke(now);
    ticks(1, 4, 4, 2_000);

    assertThat(statistics.busyNanos() - before).isEqualTo(8_000);
    assertThat(statistics.sleptNanos()).isEqualTo(50_000_000);
    assertThat(statistics.sleeps()).isEqualTo(1);
  }

  @Test
  void busyIdleAndSleptTimeAreAllTheTimeThereIs() {
    ticks(10, 256, 0, 0);
    ticks(7, 250, 2, 2_000);
    now += 3_000_000;
    statistics.woke(now);
    ticks(5, 4, 4, 2_000);

    long all = statistics.busyNanos() + statistics.idleNanos() + statistics.sleptNanos();
    assertThat(all).isEqualTo(now - 1_000);
    assertThat(statistics.rounds()).isEqualTo(10 * 256 + 7 * 250 + 5 * 4);
  }
}
