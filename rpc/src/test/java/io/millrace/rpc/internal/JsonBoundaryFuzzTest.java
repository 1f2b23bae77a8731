package io.millrace.rpc.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;

class JsonBoundaryFuzzTest {
  /** Seeds: text first, Jazzer takes the number for the split from its end. */
  @FuzzTest
  void anySplitGivesTheSameAndJacksonAgrees(FuzzedDataProvider data) {
    int cut = data.consumeInt(0, 4096);
    byte[] bytes = data.consumeRemainingAsBytes();

    int[] split = {Math.min(cut, bytes.length)};
    assertThat(JsonBoundaryModel.outcomes(bytes, split))
        .isEqualTo(JsonBoundaryModel.outcomes(bytes, new int[0]));
    JsonBoundaryModel.agreesWithJackson(bytes);
  }
}
