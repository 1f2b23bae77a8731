package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.LimitRig.Io;
import io.millrace.bdev.LimitRig.Pass;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of those behind a request that is cancelled while its bdev's limits hold it. */
class RateLimitCancelTest {
  private final LimitRig rig = new LimitRig(1);

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void aHeldRequestIsCancelledAndThoseBehindItMoveUp() {
    rig.limit(LimitRig.only(RateLimit.RW_IOS, 1));
    List<Io> all = rig.submit(5, IoType.READ, 512);
    rig.passed();

    all.subList(2, 4).forEach(rig.channels.getFirst()::cancel);

    assertThat(all.get(2).statuses).containsExactly(IoStatus.ABORTED);
    assertThat(all.get(3).statuses).containsExactly(IoStatus.ABORTED);
    rig.run(LimitRig.SECOND, LimitRig.MILLI);
    assertThat(rig.passes.stream().map(Pass::io)).containsExactly(all.get(4));
  }

  @Test
  void aHundredCancelledRequestsAreNotPaidFor() {
    rig.limit(LimitRig.only(RateLimit.RW_IOS, 10));
    rig.submit(102, IoType.READ, 512).forEach(rig.channels.getFirst()::cancel);
    rig.passed();

    rig.submit(IoType.READ, 512);
    rig.run(200 * LimitRig.MILLI, LimitRig.MILLI);

    assertThat(rig.passed()).isEqualTo(1);
    assertThat(rig.isIdle()).isTrue();
  }

  @Test
  void whatACancelledRequestHadTakenIsForTheNext() {
    rig.limit(LimitRig.only(RateLimit.RW_BYTES, 1));
    rig.submit(IoType.READ, 1 << 20);
    Io dear = rig.submit(IoType.READ, 4 << 20);
    rig.passed();

    rig.channels.getFirst().cancel(dear);
    rig.submit(IoType.READ, 512);
    rig.run(LimitRig.SECOND, LimitRig.MILLI);
    assertThat(rig.passed()).as("when the first is paid for").isEqualTo(1);

    Io head = rig.submit(IoType.READ, 4 << 20);
    rig.submit(2, IoType.READ, 512);
    rig.channels.getFirst().cancel(head);
    rig.run(10 * LimitRig.MILLI, LimitRig.MILLI);
    assertThat(rig.passed()).as("those behind it").isEqualTo(2);

    rig.submit(IoType.READ, 512);
    rig.run(10 * LimitRig.MILLI, LimitRig.MILLI);
    assertThat(rig.passed()).as("who comes later").isEqualTo(1);
  }

  @Test
  void aCrowdDoesNotGoAtOnceForTheTokensOfADearRequest() {
    rig.limit(LimitRig.only(RateLimit.RW_BYTES, 1));
    rig.submit(IoType.READ, 1 << 20);
    Io dear = rig.submit(0, "a", IoType.READ, 4 << 20);
    for (int i = 0; i < 64; i++) {
      rig.submit(0, "a", IoType.READ, 32 << 10);
    }
    rig.submit(0, "b", IoType.READ, 512);
    rig.passed();

    rig.channels.getFirst().cancel(dear);
    rig.run(2 * LimitRig.SECOND, LimitRig.MILLI);

    assertThat(rig.passed()).isEqualTo(1);
  }
}
