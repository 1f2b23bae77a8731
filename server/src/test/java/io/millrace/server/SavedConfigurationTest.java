package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a server was configured to be, as a file, and back. */
@Timeout(120)
class SavedConfigurationTest {
  private static final long RPC_SECONDS = 60;

  @TempDir private Path dir;

  @BeforeEach
  void image() throws Exception {
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
  }

  /** Something of everything that can be configured without hardware. */
  private void configure(ConfiguredServer server) throws Exception {
    server.call(
        "bdev_malloc_create",
        "{'num_blocks': 2048, 'block_size': 512, 'physical_block_size': 4096}");
    server.call("bdev_null_create", "{'name': 'N/\u00fc', 'block_size': 512, 'num_blocks': 8192}");
    server.call("bdev_null_resize", "{'name': 'N/\u00fc', 'new_size': 8}");
    server.call(
        "bdev_aio_create",
        "{'name': 'A', 'filename': '%s', 'direct': true, 'block_size': 4096}"
            .formatted(dir.resolve("disk.img")));
    server.call("bdev_passthru_create", "{'base_bdev_name': 'A', 'name': 'P'}");
    server.call("bdev_passthru_create", "{'base_bdev_name': 'later', 'name': 'W'}");
    server.call("bdev_split_create", "{'base_bdev': 'Malloc0', 'split_count': 2}");
    server.call("bdev_error_create", "{'base_name': 'Malloc0p1'}");
    server.call(
        "bdev_delay_create",
        "{'name': 'D', 'base_bdev_name': 'Malloc0p0', 'avg_read_latency': 1,"
            + " 'p99_read_latency': 2, 'avg_write_latency': 3, 'p99_write_latency': 4}");
    server.call(
        "bdev_delay_update_latency",
        "{'delay_bdev_name': 'D', 'latency_type': 'p99_read', 'latency_us': 0}");
    server.call("bdev_nvme_set_options", "{'timeout_us': 5000000}");
    server.call("bdev_nvme_set_options", "{'bdev_retry_count': 2}");
    server.call("framework_set_scheduler", "{'name': 'dynamic', 'core_busy': 80}");
    server.call(
        "vhost_create_blk_controller",
        "{'ctrlr': 'blk', 'dev_name': 'P', 'packed_ring': false, 'readonly': true}");
    server.call(
        "vhost_controller_set_coalescing",
        "{'ctrlr': 'blk', 'delay_base_us': 100, 'iops_threshold': 50000}");
    server.call("vhost_create_scsi_controller", "{'ctrlr': 'scsi'}");
    server.call(
        "vhost_scsi_controller_add_target",
        "{'ctrlr': 'scsi', 'scsi_target_num': -1, 'bdev_name': 'N/\u00fc'}");
    server.call(
        "vhost_scsi_controller_add_target",
        "{'ctrlr': 'scsi', 'scsi_target_num': 5, 'bdev_name': 'D', 'lun': 3, 'readonly': true}");
    server.call("vhost_create_scsi_controller", "{'ctrlr': 'idle', 'delay': true}");
  }

  @Test
  void whatIsSavedAndLoadedIsSavedAgainTheSameByteByByte() throws Exception {
    String saved;
    String bdevs;
    try (ConfiguredServer server = ConfiguredServer.start(dir, null, false)) {
      configure(server);
      Cli save = server.rpc("save_config");
      assertThat(save.err()).isEmpty();
      saved = save.out();
      bdevs = server.call("bdev_get_bdevs").toString();
    }
    Path file = Files.writeString(dir.resolve("saved.json"), saved);

    try (ConfiguredServer fresh = ConfiguredServer.start(dir, null, true)) {
      Cli load = fresh.rpc("load_config", file.toString());
      assertThat(load.err()).isEmpty();
      assertThat(load.exitCode()).isZero();
      assertThat(fresh.rpc("save_config").out()).isEqualTo(saved);
      assertThat(fresh.call("bdev_get_bdevs").toString()).isEqualTo(bdevs);
    }
    try (ConfiguredServer ofFile = ConfiguredServer.start(dir, file, false)) {
      assertThat(ofFile.rpc("save_config").out()).isEqualTo(saved);
    }
    assertThat(saved)
        .contains(
            "\"packed_ring\": false", "\"in_order\": true", "N/\\u00fc", "\"name\": \"Malloc0\"")
        .contains("\"new_size\": 8", "\"lun\": 3")
        .contains("\"timeout_us\": 5000000", "\"bdev_retry_count\": 2") // of two calls
        .doesNotContain(" : ");
  }

  @Test
  void spdksClientSavesAndLoadsTheSameBytesAsOurs() throws Exception {
    String spdk = System.getenv("SPDK_DIR");
    assumeThat(spdk).as("needs SPDK_DIR, where SPDK v26.05 is, for its rpc.py").isNotNull();
    Path client = Path.of(spdk, "scripts", "rpc.py");
    String saved;
    try (ConfiguredServer server = ConfiguredServer.start(dir, null, false)) {
      configure(server);
      saved = python(client, "save_config");
      assertThat(saved).isEqualTo(server.rpc("save_config").out());
    }
    Path file = Files.writeString(dir.resolve("saved.json"), saved);

    try (ConfiguredServer fresh = ConfiguredServer.start(dir, null, true)) {
      assertThat(python(client, "load_config", "-j", file.toString())).isEmpty();
      assertThat(python(client, "save_config")).isEqualTo(saved);
      assertThat(fresh.target().initialised()).isCompleted();
    }
  }

  private String python(Path client, String... words) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of("python3", client.toString(), "-s", dir.resolve("rpc.sock").toString()));
    command.addAll(List.of(words));
    Path out = dir.resolve("rpc.out");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
    assertThat(process.waitFor(RPC_SECONDS, TimeUnit.SECONDS)).as("rpc.py ends").isTrue();
    String said = Files.readString(out, UTF_8);
    assertThat(process.exitValue()).as(said).isZero();
    return said;
  }

  @Test
  void whatGoesWithItsBaseIsNotSaved() throws Exception {
    try (ConfiguredServer server = ConfiguredServer.start(dir, null, false)) {
      String before = server.configuration().toString();
      configure(server);
      server.call("bdev_malloc_delete", "{'name': 'Malloc0'}");
      server.call("bdev_aio_delete", "{'name': 'A'}");
      server.call("bdev_null_delete", "{'name': 'N/\u00fc'}");
      server.call( // a guest may still have it, but no other server will
          "vhost_controller_set_coalescing",
          "{'ctrlr': 'blk', 'delay_base_us': 9, 'iops_threshold': 50000}");
      server.call("vhost_enable_histogram", "{'ctrlr': 'blk', 'enable': true}");
      server.call("vhost_set_slow_request_threshold", "{'ctrlr': 'blk', 'threshold_us': 900}");

      assertThat(server.configuration().get("vhost_blk")).isEmpty();
      assertThat(server.configuration().get("vhost_scsi").toString())
          .doesNotContain("add_target")
          .contains("vhost_start_scsi_controller", "\"idle\"");
      assertThat(server.configuration().get("bdev").toString())
          .doesNotContain("malloc", "aio", "null", "split", "error", "update_latency")
          .contains("\"W\"", "\"P\"", "\"D\"", "bdev_nvme_set_options"); // they wait for their base

      server.call("bdev_passthru_delete", "{'name': 'W'}");
      server.call("bdev_passthru_delete", "{'name': 'P'}");
      server.call("bdev_delay_delete", "{'name': 'D'}");
      server.call("vhost_delete_controller", "{'ctrlr': 'scsi'}");
      server.call("vhost_delete_controller", "{'ctrlr': 'idle'}");
      assertThat(server.configuration().get("vhost_scsi")).isEmpty();
      assertThat(server.configuration().get("bdev")).hasSize(1);
      assertThat(before)
          .isEqualTo(
              "{\"scheduler\":[],\"bdev\":[],\"scsi\":null,\"vhost_scsi\":[],\"vhost_blk\":[]}");
    }
  }

  @Test
  void aTargetThatWasTakenAwayIsNotSaved() throws Exception {
    try (ConfiguredServer server = ConfiguredServer.start(dir, null, false)) {
      configure(server);
      server.call("vhost_scsi_controller_remove_target", "{'ctrlr': 'scsi', 'scsi_target_num': 5}");

      assertThat(server.configuration().get("vhost_scsi").toString())
          .contains("\"scsi_target_num\":0")
          .doesNotContain("\"scsi_target_num\":5");
    }
  }

  @Test
  void disksOfTheCommandLineAreNotSavedButWhatIsSetOnThemIs() throws Exception {
    List<String> disks = List.of("vm=" + dir.resolve("disk.img"));
    Path file = dir.resolve("saved.json");
    String saved;
    try (ConfiguredServer server = ConfiguredServer.start(dir, disks, null, false)) {
      server.call(
          "vhost_controller_set_coalescing",
          "{'ctrlr': 'vm', 'delay_base_us': 9, 'iops_threshold': 50000}");
      saved = server.rpc("save_config").out();
      Files.writeString(file, saved);
    }

    assertThat(saved).contains("vhost_controller_set_coalescing").doesNotContain("create");
    try (ConfiguredServer again = ConfiguredServer.start(dir, disks, file, true)) {
      again.call("framework_start_init");
      assertThat(again.call("vhost_get_controllers").at("/0/delay_base_us").intValue())
          .isEqualTo(9);
      assertThat(again.rpc("save_config").out()).isEqualTo(saved);
    }
    assertThatThrownBy(() -> ConfiguredServer.start(dir, file, false))
        .hasMessageContaining("there is no controller vm")
        .hasMessageMatching("[^\n]*");
  }

  @Test
  void ofAFileWithAnUnknownMethodNothingIsCalled() throws Exception {
    Path file =
        Files.writeString(
            dir.resolve("c.json"),
            """
            {"subsystems": [{"subsystem": "bdev", "config": [
              {"method": "bdev_null_create",
               "params": {"name": "n", "block_size": 512, "num_blocks": 8}},
              {"method": "bdev_raid_create", "params": {"name": "r"}}]}]}
            """);
    try (ConfiguredServer server = ConfiguredServer.start(dir, null, false)) {
      Cli load = server.rpc("load_config", file.toString());

      assertThat(load.exitCode()).isEqualTo(1);
      assertThat(load.err())
          .isEqualTo(
              "millrace rpc: "
                  + file
                  + ":4: subsystem bdev: bdev_raid_create: is not known to the server; remove it"
                  + " (serve -c skips what is of other subsystems)\n");
      assertThat(server.call("bdev_get_bdevs")).isEmpty();
    }
  }

  @Test
  void aCallThatIsRefusedIsNamedAndEndsTheLoad() throws Exception {
    Path file =
        Files.writeString(
            dir.resolve("c.json"),
            """
            {"subsystems": [{"subsystem": "bdev", "config": [
              {"method": "bdev_set_options", "params": {"bdev_auto_examine": true}},
              {"method": "bdev_null_create",
               "params": {"name": "n", "block_size": 512, "num_blocks": 8}},
              {"method": "bdev_null_delete", "params": {"name": "x"}}]}]}
            """);
    try (ConfiguredServer server = ConfiguredServer.start(dir, null, false)) {
      Cli load = server.rpc("load_config", file.toString());

      assertThat(load.exitCode()).isEqualTo(1);
      assertThat(load.err())
          .startsWith("millrace rpc: " + file + ":5: subsystem bdev: bdev_null_delete: error -19: ")
          .endsWith("the calls before it are made, those after it are not\n")
          .hasLineCount(1);
      Files.writeString(
          file, Files.readString(file).replace(",\n  {\"method\": \"bdev_null_d", "]}]} //"));
      server.call("bdev_null_delete", "{'name': 'n'}");
      assertThat(server.rpc("load_config", file.toString()).err())
          .contains("not called, as the server is past its start: bdev_set_options");
      assertThat(server.call("bdev_get_bdevs")).hasSize(1);
    }
  }
}
