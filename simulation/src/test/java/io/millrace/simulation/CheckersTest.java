package io.millrace.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.simulation.Action.Kind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the two rules let pass, and what they do not, on one sector. */
class CheckersTest {
  private final List<Request> requests = new ArrayList<>();
  private final List<Long> reopened = new ArrayList<>();

  private Request add(Kind kind, long invoked, long responded) {
    Action.Submit what = new Action.Submit(requests.size(), kind, 0, 0, 1, 0);
    Request request = new Request(what, 1, invoked);
    request.responded = responded;
    request.status = responded == Request.NEVER ? 0xff : 0;
    requests.add(request);
    return request;
  }

  private Request write(long invoked, long responded) {
    return add(Kind.WRITE, invoked, responded);
  }

  private static long value(Request write) {
    return write.written(0);
  }

  private void read(long invoked, long responded, long value) {
    add(Kind.READ, invoked, responded).read = new long[] {value};
  }

  private boolean isRegister() {
    try {
      return Linearizability.check(requests, 0, Sector.ZERO);
    } catch (Violation e) {
      return false;
    }
  }

  private void afterPowerLoss(long found) {
    new Durability(requests, reopened).check(0, Sector.ZERO, found);
  }

  @Test
  void aReadFindsTheLastWriteBeforeIt() {
    Request first = write(1, 2);
    Request second = write(3, 4);
    read(5, 6, value(second));
    assertThat(isRegister()).isTrue();

    read(7, 8, value(first));
    assertThat(isRegister()).isFalse();
  }

  @Test
  void aReadBesideAWriteFindsEitherButNotTheOldAfterTheNew() {
    Request write = write(1, 10);
    read(2, 3, Sector.ZERO);
    read(4, 5, value(write));
    assertThat(isRegister()).isTrue();

    read(6, 7, Sector.ZERO);
    assertThat(isRegister()).isFalse();
  }

  @Test
  void aWriteIsDoneTwiceOnlyIfItWasRepeated() {
    Request first = write(1, 10);
    read(2, 3, value(first));
    Request second = write(4, 5);
    read(6, 7, value(second));
    read(11, 12, value(first));
    assertThat(isRegister()).isFalse();

    first.repeated = true;
    assertThat(isRegister()).isTrue();
  }

  @Test
  void aFailedWriteMayHaveHappenedUntilItsAnswer() {
    Request failed = write(1, 4);
    failed.status = 1;
    read(5, 6, Sector.ZERO);
    assertThat(isRegister()).isTrue();

    read(7, 8, value(failed));
    assertThat(isRegister()).isFalse();
  }

  @Test
  void whatWasAcknowledgedBeforeAFlushBeganIsThereAfterwards() {
    Request write = write(1, 2);
    add(Kind.FLUSH, 3, 4);

    assertThatCode(() -> afterPowerLoss(value(write))).doesNotThrowAnyException();
    assertThatThrownBy(() -> afterPowerLoss(Sector.ZERO))
        .isInstanceOf(Violation.class)
        .hasMessageContaining("older than what was durable: #0 WRITE");
  }

  @Test
  void aFlushThatBeganBeforeOrFailedOrWasNotAnsweredPromisesNothing() {
    write(1, 4);
    add(Kind.FLUSH, 3, 5);
    add(Kind.FLUSH, 6, 7).status = 1;
    add(Kind.FLUSH, 8, Request.NEVER);

    assertThatCode(() -> afterPowerLoss(Sector.ZERO)).doesNotThrowAnyException();
  }

  @Test
  void laterAndConcurrentWritesMayHaveSurvivedOlderOnesNot() {
    Request older = write(1, 2);
    Request concurrent = write(3, 6);
    write(5, 7);
    add(Kind.FLUSH, 8, 9);
    Request later = write(10, Request.NEVER);

    assertThatCode(() -> afterPowerLoss(value(concurrent))).doesNotThrowAnyException();
    assertThatCode(() -> afterPowerLoss(value(later))).doesNotThrowAnyException();
    assertThatThrownBy(() -> afterPowerLoss(value(older))).isInstanceOf(Violation.class);
  }

  @Test
  void anAcknowledgedWriteWithoutCacheIsDurableByItself() {
    write(1, 2).promised = true;

    assertThatThrownBy(() -> afterPowerLoss(Sector.ZERO))
        .hasMessageContaining("by its acknowledgement");
  }

  @Test
  void whatNobodyWroteIsFound() {
    write(1, 2);

    assertThatThrownBy(() -> afterPowerLoss(Sector.TORN)).hasMessageContaining("nobody wrote");
    assertThatThrownBy(() -> afterPowerLoss(Sector.of(77, 0))).hasMessageContaining("#77");
  }

  @Test
  void aDiskThatToldOfLostDataOwesNothingOnceItIsOpenedAgain() {
    write(1, 2);
    reopened.add(3L);
    add(Kind.FLUSH, 4, 5);

    assertThatCode(() -> afterPowerLoss(Sector.ZERO)).doesNotThrowAnyException();
  }
}
