package io.millrace.vm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A server with one image, {@code disk.img}, as logical unit 0 of target 0 of two SCSI controllers,
 * {@code vm0.sock} and {@code vm1.sock}: one logical unit with two ways to it. It is a little slow,
 * so that under load something is in flight whenever something happens.
 */
final class SharedDisk {
  static final long BYTES = 64 << 20;
  static final long LATENCY_MICROS = 2_000; // of reads and writes

  private static final List<String> SOCKETS = List.of("vm0.sock", "vm1.sock", "rpc.sock");

  private static final String CONFIGURATION =
      """
      {"subsystems": [
        {"subsystem": "bdev", "config": [
          {"method": "bdev_aio_create", "params": {
            "name": "Image", "filename": "disk.img", "block_size": 512}},
          {"method": "bdev_delay_create", "params": {
            "name": "Shared", "base_bdev_name": "Image",
            "avg_read_latency": LATENCY, "p99_read_latency": LATENCY,
            "avg_write_latency": LATENCY, "p99_write_latency": LATENCY}}]},
        {"subsystem": "vhost_scsi", "config": [
          {"method": "vhost_create_scsi_controller", "params": {"ctrlr": "vm0.sock"}},
          {"method": "vhost_scsi_controller_add_target", "params": {
            "ctrlr": "vm0.sock", "scsi_target_num": 0, "bdev_name": "Shared"}},
          {"method": "vhost_create_scsi_controller", "params": {"ctrlr": "vm1.sock"}},
          {"method": "vhost_scsi_controller_add_target", "params": {
            "ctrlr": "vm1.sock", "scsi_target_num": 0, "bdev_name": "Shared"}}]}]}
      """
          .replace("LATENCY", Long.toString(LATENCY_MICROS));

  private SharedDisk() {}

  static Path image(Lab lab) throws IOException {
    return lab.image("disk.img", BYTES);
  }

  /** Starts the server; reservations that are to outlive it are in the lab's folder. */
  static MillraceServer serve(Lab lab) throws IOException {
    Files.writeString(lab.path("config.json"), CONFIGURATION);
    // Those of a server that was killed would look like the next one's.
    for (String socket : SOCKETS) {
      Files.deleteIfExists(lab.path(socket));
    }
    return MillraceServer.serve(
        lab, List.of("--config=config.json", "--state=state", "--rpc-socket=rpc.sock"), SOCKETS);
  }

  /** Has most writes take this long from now on. */
  static void slowWrites(Lab lab, long micros) throws IOException, InterruptedException {
    MillraceServer.rpc(
        lab,
        "bdev_delay_update_latency",
        "{\"delay_bdev_name\": \"Shared\", \"latency_type\": \"avg_write\", \"latency_us\": %d}"
            .formatted(micros));
  }

  /** Takes the way over this controller away from its guest. */
  static void remove(Lab lab, String controller) throws IOException, InterruptedException {
    MillraceServer.rpc(
        lab,
        "vhost_scsi_controller_remove_target",
        "{\"ctrlr\": \"%s\", \"scsi_target_num\": 0}".formatted(controller));
  }

  /** Gives it back. */
  static void add(Lab lab, String controller) throws IOException, InterruptedException {
    MillraceServer.rpc(
        lab,
        "vhost_scsi_controller_add_target",
        "{\"ctrlr\": \"%s\", \"scsi_target_num\": 0, \"bdev_name\": \"Shared\"}"
            .formatted(controller));
  }
}
