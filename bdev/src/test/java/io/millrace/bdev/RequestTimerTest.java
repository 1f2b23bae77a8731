package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.reactor.Reactor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a request takes is known, though few looks at the clock are. */
class RequestTimerTest {
  private static final int MANY = 12_800;

  private final Reactor reactor = Reactor.stepped("stepped");
  private final RequestTimer timer = new RequestTimer(reactor.stretchClock());
  private final TestIo small = TestIo.of(IoType.READ, 0, 4096);
  private long now;

  @AfterEach
  void close() {
    reactor.close();
  }

  private void pass(long nanos) {
    now += nanos;
    reactor.runOnce(now);
  }

  private long took(TestIo io, long nanos) {
    timer.begin(io);
    pass(nanos);
    return timer.end(io);
  }

  @Test
  void aRequestThatWaitsTakesTheTimeItWaits() {
    assertThat(took(small, 12_345)).isEqualTo(12_345);
    assertThat(took(small, 1)).isEqualTo(1);
  }

  @Test
  void ofRequestsThatEndAtOnceTheFirstOfATypeIsMeasured() {
    timer.atOnce();

    assertThat(took(small, 100)).isEqualTo(100);
    assertThat(took(TestIo.of(IoType.WRITE, 0, 4096), 250)).isEqualTo(250);
  }

  @Test
  void ofRequestsThatEndAtOnceOneInSixtyFourIsMeasured() {
    timer.atOnce();
    took(small, 1);

    int measured = 0;
    long last = 1;
    for (int i = 2; i < MANY + 2; i++) {
      long took = took(small, i);
      assertThat(took).isIn(last, (long) i);
      measured += took == i ? 1 : 0;
      last = took;
    }

    assertThat(measured).isBetween(MANY / 80, MANY / 52);
  }

  @Test
  void everyLongRequestThatEndsAtOnceIsMeasuredAndSpoilsNoShortOne() {
    timer.atOnce();
    took(small, 100);
    TestIo large = TestIo.of(IoType.READ, 0, 128 << 10);

    for (int i = 0; i < 100; i++) {
      assertThat(took(large, 9_000 + i)).isEqualTo(9_000 + i);
    }
    for (int i = 0; i < 100; i++) {
      assertThat(took(small, 100)).isEqualTo(100);
    }
  }

  @Test
  void aRequestThatHasToWaitForALockIsMeasuredWhateverItsDiskDoes() {
    timer.atOnce();
    took(small, 100);
    for (int i = 0; i < 100; i++) {
      timer.begin(small);
      timer.waits(small);
      pass(70_000 + i);

      assertThat(timer.end(small)).isEqualTo(70_000 + i);
    }
  }
}
