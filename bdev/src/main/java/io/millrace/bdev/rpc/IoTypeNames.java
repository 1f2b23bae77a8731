package io.millrace.bdev.rpc;

import io.millrace.bdev.IoType;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** SPDK's names of everything a bdev may be asked for. */
final class IoTypeNames {
  /** All of them, in SPDK's order; ours have a place among them. */
  static final List<String> ALL =
      List.of(
          "read",
          "write",
          "unmap",
          "flush",
          "reset",
          "nvme_admin",
          "nvme_io",
          "nvme_io_md",
          "write_zeroes",
          "zcopy",
          "get_zone_info",
          "zone_management",
          "zone_append",
          "compare",
          "compare_and_write",
          "abort",
          "seek_hole",
          "seek_data",
          "copy",
          "nvme_iov_md",
          "nvme_nssr",
          "write_uncorrectable");

  /** Those that there are here. */
  static final Map<IoType, String> OURS =
      new EnumMap<>(
          Map.of(
              IoType.READ, "read",
              IoType.WRITE, "write",
              IoType.UNMAP, "unmap",
              IoType.FLUSH, "flush",
              IoType.WRITE_ZEROES, "write_zeroes",
              IoType.ZONE_APPEND, "zone_append",
              IoType.COMPARE, "compare"));

  private IoTypeNames() {}

  /** Ours of that name, or none. */
  static List<IoType> named(String name) {
    return OURS.entrySet().stream()
        .filter(one -> one.getValue().equals(name))
        .map(Map.Entry::getKey)
        .toList();
  }
}
