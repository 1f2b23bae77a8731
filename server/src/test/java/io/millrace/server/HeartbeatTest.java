package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.reactor.Reactor;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HeartbeatTest {
  private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Reactor control = Reactor.stepped("control");
  private final Reactor first = Reactor.stepped("first");
  private final Reactor second = Reactor.stepped("second");
  private int beats;
  private long nowNanos;

  @AfterEach
  void close() {
    List.of(first, second, control).forEach(Reactor::close);
  }

  @Test
  void beatsOnceAPeriodWhileEveryReactorAnswers() {
    start();

    period(first, second);
    period(first, second);

    assertThat(beats).isEqualTo(2);
  }

  @Test
  void fallsSilentWhileOneReactorHangsAndGoesOnWhenItAnswers() {
    start();
    period(first);
    period(first);

    assertThat(beats).isZero();

    period(first, second);
    period(first, second);

    assertThat(beats).isEqualTo(2);
  }

  private void start() {
    control.runOnce(nowNanos);
    new Heartbeat(PERIOD_NANOS, control, List.of(first, second), () -> beats++).start();
  }

  /** One period, in which only these reactors do their work. */
  private void period(Reactor... working) {
    nowNanos += PERIOD_NANOS;
    control.runOnce(nowNanos);
    for (Reactor reactor : working) {
      reactor.runOnce(nowNanos);
    }
    control.runOnce(nowNanos);
  }
}
