package io.millrace.nvme.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.nvme.model.ModelOptions;
import org.junit.jupiter.api.Test;

/** Namespaces that come, go and grow while the controller is attached. */
class NvmeNamespaceTest {
  private static ModelOptions twoDisks() {
    return new ModelOptions().namespace(1 << 12, 9).namespace(1 << 10, 12);
  }

  @Test
  void aNamespaceThatGrowsIsALargerDisk() throws Exception {
    try (DriverOnModel driver = new DriverOnModel(twoDisks()).open("Nvme0n1")) {
      long beyond = (1L << 12) * 512;
      assertThat(driver.run(IoType.READ, beyond, 512, driver.memory.address()))
          .isEqualTo(IoStatus.OUT_OF_RANGE);

      driver.model().resize(1, 1 << 13);
      driver.until("the disk is larger", () -> driver.disk().blockCount() == 1 << 13);

      assertThat(driver.resized).isEqualTo(1);
      assertThat(driver.run(IoType.READ, beyond, 512, driver.memory.address()))
          .isEqualTo(IoStatus.SUCCESS);
    }
  }

  @Test
  void aNamespaceThatIsDetachedAndAttachedIsADiskNoMoreAndAgain() throws Exception {
    try (DriverOnModel driver = new DriverOnModel(twoDisks()).open("Nvme0n1")) {
      assertThat(driver.bdevs.all()).extracting(Object::toString).contains("Nvme0n2");

      driver.model().attach(2, false);
      driver.until("one disk is left", () -> driver.bdevs.all().size() == 1);
      driver.model().attach(2, true);
      driver.until("there are two again", () -> driver.bdevs.all().size() == 2);

      assertThat(driver.removed).isFalse();
      driver.model().attach(1, false);
      driver.until("the open one is removed, too", () -> driver.removed);
      driver.until("and forgotten", () -> driver.bdevs.all().size() == 1);
    }
  }
}
