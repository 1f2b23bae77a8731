package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What one poller, message or listener throws is its own affair; a memory fault is everybody's. */
class FailureTest {
  private static final long IDLE = 101_000;

  private final Reactor reactor = Reactor.stepped("stepped");
  private final TestPoller other = TestPoller.busy();
  private final RuntimeException cause = new IllegalStateException("a bug");

  @AfterEach
  void close() {
    reactor.close();
  }

  private void fail() {
    throw cause;
  }

  private static void fault() {
    throw new InternalError("a fault occurred in an unsafe memory access operation");
  }

  @Test
  void aPollerThatThrowsIsToldAndNoLongerPolledAndTheOthersGoOn() {
    TestPoller broken = TestPoller.busy();
    broken.inPoll = this::fail;
    reactor.add(other);
    reactor.add(broken);

    reactor.runOnce(0);
    reactor.runOnce(0);

    assertThat(broken.failures).containsExactly(cause);
    assertThat(broken.polls).isEqualTo(1);
    assertThat(other.polls).isEqualTo(2);
  }

  @Test
  void aPollerThatThrowsAnErrorIsTreatedTheSame() {
    TestPoller broken = TestPoller.busy();
    broken.inPoll =
        () -> {
          throw new AssertionError("a broken promise");
        };
    reactor.add(broken);

    reactor.runOnce(0);
    reactor.runOnce(0);

    assertThat(broken.failures).hasSize(1);
    assertThat(broken.polls).isEqualTo(1);
  }

  @Test
  void aPollerThatThrowsWhenArmedIsToldAndDoesNotRest() {
    TestPoller broken = new TestPoller();
    broken.inArm = this::fail;
    PollerHandle handle = reactor.add(broken);
    reactor.runOnce(0);
    reactor.runOnce(IDLE);

    assertThat(broken.failures).containsExactly(cause);
    assertThat(handle.isResting()).isFalse();
  }

  @Test
  void aPollerThatThrowsWhenDisarmedIsToldAndNoLongerPolled() {
    TestPoller broken = new TestPoller();
    broken.inDisarm = this::fail;
    PollerHandle handle = reactor.add(broken);
    reactor.runOnce(0);
    reactor.runOnce(IDLE);
    broken.polls = 0;

    handle.wake();
    reactor.runOnce(IDLE);

    assertThat(broken.failures).containsExactly(cause);
    assertThat(broken.polls).isZero();
  }

  @Test
  void aPollerThatThrowsWhenToldThatItThrewIsGoneAndTheOthersGoOn() {
    TestPoller broken = TestPoller.busy();
    broken.inPoll = this::fail;
    broken.inFailed = this::fail;
    reactor.add(other);
    reactor.add(broken);

    reactor.runOnce(0);
    reactor.runOnce(0);

    assertThat(broken.polls).isEqualTo(1);
    assertThat(other.polls).isEqualTo(2);
  }

  @Test
  void aMemoryFaultInAPollReachesEveryListenerAndNobodyIsRemoved() {
    List<String> told = new ArrayList<>();
    FaultListener gone = () -> told.add("gone");
    reactor.addFaultListener(() -> told.add("first"));
    reactor.addFaultListener(gone);
    reactor.addFaultListener(() -> told.add("second"));
    reactor.removeFaultListener(gone);
    TestPoller faulty = TestPoller.busy();
    faulty.inPoll = FailureTest::fault;
    reactor.add(other);
    reactor.add(faulty);

    reactor.runOnce(0);
    reactor.runOnce(0);

    assertThat(told).containsExactly("first", "second", "first", "second");
    assertThat(faulty.failures).isEmpty();
    assertThat(faulty.polls).isEqualTo(2);
    assertThat(other.polls).isEqualTo(2);
  }

  @Test
  void aMemoryFaultWhileArmingKeepsThePollerAwake() {
    List<String> told = new ArrayList<>();
    reactor.addFaultListener(() -> told.add("told"));
    TestPoller faulty = new TestPoller();
    faulty.inArm = FailureTest::fault;
    PollerHandle handle = reactor.add(faulty);
    reactor.runOnce(0);
    reactor.runOnce(IDLE);

    assertThat(told).containsExactly("told");
    assertThat(handle.isResting()).isFalse();
    assertThat(faulty.failures).isEmpty();
  }

  @Test
  void aMemoryFaultWhileDisarmingIsAFault() {
    List<String> told = new ArrayList<>();
    reactor.addFaultListener(() -> told.add("told"));
    TestPoller faulty = new TestPoller();
    PollerHandle handle = reactor.add(faulty);
    reactor.runOnce(0);
    reactor.runOnce(IDLE);
    faulty.inDisarm = FailureTest::fault;

    handle.wake();

    assertThat(told).containsExactly("told");
    assertThat(faulty.failures).isEmpty();
    assertThat(handle.isResting()).isFalse();
  }

  @Test
  void aListenerMayLeaveWhileItIsTold() {
    List<String> told = new ArrayList<>();
    FaultListener[] leaving = new FaultListener[1];
    leaving[0] =
        () -> {
          told.add("leaving");
          reactor.removeFaultListener(leaving[0]);
        };
    reactor.addFaultListener(leaving[0]);
    reactor.addFaultListener(() -> told.add("staying"));
    reactor.execute(FailureTest::fault);
    reactor.runOnce(0);
    reactor.execute(FailureTest::fault);
    reactor.runOnce(0);

    assertThat(told).containsExactly("leaving", "staying", "staying");
  }

  @Test
  void aListenerThatThrowsDoesNotKeepTheOthersFromBeingTold() {
    List<String> told = new ArrayList<>();
    reactor.addFaultListener(this::fail);
    reactor.addFaultListener(FailureTest::fault);
    reactor.addFaultListener(() -> told.add("told"));
    TestPoller faulty = TestPoller.busy();
    faulty.inPoll = FailureTest::fault;
    reactor.add(faulty);

    reactor.runOnce(0);

    assertThat(told).containsExactly("told");
  }

  @Test
  void deferredWorkThatThrowsOrFaultsRunsOnceAndTheRestRuns() {
    List<String> order = new ArrayList<>();
    reactor.addFaultListener(() -> order.add("fault"));
    reactor.defer(() -> {
      order.add("throws");
      fail();
    });
    reactor.defer(() -> {
      order.add("faults");
      fault();
    });
    reactor.defer(() -> order.add("runs"));

    reactor.runOnce(0);
    reactor.runOnce(0);

    assertThat(order).containsExactly("throws", "faults", "fault", "runs");
  }

  @Test
  void aMessageThatThrowsDoesNotKeepTheNextFromRunning() {
    List<String> order = new ArrayList<>();
    reactor.execute(this::fail);
    reactor.execute(FailureTest::fault);
    reactor.execute(() -> order.add("runs"));

    reactor.runOnce(0);

    assertThat(order).containsExactly("runs");
  }
}
