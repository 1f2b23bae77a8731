package io.millrace.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The disk of tests of what a server tells about its disks: 1 MiB, disk7, served as vm7. */
final class WatchedDisk {
  private WatchedDisk() {}

  /** Of a server with this disk and JSON-RPC at r, all in a directory of the test's. */
  static ServeOptions options(Path directory) throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("c.json"),
            """
            {"subsystems": [
              {"subsystem": "bdev", "config": [{"method": "bdev_malloc_create",
                "params": {"name": "disk7", "block_size": 512, "num_blocks": 2048}}]},
              {"subsystem": "vhost_blk", "config": [{"method": "vhost_create_blk_controller",
                "params": {"ctrlr": "vm7", "dev_name": "disk7"}}]}]}
            """);
    return ServeOptions.in(directory).withConfiguration(file).withRpcSocket(directory.resolve("r"));
  }
}
