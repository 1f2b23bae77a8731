package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.Cpu;
import io.millrace.linux.LinuxException;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CoreDistanceTest {
  private static final int NO_SUCH_CORE = 8191;

  @Test
  void tellsWhatALineTakesBetweenTheCoresThatThereAre() throws Exception {
    BitSet cores = Cpu.affinity();

    assertThat(CoreDistance.describe())
        .matches(
            cores.cardinality() > 1 ? "[1-9]\\d* ns for a cache line there and back" : "one core");
  }

  @Test
  void aCoreThatMayNotBeUsedIsAnErrorAndNoWait() throws Exception {
    int core = Cpu.affinity().nextSetBit(0);

    assertThatThrownBy(() -> CoreDistance.medianNanos(core, NO_SUCH_CORE))
        .isInstanceOf(LinuxException.class)
        .hasMessageContaining("8191");
    assertThatThrownBy(() -> CoreDistance.medianNanos(NO_SUCH_CORE, core))
        .isInstanceOf(LinuxException.class);
  }
}
