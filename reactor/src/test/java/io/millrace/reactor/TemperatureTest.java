package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How pollers cool down and come back, on a clock that the test turns. */
class TemperatureTest {
  private static final long MICROS = 1_000;
  private static final long COLD = 101 * MICROS; // nothing is known of its pauses
  private static final long REST = 2_001 * MICROS;

  private final Reactor reactor = Reactor.stepped("stepped");
  private long now;

  @AfterEach
  void close() {
    reactor.close();
  }

  private int runAfter(long nanos) {
    now += nanos;
    return reactor.runOnce(now);
  }

  private void rounds(int count) {
    for (int i = 0; i < count; i++) {
      runAfter(0);
    }
  }

  @Test
  void aBusyPollerIsPolledEveryRoundAndItsWorkCounted() {
    TestPoller busy = TestPoller.busy();
    busy.work = 3;
    reactor.add(busy);

    assertThat(runAfter(0)).isEqualTo(3);
    rounds(9);

    assertThat(busy.polls).isEqualTo(10);
    assertThat(busy.arms).isZero();
  }

  @Test
  void aPollerIsAloneAsLongAsNobodyElseIsHot() {
    PollerHandle busy = reactor.add(TestPoller.busy());
    assertThat(busy.isAlone()).isTrue();

    PollerHandle idle = reactor.add(new TestPoller());
    assertThat(busy.isAlone()).isFalse();
    runAfter(0);
    runAfter(COLD);
    assertThat(busy.isAlone()).as("beside a cold one").isTrue();
    assertThat(idle.isAlone()).as("the cold one").isFalse();
  }

  @Test
  void aPollerWithoutWorkGetsColdAndIsPolledInTurn() {
    reactor.add(TestPoller.busy());
    List<TestPoller> idle = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      idle.add(new TestPoller());
      reactor.add(idle.get(i));
    }
    runAfter(0);
    runAfter(COLD);
    idle.forEach(poller -> poller.polls = 0);

    rounds(8);

    assertThat(idle).allMatch(poller -> poller.polls == 2);
  }

  @Test
  void aPollerStaysHotUntilItWasIdleForLong() {
    reactor.add(TestPoller.busy());
    TestPoller idle = new TestPoller();
    reactor.add(idle);
    runAfter(0);
    runAfter(COLD - 1 * MICROS - 1);
    idle.polls = 0;

    rounds(5);

    assertThat(idle.polls).isEqualTo(5);
  }

  @Test
  void aColdPollerThatFindsWorkIsHotAgain() {
    reactor.add(TestPoller.busy());
    TestPoller first = new TestPoller();
    TestPoller second = new TestPoller();
    reactor.add(first);
    reactor.add(second);
    runAfter(0);
    runAfter(COLD);
    first.work = 1;
    second.work = 1;
    rounds(2); // both had their turn
    first.polls = 0;
    second.polls = 0;

    rounds(4);

    assertThat(first.polls).isEqualTo(4);
    assertThat(second.polls).isEqualTo(4);
  }

  @Test
  void aColdPollerRestsArmedAfterAWhileAndIsNotPolled() {
    reactor.add(TestPoller.busy());
    TestPoller idle = new TestPoller();
    PollerHandle handle = reactor.add(idle);
    runAfter(0);
    runAfter(COLD);
    assertThat(handle.isResting()).isFalse();
    runAfter(REST);
    idle.polls = 0;

    rounds(10);

    assertThat(handle.isResting()).isTrue();
    assertThat(reactor.restingCount()).isEqualTo(1);
    assertThat(idle.arms).isEqualTo(1);
    assertThat(idle.polls).isZero();
  }

  @Test
  void aWakeUpMakesARestingPollerHotAndDisarmsIt() {
    reactor.add(TestPoller.busy());
    TestPoller idle = new TestPoller();
    PollerHandle handle = reactor.add(idle);
    runAfter(0);
    runAfter(COLD);
    runAfter(REST);
    idle.polls = 0;

    handle.wake();
    rounds(3);

    assertThat(handle.isResting()).isFalse();
    assertThat(idle.disarms).isEqualTo(1);
    assertThat(idle.polls).isEqualTo(3);
    assertThat(reactor.restingCount()).isZero();
  }

  @Test
  void aWakeUpMakesAColdPollerHotWithoutDisarmingIt() {
    reactor.add(TestPoller.busy());
    TestPoller first = new TestPoller();
    PollerHandle handle = reactor.add(first);
    reactor.add(new TestPoller());
    runAfter(0);
    runAfter(COLD);
    first.polls = 0;

    handle.wake();
    rounds(4);

    assertThat(first.polls).isEqualTo(4);
    assertThat(first.disarms).isZero();
  }

  @Test
  void pollersLearnTheirPausesAndRestAtOnceAfterRareWork() {
    TestPoller rare = new TestPoller();
    PollerHandle handle = reactor.add(rare);
    for (int i = 0; i < 4; i++) {
      runAfter(COLD);
      handle.wake();
      rare.work = 1;
      runAfter(10_000 * MICROS);
      rare.work = 0;
    }
    int arms = rare.arms;

    runAfter(4 * MICROS);

    assertThat(rare.arms).isEqualTo(arms + 1);
    assertThat(reactor.restingCount()).isEqualTo(1);
  }

  @Test
  void theWakeUpIsNoPartOfThePauseOfAllTogether() {
    List<TestPoller> slow = new ArrayList<>();
    List<PollerHandle> handles = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      slow.add(new TestPoller());
      handles.add(reactor.add(slow.get(i)));
    }
    for (int i = 0; i < 200; i++) { // each all 1.6 ms and more, one of them all 80 µs
      PollerHandle next = handles.get(i % 20);
      runAfter(4 * MICROS);
      boolean sleeps = reactor.restingCount() == 20;
      next.wake();
      slow.get(i % 20).work = 1;
      runAfter(i < 40 ? 10_000 * MICROS : (sleeps ? 126 : 76) * MICROS);
      slow.get(i % 20).work = 0;
    }

    runAfter(76 * MICROS);

    assertThat(reactor.restingCount()).isLessThan(20);
  }

  @Test
  void aWakeUpOfAPollerThatDoesNotRestChangesNothing() {
    TestPoller busy = TestPoller.busy();
    PollerHandle handle = reactor.add(busy);

    handle.wake();
    runAfter(0);

    assertThat(busy.disarms).isZero();
    assertThat(busy.polls).isEqualTo(1);
  }

  @Test
  void aPollerThatRefusesToBeArmedIsPolledOn() {
    reactor.add(TestPoller.busy());
    TestPoller idle = new TestPoller();
    idle.refusesArm = true;
    PollerHandle handle = reactor.add(idle);
    runAfter(0);
    runAfter(COLD);
    runAfter(REST);
    idle.polls = 0;

    rounds(4);

    assertThat(handle.isResting()).isFalse();
    assertThat(idle.arms).isEqualTo(1);
    assertThat(idle.polls).isEqualTo(4);
  }

  @Test
  void whenAllAreIdleAllRestAtOnce() {
    List<TestPoller> pollers = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      pollers.add(new TestPoller());
      reactor.add(pollers.get(i));
    }
    runAfter(0);
    runAfter(COLD);

    assertThat(reactor.restingCount()).isEqualTo(40);
    assertThat(pollers).allMatch(poller -> poller.arms == 1);
  }

  @Test
  void oneThatHasWorkAfterAllKeepsTheThreadAwakeAndTheOthersRest() {
    TestPoller idle = new TestPoller();
    TestPoller late = new TestPoller();
    late.refusesArm = true;
    reactor.add(idle);
    PollerHandle lateHandle = reactor.add(late);
    runAfter(0);
    runAfter(COLD);

    assertThat(lateHandle.isResting()).isFalse();
    assertThat(reactor.restingCount()).isEqualTo(1);
  }

  @Test
  void aPollerMayLeaveInItsOwnPollAndTheOthersArePolledOnce() {
    List<TestPoller> pollers = new ArrayList<>();
    List<PollerHandle> handles = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      pollers.add(TestPoller.busy());
      handles.add(reactor.add(pollers.get(i)));
    }
    pollers.get(2).inPoll = () -> handles.get(2).close();

    rounds(2);

    assertThat(pollers.get(2).polls).isEqualTo(1);
    pollers.remove(2);
    assertThat(pollers).allMatch(poller -> poller.polls == 2);
  }

  @Test
  void aPollerMayRemoveAllOthers() {
    List<PollerHandle> handles = new ArrayList<>();
    List<TestPoller> pollers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      pollers.add(TestPoller.busy());
      handles.add(reactor.add(pollers.get(i)));
    }
    pollers.get(3).inPoll = () -> handles.subList(0, 3).forEach(PollerHandle::close);

    rounds(2);

    assertThat(pollers.subList(0, 3)).allMatch(poller -> poller.polls == 0);
    assertThat(pollers.get(3).polls).isGreaterThanOrEqualTo(2);
  }

  @Test
  void aColdPollerMayLeaveInItsOwnPoll() {
    reactor.add(TestPoller.busy());
    TestPoller leaving = new TestPoller();
    PollerHandle handle = reactor.add(leaving);
    runAfter(0);
    runAfter(COLD);
    leaving.polls = 0;
    leaving.work = 1;
    leaving.inPoll = handle::close;

    rounds(3);

    assertThat(leaving.polls).isEqualTo(1);
  }

  @Test
  void aPollerThatLeavesWhileItIsArmedDoesNotRest() {
    TestPoller leaving = new TestPoller();
    PollerHandle handle = reactor.add(leaving);
    leaving.inArm = handle::close;
    runAfter(0);
    runAfter(COLD);

    assertThat(handle.isResting()).isFalse();
    assertThat(reactor.restingCount()).isZero();
    handle.wake();
    leaving.polls = 0;
    rounds(2);
    assertThat(leaving.polls).isZero();
  }

  @Test
  void aPollerThatRemovesTheOthersWhileItIsArmedRestsAlone() {
    List<PollerHandle> handles = new ArrayList<>();
    List<TestPoller> pollers = new ArrayList<>();
    reactor.add(TestPoller.busy());
    for (int i = 0; i < 4; i++) {
      pollers.add(new TestPoller());
      handles.add(reactor.add(pollers.get(i)));
    }
    runAfter(0);
    runAfter(COLD);
    for (int i = 0; i < 4; i++) {
      int self = i;
      pollers.get(i).inArm =
          () -> handles.stream().filter(h -> h != handles.get(self)).forEach(PollerHandle::close);
    }
    runAfter(REST);

    assertThat(reactor.restingCount()).isEqualTo(1);
    assertThat(pollers.stream().mapToInt(poller -> poller.arms).sum()).isEqualTo(1);
  }

  @Test
  void aRemovedPollerIsGoneWhateverItsTemperature() {
    reactor.add(TestPoller.busy());
    TestPoller resting = new TestPoller();
    PollerHandle handle = reactor.add(resting);
    runAfter(0);
    runAfter(COLD);
    runAfter(REST);

    handle.close();
    handle.close();
    handle.wake();
    resting.polls = 0;
    rounds(2);

    assertThat(reactor.restingCount()).isZero();
    assertThat(handle.isResting()).isFalse();
    assertThat(resting.polls).isZero();
  }

  @Test
  void aPollerAddedInARoundIsPolledFromTheNextOn() {
    TestPoller second = TestPoller.busy();
    TestPoller first = TestPoller.busy();
    first.inPoll =
        () -> {
          first.inPoll = null;
          reactor.add(second);
        };
    reactor.add(first);

    rounds(3);

    assertThat(first.polls).isEqualTo(3);
    assertThat(second.polls).isEqualTo(2);
  }
}
