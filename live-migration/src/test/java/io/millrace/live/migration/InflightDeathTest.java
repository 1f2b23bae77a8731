package io.millrace.live.migration;

import java.util.function.LongConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Back-ends that die between any two stores, also while they recover; a failure says its seed. */
class InflightDeathTest {
  private static final int SEEDS = Integer.getInteger("millrace.deaths", 2_000);

  @ParameterizedTest
  @ValueSource(classes = {SplitHistory.class, PackedHistory.class})
  void nothingIsLostAndNothingIsDoneTwice(Class<? extends LongConsumer> type) throws Exception {
    LongConsumer history = new DyingLoader().history(type);
    for (int seed = 0; seed < SEEDS; seed++) {
      history.accept(seed);
    }
  }
}
