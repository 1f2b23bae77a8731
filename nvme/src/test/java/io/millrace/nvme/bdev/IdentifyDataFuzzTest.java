package io.millrace.nvme.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.IoType;
import io.millrace.nvme.ControllerOptions;
import io.millrace.nvme.model.ModelOptions;
import java.time.Duration;
import java.util.Arrays;

/**
 * A controller that says anything at all of itself or of its namespace: it is attached and its disk
 * answers, or it is refused by one line; nothing is left behind.
 */
class IdentifyDataFuzzTest {
  private static final int BYTES = 4096;
  private static final int[] STRUCTURES = {0, 1, 2, 3, 6};

  /**
   * One try.
   *
   * @param input which structure, and what it says instead
   */
  @FuzzTest
  void whateverItSaysItsRequestsEnd(byte[] input) throws Exception {
    if (input.length == 0) {
      return;
    }
    ControllerOptions options =
        ControllerOptions.DEFAULTS
            .withTimeout(Duration.ofMillis(50))
            .withAdminTimeout(Duration.ofMillis(50));
    try (DriverOnModel driver = new DriverOnModel(ModelOptions.disk(1 << 12), options, true)) {
      driver
          .model()
          .replaceIdentify(
              STRUCTURES[Math.floorMod(input[0], STRUCTURES.length)],
              Arrays.copyOf(Arrays.copyOfRange(input, 1, Math.max(1, input.length)), BYTES));
      try {
        driver.open("Nvme0n1");
      } catch (BdevException e) {
        assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
        return;
      }
      int block = driver.disk().properties().blockSize();
      for (IoType type : IoType.values()) {
        driver.run(type, 0, block, driver.memory.address());
      }
      assertThat(driver.channel().inFlightCount()).isZero();
    }
  }
}
