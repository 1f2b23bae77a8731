package io.millrace.nvme.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.nvme.ControllerOptions;
import io.millrace.nvme.bdev.DiskUser;
import io.millrace.nvme.qtest.EmulatedMachine;
import io.millrace.rpc.RpcException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** bdev_nvme_set_options. */
class OptionMethodsTest {
  private static final String SET = "bdev_nvme_set_options";

  @TempDir Path directory;

  private static ControllerOptions options(RpcWorld world) throws Exception {
    return DiskUser.on(world.control, () -> world.methods.module().options());
  }

  @Test
  void whatSpdkSavesIsTakenBeforeRunTimeAndLeavesOurTimeoutsOn() throws Exception {
    try (RpcWorld world = new RpcWorld()) {
      assertThat(
              world
                  .call(
                      SET,
                      """
                      {"action_on_timeout": "none", "timeout_us": 0, "timeout_admin_us": 0,
                       "keep_alive_timeout_ms": 10000, "arbitration_burst": 0,
                       "low_priority_weight": 0, "medium_priority_weight": 0,
                       "high_priority_weight": 0, "nvme_adminq_poll_period_us": 10000,
                       "nvme_ioq_poll_period_us": 0, "io_queue_requests": 0,
                       "delay_cmd_submit": true, "transport_retry_count": 4,
                       "bdev_retry_count": 3, "transport_ack_timeout": 0,
                       "ctrlr_loss_timeout_sec": 0, "reconnect_delay_sec": 0,
                       "fast_io_fail_timeout_sec": 0, "disable_auto_failback": false,
                       "generate_uuids": false, "transport_tos": 0, "nvme_error_stat": false,
                       "rdma_srq_size": 0, "io_path_stat": false, "allow_accel_sequence": false,
                       "rdma_max_cq_size": 0, "rdma_cm_event_timeout_ms": 0,
                       "dhchap_digests": ["sha256", "sha384", "sha512"],
                       "dhchap_dhgroups": ["null", "ffdhe2048", "ffdhe3072", "ffdhe4096",
                                           "ffdhe6144", "ffdhe8192"],
                       "rdma_umr_per_io": false, "tcp_connect_timeout_ms": 0,
                       "enable_flush": false, "multipath_opts": {"policy": "active_passive"}}
                      """)
                  .booleanValue())
          .isTrue();

      assertThat(options(world)).isEqualTo(ControllerOptions.DEFAULTS);
    }
  }

  @Test
  void eachCallChangesOnlyWhatItNames() throws Exception {
    try (RpcWorld world = new RpcWorld().running()) {
      world.call(SET, "{'timeout_us': 2000000}");
      assertThat(options(world).timeout()).isEqualTo(Duration.ofSeconds(2));
      assertThat(options(world).adminTimeout()).isEqualTo(Duration.ofSeconds(2));
      assertThat(options(world).retries()).isEqualTo(3);

      world.call(SET, "{'timeout_admin_us': 7000000}");
      world.call(SET, "{'bdev_retry_count': -1}");
      assertThat(options(world).timeout()).isEqualTo(Duration.ofSeconds(2));
      assertThat(options(world).adminTimeout()).isEqualTo(Duration.ofSeconds(7));
      assertThat(options(world).retries()).isEqualTo(Integer.MAX_VALUE);

      assertThat(world.configuration())
          .isEqualTo(
              SET
                  + "{\"timeout_us\":2000000,\"timeout_admin_us\":7000000,"
                  + "\"bdev_retry_count\":-1}\n");

      world.call(SET, "{'timeout_us': 0, 'timeout_admin_us': 0, 'bdev_retry_count': 0}");
      assertThat(options(world).timeout()).isEqualTo(ControllerOptions.DEFAULTS.timeout());
      assertThat(options(world).adminTimeout())
          .isEqualTo(ControllerOptions.DEFAULTS.adminTimeout());
      assertThat(options(world).retries()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'timeout_admin_us': 1",
        "'timeout_us': 86400000001",
        "'bdev_retry_count': -2",
        "'arbitration_burst': 1",
        "'ctrlr_loss_timeout_sec': -1",
        "'transport_tos': 1",
        "'nvme_error_stat': true",
        "'io_path_stat': true",
        "'rdma_umr_per_io': true",
        "'dhchap_digests': ['sha256']",
        "'dhchap_dhgroups': []",
        "'multipath_opts': {'policy': 'active_active'}"
      })
  void optionThatWouldNotBeHeededIsRefused(String parameter) throws Exception {
    try (RpcWorld world = new RpcWorld().running()) {
      RpcException refused = world.refusal(SET, "{%s}", parameter);

      assertThat(refused.code()).isEqualTo(-22);
      assertThat(refused.detail()).contains(parameter.substring(1, parameter.indexOf('\'', 1)));
      assertThat(options(world)).isEqualTo(ControllerOptions.DEFAULTS);
    }
  }

  @Test
  void unknownOptionIsAnsweredAsSpdkDoes() throws Exception {
    try (RpcWorld world = new RpcWorld().running()) {
      RpcException refused = world.refusal(SET, "{'retry_count': 4}");

      assertThat(refused.code()).isEqualTo(-32603);
      assertThat(refused.error()).isEqualTo("spdk_json_decode_object failed");
    }
  }

  @Test
  void optionsStayWhileThereAreControllers() throws Exception {
    try (EmulatedMachine qemu = EmulatedMachine.in(directory).nvme("n0", 16 << 20).start();
        RpcWorld world = new RpcWorld().running()) {
      world.call(
          "bdev_nvme_attach_controller",
          "{'name': 'Nvme0', 'trtype': 'PCIe', 'traddr': 'qtest:%s'}",
          qemu.directory());

      RpcException refused = world.refusal(SET, "{'bdev_retry_count': 1}");

      assertThat(refused.code()).isEqualTo(-1);
      assertThat(refused.error())
          .isEqualTo("RPC not permitted with nvme controllers already attached");
    }
  }
}
