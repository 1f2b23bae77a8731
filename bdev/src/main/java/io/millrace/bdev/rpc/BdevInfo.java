package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.RateLimit;
import io.millrace.rpc.JsonTree;
import tools.jackson.databind.node.ObjectNode;

/** One element of {@code bdev_get_bdevs}, in SPDK's shape and order. */
final class BdevInfo {
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
    IoTypeNames.ALL.forEach(name -> types.put(name, false));
    IoTypeNames.OURS.forEach((type, name) -> types.put(name, bdev.supports(type)));
    into.set("driver_specific", JsonTree.of(bdev.driverSpecific()));
  }
}
