package io.millrace.reactor;

import static io.millrace.reactor.TickPace.PATIENCE;
import static io.millrace.reactor.TickPace.WEIGHT;
import static io.millrace.reactor.TickPace.WORK_WEIGHT;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TickPaceTest {
  @Test
  void aTickWaitsForTheEndOfARoundWithWork() {
    assertThat(TickPace.isDue(WEIGHT - 1, 0, true)).isFalse();
    assertThat(TickPace.isDue(WEIGHT, 0, false)).isFalse();
    assertThat(TickPace.isDue(WEIGHT, 0, true)).isTrue();
  }

  @Test
  void butNotForEver() {
    assertThat(TickPace.isDue(WEIGHT + PATIENCE - 1, 0, false)).isFalse();
    assertThat(TickPace.isDue(WEIGHT + PATIENCE, 0, false)).isTrue();
  }

  @Test
  void workBringsItSooner() {
    assertThat(TickPace.isDue(1, WEIGHT / WORK_WEIGHT - 1, true)).isFalse();
    assertThat(TickPace.isDue(1, WEIGHT / WORK_WEIGHT, true)).isTrue();
  }
}
