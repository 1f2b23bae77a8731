package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What runs per request allocates nothing once it is warm. */
class AllocationTest {
  private static final int WARM = 40_000;
  private static final int ROUNDS = 20_000;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path directory;
  private long completed;

  private interface Step {
    void run();
  }

  private static long allocatedBy(Step step) {
    for (int i = 0; i < WARM; i++) {
      step.run();
    }
    long self = Thread.currentThread().threadId();
    // A compilation that ends in between deoptimizes once; one clean run of three is the proof.
    long least = Long.MAX_VALUE;
    for (int run = 0; run < 3; run++) {
      long before = THREADS.getThreadAllocatedBytes(self);
      for (int i = 0; i < ROUNDS; i++) {
        step.run();
      }
      least = Math.min(least, THREADS.getThreadAllocatedBytes(self) - before);
    }
    return least;
  }

  @Test
  void signallingAndDrainingAllocatesNothing() throws Exception {
    try (FileDescriptor fd = EventFd.create()) {
      int number = fd.number();

      long bytes =
          allocatedBy(() -> {
            EventFd.signal(number);
            EventFd.drain(number);
          });

      assertThat(bytes).isLessThan(ROUNDS);
    }
  }

  @Test
  void submittingAndReapingAllocatesNothing() throws Exception {
    IoUring.CompletionHandler handler = (_, result, _) -> completed += result;
    try (FileDescriptor file =
            LinuxFiles.open(directory.resolve("disk.img"), OpenFlag.READ_WRITE, OpenFlag.CREATE);
        Mapping buffer = Mapping.anonymous(4096, false);
        IoUring ring = IoUring.create(8)) {
      LinuxFiles.truncate(file, 4096);
      int number = file.number();
      long address = buffer.address();
      ring.resources().registerBuffersSparse(1);
      ring.resources().updateBuffer(0, address, 4096);

      long bytes =
          allocatedBy(() -> {
            ring.prepareReadFixed(number, false, address, 512, 0, 0, 3);
            ring.prepareWriteFixed(number, false, address, 512, 512, 0, 0, 4);
            ring.prepareRead(number, false, address, 512, 0, 1);
            ring.prepareWrite(number, false, address, 512, 512, 0, 2);
            ring.submit();
            ring.reap(handler, 8);
          });

      assertThat(completed).isGreaterThan(512L * WARM);
      assertThat(bytes).isLessThan(ROUNDS);
    }
  }
}
