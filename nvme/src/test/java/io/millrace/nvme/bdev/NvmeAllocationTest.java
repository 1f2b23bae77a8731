package io.millrace.nvme.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.nvme.model.ModelOptions;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests through the driver allocate nothing: in one command or several, PRP and SGL. */
class NvmeAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int DEPTH = 32;
  private static final int REQUESTS = 20_000;

  private int done;
  private int failed;

  /** Submits itself again when it is done; counts. */
  private final class Again extends BdevIo {
    private final DriverOnModel driver;
    private final int bytes;
    private final int pieces;
    private final int gap;

    Again(DriverOnModel driver, int bytes, int pieces, int gap) {
      super(2);
      this.driver = driver;
      this.bytes = bytes;
      this.pieces = pieces;
      this.gap = gap;
    }

    void submit() {
      begin(IoType.READ, (long) (done % 8) * bytes, bytes);
      for (int i = 0; i < pieces; i++) {
        addSegment(driver.memory.address() + (long) i * (bytes / pieces + gap), bytes / pieces);
      }
      driver.channel().submit(this);
    }

    @Override
    protected void completed(IoStatus status) {
      done++;
      failed += status == IoStatus.SUCCESS ? 0 : 1;
      submit();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "4096, 1, 0",
    "32768, 4, 4096",
    "8192, 4, 512",
    "262144, 1, 0",
  })
  void requestsAllocateNothing(int bytes, int pieces, int gap) throws Exception {
    ModelOptions model = new ModelOptions().nullNamespace(1 << 16, 12);
    model.mdts = 4; // 64 KiB: the largest is four commands
    DriverOnModel driver = new DriverOnModel(model).open("Nvme0n1");
    for (int i = 0; i < DEPTH; i++) {
      new Again(driver, bytes, pieces, gap).submit();
    }

    long allocated = -1;
    for (int batch = 0; batch < 40 && allocated != 0; batch++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      long asking = THREADS.getCurrentThreadAllocatedBytes() - before;
      done = 0;
      while (done < REQUESTS) {
        driver.stepInNoTime();
      }
      allocated = THREADS.getCurrentThreadAllocatedBytes() - before - 2 * asking;
    }

    assertThat(allocated).as("bytes for %d requests", REQUESTS).isZero();
    assertThat(failed).isZero();
  }
}
