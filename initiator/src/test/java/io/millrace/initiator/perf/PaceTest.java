package io.millrace.initiator.perf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PaceTest {
  private static final long START = 7_000_000_123L; // of a clock that has run for a while
  private static final long SECOND = 1_000_000_000L;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000, 999_983})
  void asManyAreDueInASecondAsTheRateSays(int rate) {
    Pace pace = begun(rate);
    long step = Math.min(Pace.MOST_BEHIND_NANOS, SECOND / rate / 3);

    int taken = 0;
    for (long now = START; now < START + 3 * SECOND; now += step) {
      taken += pace.take(Direction.READ, now) ? 1 : 0;
    }

    assertThat(taken).isEqualTo(3 * rate);
  }

  @Test
  void nextIsDueAnIntervalLaterToTheNanosecond() {
    Pace pace = begun(1000);

    assertThat(pace.take(Direction.READ, START)).isTrue();
    assertThat(pace.take(Direction.READ, START + 999_999)).isFalse();
    assertThat(pace.take(Direction.READ, START + 1_000_000)).isTrue();
    assertThat(pace.take(Direction.READ, START + 1_000_000)).isFalse();
  }

  @Test
  void hiccupIsMadeUpFor() {
    Pace pace = begun(1000);

    assertThat(takenAt(pace, START + Pace.MOST_BEHIND_NANOS)).isEqualTo(11);
  }

  @Test
  void pauseIsFollowedByNoBurst() {
    Pace pace = begun(1000);
    long after = START + Pace.MOST_BEHIND_NANOS + 1;

    assertThat(takenAt(pace, after)).isEqualTo(1);
    assertThat(takenAt(pace, after + 1_000_000)).isEqualTo(1);
  }

  @Test
  void directionsHaveClocksOfTheirOwn() {
    Pace pace = begun(1000);

    assertThat(pace.take(Direction.READ, START)).isTrue();
    assertThat(pace.take(Direction.WRITE, START)).isTrue();
    assertThat(pace.take(Direction.READ, START)).isFalse();
  }

  @Test
  void withoutARateEverythingIsDue() {
    assertThat(takenAt(begun(0), START)).isEqualTo(1000);
  }

  private static Pace begun(int rate) {
    Pace pace = new Pace(rate);
    pace.begin(START);
    return pace;
  }

  /** How many of a thousand are due at one moment. */
  private static int takenAt(Pace pace, long now) {
    int taken = 0;
    for (int i = 0; i < 1000; i++) {
      taken += pace.take(Direction.READ, now) ? 1 : 0;
    }
    return taken;
  }
}
