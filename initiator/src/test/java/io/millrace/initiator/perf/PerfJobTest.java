package io.millrace.initiator.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

/** A job, with a device that is played. */
class PerfJobTest {
  private static final int BLOCK = 4096;
  private static final int DEPTH = 4;

  @Test
  void measuredTimeBeginsBeforeTheFirstRequestIsSent() {
    long heldNanos = 20_000_000;
    PerfOptions options =
        PerfOptions.defaults().withLoad(ReadWrite.READ, BLOCK, DEPTH, 1).withSize(8 * BLOCK);
    try (Arena memory = Arena.ofConfined()) {
      long data = memory.allocate(DEPTH * BLOCK, BLOCK).address();
      JobRegion region = new JobRegion(0, 8, BLOCK);
      HeldUpQueue queue = new HeldUpQueue(DEPTH, heldNanos);
      PerfJob job = new PerfJob(new JobSpec(queue, options, region, data, -1, 7, null, 0));

      job.run();

      assertThat(job.totals().message()).isEmpty();
      assertThat(job.totals().runtimeNanos()).isGreaterThanOrEqualTo(heldNanos);
    }
  }
}
