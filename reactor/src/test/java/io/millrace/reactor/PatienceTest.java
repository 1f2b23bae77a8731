package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PatienceTest {
  private final Patience patience = new Patience();

  @Test
  void anIdleReactorSleepsAfterAMoment() {
    assertThat(patience.isOver(Patience.SHORT_NANOS)).isFalse();
    assertThat(patience.isOver(Patience.SHORT_NANOS + 1)).isTrue();
  }

  @Test
  void workThatComesSoonIsWaitedForAwake() {
    patience.gapWas(Patience.LONG_NANOS);

    assertThat(patience.isOver(Patience.LONG_NANOS)).isFalse();
    assertThat(patience.isOver(Patience.LONG_NANOS + 1)).isTrue();
  }

  @Test
  void oneLongGapMakesItImpatientAgain() {
    patience.gapWas(Patience.SHORT_NANOS);
    patience.gapWas(Patience.LONG_NANOS + 1);

    assertThat(patience.isOver(Patience.SHORT_NANOS + 1)).isTrue();
  }
}
