package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a wake-up costs, as measured by messages that find the thread asleep. */
class WakeUpPriceTest {
  private final WakeUpPrice price = new WakeUpPrice();

  private void measure(int times, long nanos) {
    for (int i = 0; i < times; i++) {
      price.measured(nanos);
    }
  }

  @Test
  void priceIsTwiceTheLatency() {
    assertThat(price.nanos()).isEqualTo(2 * WakeUpPrice.DEFAULT_LATENCY_NANOS);
    assertThat(WakeUpPrice.latency(price.nanos())).isEqualTo(WakeUpPrice.DEFAULT_LATENCY_NANOS);
  }

  @Test
  void fewShortOnesAreBelievedAndOneLongOneHardly() {
    measure(6, 20_000);
    assertThat(price.nanos()).isBetween(40_000L, 41_000L);

    measure(1, 5_000_000);
    assertThat(price.nanos()).isLessThan(51_000);
  }

  @Test
  void noMeasurementTakesItOutOfItsBounds() {
    measure(100, -1);
    assertThat(price.nanos()).isBetween(20_000L, 20_010L);

    measure(200, Long.MAX_VALUE);
    assertThat(price.nanos()).isBetween(199_960L, 200_000L);
  }

  @Test
  void messageSentBeforeTheSleepMeasuresNothing() {
    long now = System.nanoTime();
    price.sleeps(now);
    price.messageRuns(now - 1);
    price.messageRuns(now + 1); // did not find it asleep either: the first had woken it up

    assertThat(price.nanos()).isEqualTo(2 * WakeUpPrice.DEFAULT_LATENCY_NANOS);
  }

  @Test
  void messageSentWhileItSleptMeasuresTheWakeUp() {
    long now = System.nanoTime();
    price.sleeps(now - 2);
    price.messageRuns(now - 1);

    assertThat(price.nanos()).isNotEqualTo(2 * WakeUpPrice.DEFAULT_LATENCY_NANOS);
  }

  @Test
  void messageToAThreadThatIsAwakeMeasuresNothing() {
    long now = System.nanoTime();
    price.sleeps(now - 2);
    price.awake();
    price.messageRuns(now - 1);

    assertThat(price.nanos()).isEqualTo(2 * WakeUpPrice.DEFAULT_LATENCY_NANOS);
  }
}
