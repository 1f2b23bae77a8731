package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.virtqueue.RingFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RingRigTest {
  @ParameterizedTest
  @EnumSource
  void everyChainThatIsOfferedComesBackRoundAfterRound(RingFormat format) throws Exception {
    try (RingRig rig = new RingRig(format, 32)) {
      for (int round = 0; round < 3000; round++) { // the indices wrap around at 65536
        assertThat(rig.roundTrip()).isEqualTo(32);
      }
    }
  }
}
