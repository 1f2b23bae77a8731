package io.millrace.vhost.user.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** When calls are put off and for how long, by a clock of the test's. */
class CallPacerTest {
  private static final long WINDOW = CallPacer.WINDOW_NANOS;

  private Coalescing setting = Coalescing.OFF;
  private final CallPacer pacer = new CallPacer(() -> setting, this::now);
  private long now = 5_000_000_000L;
  private int looks; // at the clock

  private long now() {
    looks++;
    return now;
  }

  private boolean call() {
    pacer.hold();
    return pacer.takeDue();
  }

  /** Answers so many requests of a window, and ends it. */
  private void window(int requests) {
    answer(requests);
    now += WINDOW;
    assertThat(call()).isTrue(); // with this look a new window begins
  }

  private void answer(int requests) {
    for (int i = 0; i < requests; i++) {
      pacer.answered(1);
    }
  }

  @Test
  void everyCallIsMadeAtOnceWhereNothingIsSet() {
    for (int i = 0; i < 100; i++) {
      pacer.answered(1);
      assertThat(call()).isTrue();
    }
    assertThat(pacer.isHolding()).isFalse();
    assertThat(looks).as("looks at the clock").isZero();
  }

  @Test
  void noCallIsMadeThatNobodyWants() {
    pacer.answered(1);

    assertThat(pacer.takeDue()).isFalse();
  }

  @Test
  void ringBelowTheThresholdCallsAtOnce() {
    setting = new Coalescing(100, 100_000);
    window(1000);
    window(1000); // 100,000 a second

    assertThat(call()).isTrue();
    assertThat(call()).isTrue();
  }

  @Test
  void ringBeyondItWaitsForTheBaseTimesItsShare() {
    setting = new Coalescing(100, 100_000);
    window(0);
    window(3000); // three times the threshold: 200 us

    assertThat(call()).isFalse();
    now += 199_999;
    assertThat(pacer.takeDue()).isFalse();
    now++;
    assertThat(pacer.takeDue()).isTrue();
    assertThat(pacer.isHolding()).isFalse();
  }

  @Test
  void callOfADriverThatStoppedSendingWaitsForOneWindowAtMost() {
    setting = new Coalescing(Coalescing.MAX_DELAY_MICROS, Coalescing.MIN_THRESHOLD);
    window(0);
    answer(100_000);
    now += WINDOW;
    assertThat(call()).isFalse();

    now += WINDOW;

    assertThat(pacer.takeDue()).isTrue();
  }

  @Test
  void switchingItOffLetsAHeldCallGo() {
    setting = new Coalescing(100, 100_000);
    window(0);
    window(3000);
    assertThat(call()).isFalse();

    setting = Coalescing.OFF;

    assertThat(pacer.takeDue()).isTrue();
  }

  @Test
  void numbersThatMakeNoSenseAreRefused() {
    assertThatThrownBy(() -> new Coalescing(-1, 1000)).hasMessageContaining("-1 us");
    assertThatThrownBy(() -> new Coalescing(1_000_001, 1000)).hasMessageContaining("1000001 us");
    assertThatThrownBy(() -> new Coalescing(1, 99)).hasMessageContaining("below 100");
  }
}
