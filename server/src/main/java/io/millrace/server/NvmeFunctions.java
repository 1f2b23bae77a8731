package io.millrace.server;

import io.millrace.nvme.pci.PciFunction;
import io.millrace.nvme.pci.PciFunctions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** The NVMe controllers of this machine that a server may take. */
final class NvmeFunctions {
  private NvmeFunctions() {}

  /** The addresses of those that are with vfio-pci. Any thread. */
  static Collection<String> withVfio() {
    List<String> addresses = new ArrayList<>();
    try {
      for (PciFunction function : PciFunctions.ofThisMachine().nvme()) {
        if (PciFunctions.VFIO_DRIVER.equals(function.driver())) {
          addresses.add(function.address().toString());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(String.valueOf(e.getMessage()), e);
    }
    return addresses;
  }
}
