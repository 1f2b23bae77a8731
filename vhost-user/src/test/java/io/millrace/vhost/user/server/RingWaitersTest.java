package io.millrace.vhost.user.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RingWaitersTest {
  private final RingWaiters waiters = new RingWaiters();
  private final List<String> told = new ArrayList<>();

  @Test
  void whoeverWaitsForTheEndIsToldOnceAndInOrder() {
    assertThat(waiters.any()).isFalse();
    waiters.awaitStop(() -> told.add("suspension"));
    waiters.awaitStop(() -> told.add("end of the session"));
    assertThat(waiters.any()).isTrue();
    assertThat(waiters.awaitsStop()).isTrue();

    waiters.stopped();
    waiters.stopped();

    assertThat(told).containsExactly("suspension", "end of the session");
    assertThat(waiters.any()).isFalse();
  }

  @Test
  void aRingThatThawsHasNobodyWaitForItsEnd() {
    waiters.awaitStop(() -> told.add("move"));

    waiters.forgetStop();
    waiters.stopped();

    assertThat(told).isEmpty();
    assertThat(waiters.awaitsStop()).isFalse();
  }

  @Test
  void memoryThatGoesIsWaitedForBesideTheEnd() {
    waiters.awaitMap(() -> told.add("memory"));
    waiters.awaitStop(() -> told.add("end"));

    waiters.mapDrained();
    waiters.mapDrained();

    assertThat(told).containsExactly("memory");
    assertThat(waiters.any()).isTrue();
  }

  @Test
  void aCountdownIsOverWhenEveryPartHasAnswered() {
    Countdown countdown = new Countdown(() -> told.add("all"));
    Runnable first = countdown.one();
    Runnable second = countdown.one();
    first.run();
    countdown.ready();
    assertThat(told).isEmpty();

    second.run();

    assertThat(told).containsExactly("all");
  }
}
