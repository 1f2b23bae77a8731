package io.millrace.benchmarks;

import java.util.List;

/**
 * A configuration file as SPDK and Millrace both read it.
 *
 * @param bdevs calls of subsystem bdev
 * @param controllers calls of subsystem vhost_blk
 */
record SpdkConfiguration(List<String> bdevs, List<String> controllers) {
  /** A method and its parameters, JSON without the braces. */
  static String call(String method, String parameters) {
    return "{\"method\": \"%s\", \"params\": {%s}}".formatted(method, parameters);
  }

  /** A disk's socket. */
  static String blkController(String socketName, String bdev) {
    return blkController(socketName, bdev, "");
  }

  /** The same where SPDK has to be told to offer packed rings. */
  static String packedBlkController(String socketName, String bdev) {
    return blkController(socketName, bdev, ", \"packed_ring\": true");
  }

  private static String blkController(String socketName, String bdev, String more) {
    return call(
        "vhost_create_blk_controller",
        "\"ctrlr\": \"%s\", \"dev_name\": \"%s\"%s".formatted(socketName, bdev, more));
  }

  /** The file. */
  String text() {
    return """
    {"subsystems": [
    {"subsystem": "bdev", "config": [
    %s]},
    {"subsystem": "vhost_blk", "config": [
    %s]}]}
    """
        .formatted(String.join(",\n", bdevs), String.join(",\n", controllers));
  }
}
