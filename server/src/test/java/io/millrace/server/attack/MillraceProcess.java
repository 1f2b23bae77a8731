package io.millrace.server.attack;

import io.millrace.server.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The program under test, with a disk in memory: where an address that is wrong hits its heap. */
final class MillraceProcess {
  private static final String CONFIGURATION =
      """
      {"subsystems": [
        {"subsystem": "bdev", "config": [
          {"method": "bdev_malloc_create",
           "params": {"name": "disk", "block_size": 512, "num_blocks": 131072}}]},
        {"subsystem": "vhost_blk", "config": [
          {"method": "vhost_create_blk_controller",
           "params": {"ctrlr": "disk.sock", "dev_name": "disk"}}]}]}
      """;

  private MillraceProcess() {}

  /** One core, so that every queue has the same thread. */
  static BackEnd withMallocDisk(Path folder) throws IOException {
    Path configuration = Files.writeString(folder.resolve("config.json"), CONFIGURATION);
    List<String> command =
        ServerProcess.command(
            List.of(),
            List.of("serve", "-m", "0x1", "-S", folder.toString(), "-c", configuration.toString()));
    return BackEnd.started(folder.resolve("disk.sock"), command, folder.resolve("millrace.log"));
  }
}
