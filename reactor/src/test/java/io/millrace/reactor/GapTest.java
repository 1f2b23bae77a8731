package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** When drivers are left alone, and when there is no reason to. */
class GapTest {
  private final Gap gap = new Gap();

  @Test
  void aRoundWithoutWorkHasNoGapBehindIt() {
    assertThat(gap.after(0, 1)).isZero();
    assertThat(gap.after(3, 1)).isPositive();
  }

  @Test
  void otherHotPollersTakeItsTime() {
    assertThat(gap.after(1, 2)).isEqualTo(4);
    assertThat(gap.after(1, 4)).isEqualTo(2);
    assertThat(gap.after(1, 100)).isZero();
  }

  @Test
  void whoKnowsOfMoreGoesOnAtOnceThatOneTime() {
    gap.skip();

    assertThat(gap.after(32, 1)).isZero();
    assertThat(gap.after(32, 1)).isPositive();
  }
}
