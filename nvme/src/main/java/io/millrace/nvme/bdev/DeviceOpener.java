package io.millrace.nvme.bdev;

import io.millrace.nvme.pci.PciDevice;
import java.io.IOException;

/** Takes a device over by the address that an operator wrote. Control thread. */
@FunctionalInterface
public interface DeviceOpener {
  /**
   * Opens a device.
   *
   * @param address as in {@code traddr}
   * @return the caller's
   * @throws IOException it cannot be had; says why, and what to do
   */
  PciDevice open(String address) throws IOException;
}
