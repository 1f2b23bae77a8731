package io.millrace.nvme.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.nvme.bdev.DiskUser;
import io.millrace.nvme.model.ModelDevice;
import io.millrace.nvme.model.ModelOptions;
import io.millrace.nvme.qtest.EmulatedMachine;
import io.millrace.rpc.RpcException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** framework_get_pci_devices. */
class PciMethodsTest {
  private static final String LIST = "framework_get_pci_devices";
  private static final int EXPRESS = 4096;

  @TempDir Path directory;

  private static RpcWorld world(Map<String, ModelDevice> devices) {
    return new RpcWorld(devices::get, List::of).running();
  }

  private static ModelDevice model(int configBytes) throws LinuxException {
    ModelOptions options = ModelOptions.disk(1 << 10);
    options.configBytes = configBytes;
    options.numaNode = 1;
    return new ModelDevice(options).running();
  }

  private static void attach(RpcWorld world, String name, String address) throws Exception {
    world.call(
        "bdev_nvme_attach_controller",
        "{'name': '%s', 'trtype': 'PCIe', 'traddr': '%s'}",
        name,
        address);
  }

  private static byte[] config(JsonNode device) {
    return HexFormat.of().parseHex(device.get("config_space").stringValue());
  }

  @Test
  void functionsAreListedWithTheirConfigurationSpaceAsLongAsTheyAreAttached() throws Exception {
    try (EmulatedMachine qemu =
            EmulatedMachine.in(directory)
                .nvme("n0", 16 << 20, ",addr=4")
                .nvme("n1", 16 << 20, ",addr=5")
                .start();
        RpcWorld world = new RpcWorld().running()) {
      assertThat(world.call(LIST, "null")).isEmpty();
      attach(world, "Nvme1", "qtest:" + qemu.directory() + "#00:05.0");
      attach(world, "Nvme0", "qtest:" + qemu.directory() + "#00:04.0");

      JsonNode listed = world.call(LIST, "null");
      world.call("bdev_nvme_detach_controller", "{'name': 'Nvme1'}");

      assertThat(listed).hasSize(2);
      assertThat(listed.get(0).propertyNames())
          .containsExactly("address", "type", "numa_id", "config_space");
      assertThat(listed.get(0).get("address").stringValue()).endsWith(":00:05.0");
      assertThat(listed.get(1).get("address").stringValue()).endsWith(":00:04.0");
      assertThat(listed.get(0).get("type").stringValue()).isEqualTo("pci");
      assertThat(listed.get(0).get("numa_id").intValue()).isEqualTo(-1);
      assertThat(listed.get(0).get("config_space").stringValue())
          .hasSize(512)
          .startsWith("361B10000600") // QEMU's, memory and bus master on
          .isUpperCase();
      assertThat(Arrays.copyOfRange(config(listed.get(0)), 9, 12)).containsExactly(2, 8, 1);
      assertThat(world.call(LIST, "null")).containsExactly(listed.get(1));
    }
  }

  @Test
  void extendedConfigurationSpaceIsToldUnlessItIsAllZeroes() throws Exception {
    Map<String, ModelDevice> devices =
        Map.of("old", model(256), "empty", model(EXPRESS), "used", model(EXPRESS));
    devices.get("used").config(EXPRESS - 4, 0x0201_0000);
    try (RpcWorld world = world(devices)) {
      for (String address : List.of("old", "empty", "used")) {
        attach(world, address, address);
      }

      JsonNode listed = world.call(LIST, "null");

      assertThat(listed.valueStream().map(one -> config(one).length))
          .containsExactly(256, 256, EXPRESS);
      assertThat(config(listed.get(2))).endsWith(0, 0, 1, 2);
      assertThat(listed.valueStream().map(one -> one.get("numa_id").intValue())).containsOnly(1);
    }
  }

  @Test
  void functionThatWasPulledOutHasNoConfigurationSpace() throws Exception {
    ModelDevice device = model(256);
    try (Mapping memory = Mapping.anonymous(1 << 20, false);
        RpcWorld world = world(Map.of("model", device))) {
      attach(world, "Nvme0", "model");
      DiskUser user = world.user("Nvme0n1", memory); // who holds it

      device.pullOut();

      JsonNode listed = world.call(LIST, "null");
      user.close();
      assertThat(listed.get(0).get("address").stringValue()).isEqualTo("model:MODEL0");
      assertThat(listed.get(0).get("config_space").stringValue()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{'name': 'Nvme0'}", "[]"})
  void parametersAreRefusedAsSpdkDoes(String params) throws Exception {
    try (RpcWorld world = new RpcWorld().running()) {
      RpcException refused = world.refusal(LIST, params);

      assertThat(refused.code()).isEqualTo(-32602);
      assertThat(refused.error())
          .isEqualTo("framework_get_pci_devices doesn't accept any parameters.");
    }
  }
}
