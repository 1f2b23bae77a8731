package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.linux.RawMemory;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands that guests use all the time allocate nothing once they are warm. */
class ScsiAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int COMMANDS = 20_000;
  private static final int BATCHES = 60;

  private static final class Counted extends ScsiTask {
    int failed;

    @Override
    protected void ended() {
      failed += status() == ScsiStatus.GOOD ? 0 : 1;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "READ(10), 28 00 00 00 00 10 00 00 08 00, 4096",
    "READ(10) with FUA, 28 08 00 00 00 10 00 00 08 00, 4096",
    "READ(16), 88 00 00 00 00 00 00 00 00 10 00 00 00 80 00 00, 65536",
    "WRITE(10), 2a 00 00 00 00 10 00 00 08 00, 4096",
    "WRITE(16) with FUA, 8a 08 00 00 00 00 00 00 00 10 00 00 00 80 00 00, 65536",
    "SYNCHRONIZE CACHE(10), 35 00 00 00 00 00 00 00 00 00, 0",
    "UNMAP, 42 00 00 00 00 00 00 00 28 00, 0",
    "TEST UNIT READY, 00 00 00 00 00 00, 0",
  })
  void commandsAllocateNothing(String name, String cdb, int bytes) throws Exception {
    try (ScsiRig rig = ScsiRig.withDisk()) {
      LunPath path = rig.path("a", "t", 0);
      Counted task = new Counted();
      SlowRig.fill(task, cdb, 1, TaskAttribute.SIMPLE);

      long allocated = -1;
      for (int batch = 0; batch < BATCHES && allocated != 0; batch++) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        long asking = THREADS.getCurrentThreadAllocatedBytes() - before;
        for (int i = 0; i < COMMANDS; i++) {
          run(path, task, rig.memory.address(), bytes);
        }
        allocated = THREADS.getCurrentThreadAllocatedBytes() - before - 2 * asking;
      }

      assertThat(allocated).as("bytes for %d of %s", COMMANDS, name).isZero();
      assertThat(task.failed).isZero();
    }
  }

  private static void run(LunPath path, ScsiTask task, long memory, int bytes) {
    task.begin(1, TaskAttribute.SIMPLE);
    path.prepare(task);
    if (bytes > 0) {
      RawMemory.putLong(memory, bytes);
      task.addSegment(memory, bytes / 2);
      task.addSegment(memory + bytes / 2, bytes / 2);
    } else if (task.phase() == DataPhase.PARAMETERS) {
      byte[] list = task.parameters();
      BigEndian.put16(list, 2, 32);
      BigEndian.put64(list, 8, 4);
      BigEndian.put32(list, 16, 1);
      BigEndian.put64(list, 24, 20);
      BigEndian.put32(list, 32, 1);
    }
    path.submit(task);
  }
}
