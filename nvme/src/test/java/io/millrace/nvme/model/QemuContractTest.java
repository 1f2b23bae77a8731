package io.millrace.nvme.model;

import io.millrace.nvme.pci.PciDevice;
import io.millrace.nvme.qtest.EmulatedMachine;
import io.millrace.nvme.qtest.QtestPciDevice;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.io.TempDir;

/** The contract against QEMU's controller, so that the model's is not only our opinion. */
class QemuContractTest extends ControllerContract {
  private static final long BLOCK_BYTES = 512;

  @TempDir Path directory;
  private EmulatedMachine qemu;

  @Override
  PciDevice plugIn() throws Exception {
    qemu =
        EmulatedMachine.in(directory)
            .nvme("n0", BLOCKS * BLOCK_BYTES, ",mdts=5,aerl=3,max_ioqpairs=8")
            .start();
    return QtestPciDevice.open(directory, null);
  }

  @Override
  void turn() {
    LockSupport.parkNanos(100_000);
  }

  @Override
  void pullOut() {
    qemu.close();
  }
}
