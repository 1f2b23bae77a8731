package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.Cpu;
import io.millrace.linux.LinuxException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CoreDistanceTest {
  private static final int NO_SUCH_CORE = 8191;

  @Test
  void tellsWhatALineTakesBetweenTheCoresThatThereAre() throws Exception {
    CoreDistance distance = new CoreDistance();
    var _ = distance.look();

    boolean one = Cpu.affinity().cardinality() == 1;
    assertThat(distance.look())
        .matches(
            one
                ? "not measured: pin thread to cpu 1.*"
                : "a cache line takes \\d+ \\[[1-9]\\d*\\.\\.\\d+] ns there and back, median of 6");
  }

  @Test
  void aCoreThatMayNotBeUsedIsAnErrorAndNoWait() throws Exception {
    int core = Cpu.affinity().nextSetBit(0);

    assertThatThrownBy(() -> CoreDistance.nanos(core, NO_SUCH_CORE))
        .isInstanceOf(LinuxException.class)
        .hasMessageContaining("8191");
    assertThatThrownBy(() -> CoreDistance.nanos(NO_SUCH_CORE, core))
        .isInstanceOf(LinuxException.class);
  }
}
