package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The order of a round: pollers, what they deferred, messages, timers. */
class RoundTest {
  private final Reactor reactor = Reactor.stepped("stepped");
  private final List<String> order = new ArrayList<>();

  @AfterEach
  void close() {
    reactor.close();
  }

  @Test
  void deferredWorkRunsOnceAfterAllPollersInTheOrderAsked() {
    for (String name : List.of("a", "b")) {
      TestPoller poller = TestPoller.busy();
      poller.inPoll =
          () -> {
            poller.inPoll = null;
            order.add("poll " + name);
            reactor.defer(() -> order.add("end " + name));
          };
      reactor.add(poller);
    }

    reactor.runOnce(0);
    reactor.runOnce(0);

    assertThat(order).containsExactly("poll b", "poll a", "end b", "end a");
  }

  @Test
  void workDeferredAtTheEndOfARoundRunsInTheSameRound() {
    reactor.defer(() -> reactor.defer(() -> order.add("second")));

    reactor.runOnce(0);

    assertThat(order).containsExactly("second");
  }

  @Test
  void aHundredDeferredPiecesRunInOrder() {
    List<Integer> ran = new ArrayList<>();
    IntStream.range(0, 100).forEach(i -> reactor.defer(() -> ran.add(i)));

    reactor.runOnce(0);

    assertThat(ran).isEqualTo(IntStream.range(0, 100).boxed().toList());
  }

  @Test
  void workDeferredWhileArmingRunsBeforeTheThreadWouldSleep() {
    TestPoller poller = new TestPoller();
    poller.inArm = () -> reactor.defer(() -> order.add("deferred"));
    reactor.add(poller);
    reactor.runOnce(0);
    reactor.runOnce(101_000);

    assertThat(order).containsExactly("deferred");
  }

  @Test
  void messagesRunInTheOrderSent() {
    reactor.execute(() -> order.add("first"));
    reactor.execute(() -> order.add("second"));

    reactor.runOnce(0);

    assertThat(order).containsExactly("first", "second");
  }

  @Test
  void aTimerRunsWhenTheHandedClockSaysSo() {
    reactor.runOnce(1_000);
    reactor.schedule(500, () -> order.add("rings"));

    reactor.runOnce(1_499);
    assertThat(order).isEmpty();
    reactor.runOnce(1_500);
    assertThat(order).containsExactly("rings");
    reactor.runOnce(9_999);
    assertThat(order).containsExactly("rings");
  }

  @Test
  void timersRunInTheOrderOfTheirTimes() {
    reactor.schedule(300, () -> order.add("300"));
    reactor.schedule(100, () -> order.add("100"));
    reactor.schedule(200, () -> order.add("200"));

    reactor.runOnce(1_000);

    assertThat(order).containsExactly("100", "200", "300");
  }

  @Test
  void aCancelledTimerDoesNotRun() {
    Timer timer = reactor.schedule(100, () -> order.add("rings"));

    timer.cancel();
    timer.cancel();
    reactor.runOnce(1_000);

    assertThat(order).isEmpty();
  }

  @Test
  void theClockIsTheHandedOne() {
    reactor.runOnce(42);

    assertThat(reactor.nanoTime()).isEqualTo(42);
    assertThat(reactor.inReactor()).isTrue();
    assertThat(reactor.name()).isEqualTo("stepped");
    assertThat(reactor.eventLoop().inEventLoop()).isTrue();
  }

  @Test
  void aClosedReactorRunsWhatWasSentAndRefusesTheRest() {
    reactor.execute(() -> order.add("sent before"));

    reactor.close();

    assertThat(order).containsExactly("sent before");
    assertThat(reactor.execute(() -> order.add("sent after"))).isFalse();
    reactor.close();
  }
}
