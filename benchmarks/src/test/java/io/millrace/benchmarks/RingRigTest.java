package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RingRigTest {
  @Test
  void everyChainThatIsOfferedComesBackRoundAfterRound() throws Exception {
    try (RingRig rig = new RingRig(32)) {
      for (int round = 0; round < 3000; round++) { // the indices wrap around at 65536
        assertThat(rig.roundTrip()).isEqualTo(32);
      }
    }
  }
}
