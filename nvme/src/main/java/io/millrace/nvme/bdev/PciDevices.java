package io.millrace.nvme.bdev;

import io.millrace.nvme.pci.PciAddress;
import io.millrace.nvme.pci.PciDevice;
import io.millrace.nvme.pci.VfioPciDevice;
import io.millrace.nvme.qtest.QtestPciDevice;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * The devices that a {@code traddr} can name: a function of this machine by its PCI address, or one
 * of a machine that QEMU emulates by {@code qtest:DIRECTORY} (its first NVMe controller) or {@code
 * qtest:DIRECTORY#00:04.0}.
 */
public final class PciDevices {
  private static final String QTEST = "qtest:";
  private static final char BEFORE_FUNCTION = '#';

  private PciDevices() {}

  /** Opens a device, as {@link DeviceOpener} says. */
  public static PciDevice open(String address) throws IOException {
    if (address.startsWith(QTEST)) {
      return openEmulated(address.substring(QTEST.length()));
    }
    try {
      return VfioPciDevice.open(PciAddress.parse(address));
    } catch (IllegalArgumentException e) {
      throw new IOException(String.valueOf(e.getMessage()), e);
    }
  }

  private static PciDevice openEmulated(String place) throws IOException {
    int end = place.lastIndexOf(BEFORE_FUNCTION);
    String directory = end < 0 ? place : place.substring(0, end);
    try {
      return QtestPciDevice.open(Path.of(directory), end < 0 ? null : place.substring(end + 1));
    } catch (InvalidPathException e) {
      throw new IOException("traddr " + QTEST + place + ": " + e.getMessage(), e);
    }
  }

  /** The one spelling of an address: {@code 0000:01:00.0} for {@code 01:00.0}. */
  public static String spelled(String address) {
    if (address.startsWith(QTEST)) {
      return address;
    }
    try {
      return PciAddress.parse(address).toString();
    } catch (IllegalArgumentException e) {
      return address; // refused when it is opened
    }
  }
}
