package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whether a command is kept out is asked for each, and allocates nothing. */
class ReservedAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int COMMANDS = 100_000;
  private static final Access[] WANTED = {Access.READ, Access.WRITE, Access.STATUS};

  private static int count(LunNexus nexus) {
    int kept = 0;
    for (int i = 0; i < COMMANDS; i++) {
      kept += nexus.isKeptOut(WANTED[i % 3]) ? 1 : 0;
    }
    return kept;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 5, 6, 7, 8})
  void askingAllocatesNothing(int type) throws Exception {
    try (ReserveRig scsi = new ReserveRig().ready("a:t", "b:t", "c:t")) {
      scsi.register("a:t", 0, 0xa);
      scsi.register("b:t", 0, 0xb);
      if (type != 0) {
        scsi.reserve("a:t", 0xa, type);
      }
      LunNexus holder = scsi.path("a:t").status();
      LunNexus registrant = scsi.path("b:t").status();
      LunNexus stranger = scsi.path("c:t").status();

      long allocated = -1;
      int kept = 0;
      for (int batch = 0; batch < 40 && allocated != 0; batch++) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        long asking = THREADS.getCurrentThreadAllocatedBytes() - before;
        kept = count(holder) + count(registrant) + count(stranger);
        allocated = THREADS.getCurrentThreadAllocatedBytes() - before - 2 * asking;
      }

      assertThat(allocated).as("bytes for %d commands", 3 * COMMANDS).isZero();
      assertThat(kept).as("somebody was kept out").matches(some -> (some > 0) == (type != 0));
    }
  }
}
