package io.millrace.nvme.bdev;

import io.millrace.nvme.ControllerData;
import io.millrace.nvme.NamespaceData;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What {@code bdev_get_bdevs} says of an NVMe disk, as SPDK nests it. */
final class NvmeDescription {
  private final String address;

  /** For the disks of a controller that was attached by an address. */
  NvmeDescription(String address) {
    this.address = address;
  }

  Map<String, Object> of(NvmeBdev bdev) {
    ControllerData data = bdev.controller().data();
    NamespaceData namespace = bdev.namespace();
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("pci_address", bdev.controller().name());
    one.put("trid", transport());
    one.put("ctrlr_data", controller(data));
    one.put("vs", Map.of("nvme_version", data.versionText()));
    Map<String, Object> inner = new LinkedHashMap<>();
    inner.put("id", Integer.toUnsignedLong(namespace.nsid()));
    inner.put("can_share", namespace.shared());
    one.put("ns_data", inner);
    one.put("bounced_bytes", bdev.bouncedBytes());
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("nvme", List.of(one));
    all.put("mp_policy", "active_passive");
    return all;
  }

  /** The address in the shape that SPDK gives transport ids. */
  Map<String, Object> transport() {
    Map<String, Object> trid = new LinkedHashMap<>();
    trid.put("trtype", "PCIe");
    trid.put("traddr", address);
    return trid;
  }

  private static Map<String, Object> controller(ControllerData data) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("cntlid", data.controllerId());
    map.put("vendor_id", String.format(Locale.ROOT, "0x%04x", data.vendor()));
    map.put("model_number", data.model());
    map.put("serial_number", data.serial());
    map.put("firmware_revision", data.firmware());
    map.put("subnqn", data.subsystem());
    Map<String, Object> admin = new LinkedHashMap<>();
    admin.put("security", data.hasSecurity() ? 1 : 0);
    admin.put("format", data.hasFormat() ? 1 : 0);
    admin.put("firmware", data.hasFirmware() ? 1 : 0);
    admin.put("ns_manage", data.hasNamespaceManagement() ? 1 : 0);
    map.put("oacs", admin);
    map.put("multi_ctrlr", false);
    map.put("ana_reporting", false);
    return map;
  }
}
