package io.millrace.nvme.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.Mapping;
import io.millrace.nvme.bdev.DiskUser;
import io.millrace.nvme.qtest.EmulatedMachine;
import io.millrace.rpc.RpcException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** bdev_nvme_attach_controller, bdev_nvme_detach_controller and bdev_nvme_get_controllers. */
class AttachMethodsTest {
  private static final String ATTACH = "bdev_nvme_attach_controller";
  private static final String DETACH = "bdev_nvme_detach_controller";
  private static final String LIST = "bdev_nvme_get_controllers";

  @TempDir Path directory;

  private EmulatedMachine.Builder two() throws Exception {
    return EmulatedMachine.in(directory)
        .nvme("n0", 16 << 20, ",addr=4")
        .nvme("n1", 16 << 20, ",addr=5");
  }

  @Test
  void twoControllersAreAttachedListedAndGivenBack() throws Exception {
    try (EmulatedMachine qemu = two().start();
        RpcWorld world = new RpcWorld().running()) {
      String first = "qtest:" + qemu.directory() + "#00:04.0";
      String second = "qtest:" + qemu.directory() + "#00:05.0";

      assertThat(world.call(LIST, "{}")).isEmpty();
      JsonNode disks =
          world.call(ATTACH, "{'name': 'Nvme0', 'trtype': 'PCIe', 'traddr': '%s'}", first);
      assertThat(disks).isEqualTo(RpcWorld.json("['Nvme0n1']"));
      assertThat(world.call(ATTACH, savedBySpdk(), "Nvme1", second))
          .isEqualTo(RpcWorld.json("['Nvme1n1']"));

      JsonNode listed = world.call(LIST, "{}");
      assertThat(listed).hasSize(2);
      assertThat(listed.get(1))
          .isEqualTo(
              RpcWorld.json(
                  """
                  {"name": "Nvme1", "ctrlrs": [{
                    "state": "enabled",
                    "trid": {"trtype": "PCIe", "traddr": "%s"},
                    "cntlid": 0,
                    "host": {"nqn": "", "addr": "", "svcid": "", "no_shn_notification": false}}]}
                  """
                      .formatted(second)));
      assertThat(world.call(LIST, "{'name': 'Nvme0'}").get(0)).isEqualTo(listed.get(0));

      assertThat(world.call(DETACH, "{'name': 'Nvme0'}").booleanValue()).isTrue();
      assertThat(world.call(LIST, "{}")).hasSize(1);
      assertThat(world.bdevs.all()).hasSize(1);
      assertThat(world.call(ATTACH, "{'name': 'Nvme0', 'trtype': 'pcie', 'traddr': '%s'}", first))
          .isEqualTo(disks);
    }
  }

  /** All that SPDK v26.05 writes for a controller on the PCI bus. */
  private static String savedBySpdk() {
    return """
    {"name": "%s", "trtype": "PCIe", "traddr": "%s", "prchk_reftag": false, "prchk_guard": false,
     "ctrlr_loss_timeout_sec": 0, "reconnect_delay_sec": 0, "fast_io_fail_timeout_sec": 0,
     "hostnqn": "nqn.2014-08.org.nvmexpress:uuid:7a2ad8a4-9e9c-4c1f-9b7c-0d8d3ae0a8d2",
     "hdgst": false, "ddgst": false, "multipath": "multipath", "fabrics_connect_timeout_us": 0,
     "num_io_queues": 1024, "multipath_opts": {"policy": "active_passive"}}
    """;
  }

  @Test
  void nameAndAddressAreTakenOnce() throws Exception {
    try (EmulatedMachine qemu = two().start();
        RpcWorld world = new RpcWorld().running()) {
      String first = "qtest:" + qemu.directory() + "#00:04.0";
      String second = "qtest:" + qemu.directory() + "#00:05.0";
      String params = "{'name': '%s', 'trtype': 'PCIe', 'traddr': '%s', 'multipath': '%s'}";
      world.call(ATTACH, params, "Nvme0", first, "disable");

      RpcException same = world.refusal(ATTACH, params, "Nvme0", first, "multipath");
      assertThat(same.code()).isEqualTo(-114);
      assertThat(same.error())
          .isEqualTo("A controller named Nvme0 already exists with the specified network path");
      RpcException disabled = world.refusal(ATTACH, params, "Nvme0", second, "disable");
      assertThat(disabled.code()).isEqualTo(-114);
      assertThat(disabled.error())
          .isEqualTo("A controller named Nvme0 already exists and multipath is disabled");
      assertThat(world.refusal(ATTACH, params, "Nvme0", second, "multipath").code())
          .isEqualTo(-114);
      RpcException elsewhere = world.refusal(ATTACH, params, "Nvme9", first, "multipath");
      assertThat(elsewhere.code()).isEqualTo(-17);
      assertThat(elsewhere.detail()).contains("Nvme0");
    }
  }

  @Test
  void whatCannotBeAttachedIsSaid() throws Exception {
    try (EmulatedMachine qemu = two().start();
        RpcWorld world = new RpcWorld().running()) {
      String params = "{'name': 'Nvme0', 'trtype': '%s', 'traddr': '%s'}";

      RpcException tcp = world.refusal(ATTACH, params, "TCP", "10.0.0.1");
      assertThat(tcp.code()).isEqualTo(-19);
      assertThat(tcp.detail()).startsWith("trtype TCP: only controllers on this machine's PCI bus");
      RpcException noFunction =
          world.refusal(ATTACH, params, "PCIe", "qtest:" + qemu.directory() + "#00:07.0");
      assertThat(noFunction.code()).isEqualTo(-5);
      assertThat(noFunction.detail()).contains("00:07.0");
      RpcException noMachine = world.refusal(ATTACH, params, "PCIe", "qtest:/nowhere");
      assertThat(noMachine.code()).isEqualTo(-5);
      assertThat(noMachine.detail()).contains("/nowhere");
      RpcException noAddress = world.refusal(ATTACH, params, "PCIe", "/dev/nvme0");
      assertThat(noAddress.detail()).contains("is no PCI address");
      RpcException notThere = world.refusal(ATTACH, params, "PCIe", "fffe:ff:1f.7");
      assertThat(notThere.code()).isEqualTo(-19);
      assertThat(notThere.detail()).contains("there is no PCI function fffe:ff:1f.7");
      assertThat(world.call(LIST, "{}")).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'max_bdevs': 0",
        "'num_io_queues': 0",
        "'num_io_queues': 65537",
        "'hdgst': true",
        "'ddgst': true",
        "'adrfam': 'IPv4'",
        "'trsvcid': '4420'",
        "'priority': '1'",
        "'hostaddr': '10.0.0.2'",
        "'hostsvcid': '1'",
        "'psk': 'key'",
        "'dhchap_key': 'key'",
        "'dhchap_ctrlr_key': 'key'",
        "'ctrlr_loss_timeout_sec': -1",
        "'reconnect_delay_sec': 1",
        "'fast_io_fail_timeout_sec': 1",
        "'allow_unrecognized_csi': true",
        "'multipath_opts': {'policy': 'active_active'}"
      })
  void parameterThatWouldNotBeHeededIsRefused(String parameter) throws Exception {
    try (RpcWorld world = new RpcWorld().running()) {
      RpcException refused =
          world.refusal(
              ATTACH, "{'name': 'Nvme0', 'trtype': 'PCIe', 'traddr': '01:00.0', %s}", parameter);

      assertThat(refused.code()).isEqualTo(-22);
      String name = parameter.substring(1, parameter.indexOf('\'', 1));
      assertThat(refused.getMessage()).contains(name);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'name': 'N', 'trtype': 'PCIe'}",
        "{'name': 'N', 'traddr': '01:00.0'}",
        "{'trtype': 'PCIe', 'traddr': '01:00.0'}",
        "{'name': 'N', 'trtype': 'PCIe', 'traddr': '01:00.0', 'multipath': 'both'}",
        "{'name': 'N', 'trtype': 'PCIe', 'traddr': '01:00.0', 'no_such': 1}"
      })
  void wrongParametersAreAnsweredAsSpdkDoes(String params) throws Exception {
    try (RpcWorld world = new RpcWorld().running()) {
      RpcException refused = world.refusal(ATTACH, params);

      assertThat(refused.code()).isEqualTo(-32603);
      assertThat(refused.error()).isEqualTo("spdk_json_decode_object failed");
    }
  }

  @Test
  void onlyAsManyDisksAreMadeAsAsked() throws Exception {
    try (EmulatedMachine qemu =
            EmulatedMachine.in(directory)
                .nvme("n0", 16 << 20)
                .image("more", 16 << 20)
                .arguments("-device", "nvme-ns,drive=more-image,bus=n0")
                .start();
        RpcWorld world = new RpcWorld().running()) {
      assertThat(
              world.call(
                  ATTACH,
                  "{'name': 'Nvme0', 'trtype': 'PCIe', 'traddr': 'qtest:%s', 'max_bdevs': 1}",
                  qemu.directory()))
          .isEqualTo(RpcWorld.json("['Nvme0n1']"));
    }
  }

  @Test
  void controllerIsDetachedOnlyByItsOwnPath() throws Exception {
    try (EmulatedMachine qemu = two().start();
        RpcWorld world = new RpcWorld().running()) {
      String address = "qtest:" + qemu.directory() + "#00:04.0";
      world.call(ATTACH, "{'name': 'Nvme0', 'trtype': 'PCIe', 'traddr': '%s'}", address);

      assertThat(world.refusal(DETACH, "{'name': 'Nvme0', 'traddr': '01:00.0'}").code())
          .isEqualTo(-6);
      assertThat(world.refusal(DETACH, "{'name': 'Nvme0', 'trsvcid': '4420'}").code())
          .isEqualTo(-6);
      assertThat(world.refusal(DETACH, "{'name': 'Nvme0', 'subnqn': 'nqn.other'}").code())
          .isEqualTo(-6);
      assertThat(world.refusal(DETACH, "{'name': 'Nvme0', 'trtype': 'RDMA'}").code()).isEqualTo(-6);
      assertThat(world.refusal(DETACH, "{'name': 'Nvme1'}").code()).isEqualTo(-19);
      RpcException unknown = world.refusal(LIST, "{'name': 'Nvme1'}");
      assertThat(unknown.code()).isEqualTo(-22);
      assertThat(unknown.error()).isEqualTo("Controller Nvme1 does not exist");
      assertThat(
              world
                  .call(DETACH, "{'name': 'Nvme0', 'trtype': 'PCIe', 'traddr': '%s'}", address)
                  .booleanValue())
          .isTrue();
    }
  }

  @Test
  void controllerIsDeletingUntilItsUserLetsGo() throws Exception {
    try (EmulatedMachine qemu = two().start();
        Mapping memory = Mapping.anonymous(1 << 20, false);
        RpcWorld world = new RpcWorld().running()) {
      String address = "qtest:" + qemu.directory() + "#00:04.0";
      world.call(ATTACH, "{'name': 'Nvme0', 'trtype': 'PCIe', 'traddr': '%s'}", address);
      DiskUser user = world.user("Nvme0n1", memory);

      CompletableFuture<JsonNode> first = world.begin(DETACH, "{'name': 'Nvme0'}");
      CompletableFuture<JsonNode> second = world.begin(DETACH, "{'name': 'Nvme0'}");
      assertThat(world.state("Nvme0")).isEqualTo("deleting");
      assertThat(world.refusal("bdev_nvme_reset_controller", "{'name': 'Nvme0'}").code())
          .isEqualTo(-6);
      assertThat(first).isNotDone();
      user.close();

      assertThat(first.join().booleanValue()).isTrue();
      assertThat(second.join().booleanValue()).isTrue();
      assertThat(world.call(LIST, "{}")).isEmpty();
    }
  }
}
