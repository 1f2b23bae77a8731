package io.millrace.server.attack;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OpenFlag;
import io.millrace.server.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The program under test, with one disk. */
final class MillraceProcess {
  private static final long DISK_BYTES = 64 << 20;
  private static final String CONFIGURATION =
      """
      {"subsystems": [
        {"subsystem": "bdev", "config": [
          @DISK@]},
        {"subsystem": "vhost_blk", "config": [
          {"method": "vhost_create_blk_controller",
           "params": {"ctrlr": "disk.sock", "dev_name": "disk"}}]}]}
      """;
  private static final String MALLOC =
      """
      {"method": "bdev_malloc_create",
       "params": {"name": "disk", "block_size": 512, "num_blocks": 131072}}\
      """;
  private static final String DIRECT =
      """
      {"method": "bdev_aio_create",
       "params": {"name": "disk", "filename": "@IMAGE@", "block_size": 512, "fallocate": true,
                  "direct": true}}\
      """;

  private MillraceProcess() {}

  /** A disk in memory: where an address that is wrong hits the heap. */
  static BackEnd withMallocDisk(Path folder) throws IOException {
    return BackEnd.started(socket(folder), command(folder, MALLOC), log(folder));
  }

  /** A disk of an image past the page cache: where memory that is not aligned is copied. */
  static BackEnd withDirectDisk(Path folder) throws Exception {
    Path image = Files.createFile(folder.resolve("disk.img"));
    try (FileDescriptor file = LinuxFiles.open(image, OpenFlag.READ_WRITE)) {
      LinuxFiles.truncate(file, DISK_BYTES);
    }
    List<String> command = command(folder, DIRECT.replace("@IMAGE@", image.toString()));
    return BackEnd.withImage(socket(folder), command, log(folder), image);
  }

  private static Path socket(Path folder) {
    return folder.resolve("disk.sock");
  }

  private static Path log(Path folder) {
    return folder.resolve("millrace.log");
  }

  /** One core, so that every queue has the same thread. */
  private static List<String> command(Path folder, String disk) throws IOException {
    Path configuration =
        Files.writeString(folder.resolve("config.json"), CONFIGURATION.replace("@DISK@", disk));
    return ServerProcess.command(
        List.of(),
        List.of("serve", "-m", "0x1", "-S", folder.toString(), "-c", configuration.toString()));
  }
}
