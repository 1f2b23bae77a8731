package io.millrace.nvme.pci;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A PCI function as the kernel shows it at one moment.
 *
 * @param address where it is
 * @param vendorId whose it is, 16 bits
 * @param deviceId what it is, 16 bits
 * @param classCode class, subclass and programming interface: {@link PciFunctions#NVME_CLASS}
 * @param driver the kernel's driver that has it; null when none has
 * @param iommuGroup number of its IOMMU group; null without an IOMMU
 * @param groupMates the other functions of its group
 * @param numaNode the node that it is attached to, -1 when the machine does not say
 */
public record PciFunction(
    PciAddress address,
    int vendorId,
    int deviceId,
    int classCode,
    @Nullable String driver,
    @Nullable Integer iommuGroup,
    List<PciAddress> groupMates,
    int numaNode) {
  /** Vendor and device as {@code lspci -n} writes them: {@code 1b36:0010}. */
  public String ids() {
    return "%04x:%04x".formatted(vendorId, deviceId);
  }
}
