package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoType;
import io.millrace.bdev.RateLimit;
import io.millrace.rpc.JsonTree;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** One element of {@code bdev_get_bdevs}, in SPDK's shape and order. */
final class BdevInfo {
  /** SPDK's names of everything a bdev may do, in its order; ours have a place among them. */
  private static final List<String> SPDK_IO_TYPES =
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

  private static final Map<IoType, String> NAMES =
      new EnumMap<>(
          Map.of(
              IoType.READ, "read",
              IoType.WRITE, "write",
              IoType.UNMAP, "unmap",
              IoType.FLUSH, "flush",
              IoType.WRITE_ZEROES, "write_zeroes",
              IoType.ZONE_APPEND, "zone_append",
              IoType.COMPARE, "compare"));

  private BdevInfo() {}

  static void describe(BdevRegistry registry, Bdev bdev, ObjectNode into) {
    BdevProperties properties = bdev.properties();
    into.put("name", bdev.name());
    into.putArray("aliases").add(properties.uuid().toString());
    into.put("product_name", properties.productName());
    into.put("block_size", properties.blockSize());
    into.put("num_blocks", bdev.blockCount());
    into.put("preferred_write_alignment", 0);
    into.put("preferred_write_granularity", 0);
    into.put("optimal_write_size", 0);
    into.put("preferred_unmap_alignment", 0);
    into.put("preferred_unmap_granularity", 0);
    into.put("uuid", properties.uuid().toString());
    ObjectNode limits = into.putObject("assigned_rate_limits");
    for (RateLimit limit : RateLimit.values()) {
      limits.put(limit.spdkName(), bdev.rateLimits().of(limit));
    }
    boolean claimed = registry.isClaimed(bdev);
    into.put("claimed", claimed);
    if (claimed) {
      into.put("claim_type", "exclusive_write");
    }
    into.put("zoned", false);
    ObjectNode types = into.putObject("supported_io_types");
    SPDK_IO_TYPES.forEach(name -> types.put(name, false));
    NAMES.forEach((type, name) -> types.put(name, bdev.supports(type)));
    into.set("driver_specific", JsonTree.of(bdev.driverSpecific()));
  }
}
