package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** How long it pays to look, as learned from pauses; what that costs whoever chooses the pauses. */
class PollWindowTest {
  private static final long PRICE = 100_000;

  /** Whoever makes the pauses, and what they have cost. */
  private static final class Guest {
    private final long price;
    private final PollWindow window;
    private long cost;
    private long clairvoyants;

    Guest(long price) {
      this.price = price;
      window = new PollWindow(0, price);
    }

    void pause(long nanos) {
      cost += nanos <= window.nanos() ? nanos : window.nanos() + price;
      clairvoyants += Math.min(nanos, price);
      window.learn(nanos, price);
    }

    void staysInBound() {
      assertThat((double) cost).isLessThanOrEqualTo(PollWindow.WORST_RATIO * clairvoyants);
    }
  }

  private final Guest one = new Guest(PRICE);
  private final PollWindow window = one.window;

  private void pause(long nanos) {
    one.pause(nanos);
  }

  private void pauses(int count, long nanos) {
    for (int i = 0; i < count; i++) {
      pause(nanos);
    }
  }

  @Test
  void whoKnowsNothingLooksAsLongAsAWakeUpCosts() {
    assertThat(window.nanos()).isEqualTo(PRICE);
  }

  @Test
  void afterTwoLongPausesItSleepsAtOnce() {
    pause(10_000_000);
    assertThat(window.nanos()).isEqualTo(PRICE);
    pause(10_000_000);

    assertThat(window.nanos()).isZero();
  }

  @Test
  void shortPausesAreLookedThrough() {
    pauses(1_000, 80_000);

    assertThat(window.nanos()).isGreaterThanOrEqualTo(80_000);
    assertThat(one.cost).isEqualTo(one.clairvoyants);
  }

  @Test
  void pausesJustBeyondThePriceAreSleptThrough() {
    pauses(1_000, 101_000);

    assertThat(window.nanos()).isZero();
    assertThat(one.cost).isLessThan(one.clairvoyants + 3 * PRICE);
  }

  @Test
  void aBurstThenALongPauseIsLookedThroughInTheBurstOnly() {
    for (int i = 0; i < 20; i++) {
      pauses(50, 20_000);
      pause(9_000_000);
    }

    assertThat(window.nanos()).isEqualTo(PRICE / 4);
  }

  @Test
  void aRateThatRisesIsFollowedWithinTensOfRequests() {
    pauses(1_000, 10_000_000);
    pauses(30, 20_000);

    assertThat(window.nanos()).isGreaterThan(20_000);
  }

  @Test
  void aRateThatFallsIsFollowedWithinTensOfRequests() {
    pauses(1_000, 80_000);
    pauses(30, 10_000_000);

    assertThat(window.nanos()).isZero();
  }

  @Test
  void aPauseBeginsWithTheFirstTickWithoutWork() {
    assertThat(window.isOpen(5_000, true, PRICE)).isTrue();
    assertThat(window.isOpen(10_000, false, PRICE)).isTrue();
    assertThat(window.isOpen(105_000, false, PRICE)).isTrue();
    assertThat(window.isOpen(105_001, false, PRICE)).isFalse();
    assertThat(window.lastWorkNanos()).isEqualTo(5_000);
  }

  @Test
  void theWakeUpIsNoPartOfThePause() {
    for (int i = 0; i < 40; i++) { // 80 µs each and 50 until the thread runs
      window.sleeps();
      var _ = window.isOpen(i * 130_000L + 10_000, false, PRICE);
      assertThat(window.isOpen((i + 1) * 130_000L, true, PRICE)).isTrue();
    }

    assertThat(window.nanos()).isGreaterThanOrEqualTo(80_000);
  }

  @Test
  void aBusyQueueHasNoPauses() {
    pauses(2, 10_000_000); // the next long one would be the third of three
    for (int tick = 1; tick < 1_000; tick++) {
      assertThat(window.isOpen(tick * 90_000L, true, PRICE)).isTrue();
    }

    assertThat(window.nanos()).isZero();
  }

  @Test
  void oneThatCannotBeArmedIsLookedAtForAnotherWindow() {
    assertThat(window.isOpen(PRICE + 1, false, PRICE)).isFalse();

    window.openAgain(PRICE + 1);

    assertThat(window.isOpen(2 * PRICE + 1, false, PRICE)).isTrue();
    assertThat(window.isOpen(2 * PRICE + 2, false, PRICE)).isFalse();
    assertThat(window.lastWorkNanos()).isZero();
  }

  @Property(tries = 2_000)
  void noSequenceOfPausesCostsMoreThanTheBound(
      @ForAll @Size(max = 200) List<@LongRange(max = 1_000_000) Long> pauses,
      @ForAll @LongRange(min = 20_000, max = 200_000) long price) {
    Guest guest = new Guest(price);

    for (long nanos : pauses) {
      guest.pause(nanos);
      guest.staysInBound();
    }
  }

  @Property(tries = 500)
  void aGuestThatKnowsTheWindowCannotBreakTheBound(@ForAll long seed) {
    Random random = new Random(seed);
    Guest guest = new Guest(PRICE);
    long calm = random.nextBoolean() ? 20_000 : 10_000_000; // lets it think that it knows the guest
    for (int i = random.nextInt(200); i > 0; i--) {
      guest.pause(calm);
    }

    for (int i = 0; i < 2_000; i++) {
      guest.pause(random.nextInt(8) > 0 ? guest.window.nanos() + 1 : random.nextLong(3 * PRICE));
      guest.staysInBound();
    }
  }
}
