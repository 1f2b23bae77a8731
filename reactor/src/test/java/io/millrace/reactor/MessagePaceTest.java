package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MessagePaceTest {
  private static final long NOW = -5_000_000; // a clock may say so

  private final MessagePace pace = new MessagePace();

  @Test
  void theFirstLookIsDueAtOnce() {
    assertThat(pace.begins(NOW, 0)).isTrue();
  }

  @Test
  void aLookThatFoundNothingIsFollowedByAGap() {
    pace.looked(NOW, 0);

    assertThat(pace.begins(NOW + MessagePace.GAP_NANOS - 1, 0)).isFalse();
    assertThat(pace.begins(NOW + MessagePace.GAP_NANOS, 0)).isTrue();
  }

  @Test
  void theGapIsShorterWhereAPollerWaitsForAWakeUp() {
    pace.looked(NOW, 0);

    assertThat(pace.begins(NOW + MessagePace.RESTING_GAP_NANOS - 1, 1)).isFalse();
    assertThat(pace.begins(NOW + MessagePace.RESTING_GAP_NANOS, 1)).isTrue();
  }

  @Test
  void thereIsNoGapWhileLooksFindSomething() {
    pace.looked(NOW, 3);
    assertThat(pace.begins(NOW, 0)).isTrue();

    pace.looked(NOW, 0);
    assertThat(pace.begins(NOW + 1, 0)).isFalse();
  }

  @Test
  void whatIsSentWaitsForNoGapAndIsLookedAtOnce() {
    pace.looked(NOW, 0);
    pace.sent();
    pace.sent();

    assertThat(pace.begins(NOW + 1, 0)).isTrue();
    pace.looked(NOW + 1, 0);
    assertThat(pace.begins(NOW + 2, 0)).isFalse();
  }

  @Test
  void whatIsSentDuringALookHasAnother() {
    pace.looked(NOW, 0);
    pace.sent();
    assertThat(pace.begins(NOW + 1, 0)).isTrue();

    pace.sent();
    pace.looked(NOW + 1, 0);

    assertThat(pace.begins(NOW + 2, 0)).isTrue();
  }
}
