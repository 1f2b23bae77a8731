package io.millrace.nvme.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.NullBdev;
import io.millrace.nvme.NvmeCommands;
import io.millrace.nvme.bdev.DiskUser;
import io.millrace.nvme.qtest.EmulatedMachine;
import io.millrace.rpc.RpcException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Health, commands of the operator's own, and firmware. */
class CommandMethodsTest {
  private static final String SEND = "bdev_nvme_send_cmd";
  private static final String HEALTH = "bdev_nvme_get_controller_health_info";
  private static final String FIRMWARE = "bdev_nvme_apply_firmware";
  private static final int STATUS = 14;

  @TempDir Path directory;

  private EmulatedMachine qemu;
  private final RpcWorld world = new RpcWorld().running();

  @BeforeEach
  void attach() throws Exception {
    qemu = EmulatedMachine.in(directory).nvme("n0", 16 << 20).start();
    world.call(
        "bdev_nvme_attach_controller",
        "{'name': 'Nvme0', 'trtype': 'PCIe', 'traddr': 'qtest:%s'}",
        directory);
  }

  @AfterEach
  void end() throws Exception {
    world.close();
    qemu.close();
  }

  private static String command(int opcode, int nsid, int... from10) {
    ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(0, opcode).putInt(4, nsid);
    for (int i = 0; i < from10.length; i++) {
      bytes.putInt(40 + 4 * i, from10[i]);
    }
    return base64(bytes.array());
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().encodeToString(bytes);
  }

  private static byte[] bytes(JsonNode text) {
    return Base64.getUrlDecoder().decode(text.stringValue());
  }

  private static int status(JsonNode answer) {
    byte[] completion = bytes(answer.get("cpl"));
    assertThat(completion).hasSize(16);
    return ByteBuffer.wrap(completion).order(ByteOrder.LITTLE_ENDIAN).getShort(STATUS) >> 1;
  }

  @Test
  void healthHasSpdksMembersInItsOrder() throws Exception {
    JsonNode health = world.call(HEALTH, "{'name': 'Nvme0'}");

    assertThat(health.propertyNames())
        .containsExactly(
            "model_number",
            "serial_number",
            "firmware_revision",
            "traddr",
            "critical_warning",
            "temperature_celsius",
            "available_spare_percentage",
            "available_spare_threshold_percentage",
            "percentage_used",
            "data_units_read",
            "data_units_written",
            "host_read_commands",
            "host_write_commands",
            "controller_busy_time",
            "power_cycles",
            "power_on_hours",
            "unsafe_shutdowns",
            "media_errors",
            "num_err_log_entries",
            "warning_temperature_time_minutes",
            "critical_composite_temperature_time_minutes");
    assertThat(health.get("model_number").stringValue()).isEqualTo("QEMU NVMe Ctrl");
    assertThat(health.get("serial_number").stringValue()).isEqualTo("n0");
    assertThat(health.get("traddr").stringValue()).isEqualTo("qtest:" + directory);
    assertThat(health.get("temperature_celsius").intValue()).isEqualTo(50); // QEMU says 323 K
    assertThat(health.get("power_on_hours").isIntegralNumber()).isTrue();
  }

  @Test
  void healthOfUnknownControllerIsAnsweredAsSpdkDoes() throws Exception {
    RpcException unknown = world.refusal(HEALTH, "{'name': 'Nvme1'}");
    assertThat(unknown.code()).isEqualTo(-32603);
    assertThat(unknown.error()).isEqualTo("Device not found");
    RpcException wrong = world.refusal(HEALTH, "{'name': 1}");
    assertThat(wrong.code()).isEqualTo(-32603);
    assertThat(wrong.error()).isEqualTo("Invalid parameters");
  }

  @Test
  void identifyAnswersTheControllersOwnBytes() throws Exception {
    byte[] own =
        DiskUser.on(
                world.control,
                () ->
                    world
                        .methods
                        .get("Nvme0")
                        .controller()
                        .admin(NvmeCommands.identify(NvmeCommands.CNS_CONTROLLER, 0, 0)))
            .toCompletableFuture()
            .get(RpcWorld.SECONDS, TimeUnit.SECONDS)
            .data();
    String params =
        "{'name': 'Nvme0', 'cmd_type': 'admin', 'data_direction': 'c2h', 'cmdbuf': '%s',"
            + " 'data_len': %d}";

    JsonNode answer = world.call(SEND, params, command(0x06, 0, 1), 4096);
    JsonNode part = world.call(SEND, params, command(0x06, 0, 1), 64);

    assertThat(answer.propertyNames()).containsExactly("cpl", "data");
    assertThat(answer.get("cpl").stringValue()).hasSize(24); // padded, as SPDK's
    assertThat(status(answer)).isZero();
    assertThat(bytes(answer.get("data"))).isEqualTo(own);
    assertThat(bytes(part.get("data"))).isEqualTo(Arrays.copyOf(own, 64));
    String serial = new String(own, 4, 20, StandardCharsets.US_ASCII);
    assertThat(serial.strip()).isEqualTo("n0");
  }

  @Test
  void whatIsWrittenByCommandIsReadByCommand() throws Exception {
    byte[] data = new byte[8192];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) (i * 31 + i / 251);
    }
    String blocks = command(0x01, 1, 5, 0, data.length / 512 - 1);

    JsonNode written =
        world.call(
            SEND,
            "{'name': 'Nvme0', 'cmd_type': 'io', 'data_direction': 'h2c', 'cmdbuf': '%s',"
                + " 'data': '%s', 'data_len': 8192}",
            blocks,
            base64(data));
    JsonNode read =
        world.call(
            SEND,
            "{'name': 'Nvme0', 'cmd_type': 'io', 'data_direction': 'c2h', 'cmdbuf': '%s',"
                + " 'data_len': 8192, 'timeout_ms': 1000, 'metadata_len': 0}",
            command(0x02, 1, 5, 0, data.length / 512 - 1));

    assertThat(status(written)).isZero();
    assertThat(written.propertyNames()).containsExactly("cpl");
    assertThat(bytes(read.get("data"))).isEqualTo(data);
    try (var image = Files.newByteChannel(directory.resolve("n0-image"))) {
      ByteBuffer stored = ByteBuffer.allocate(data.length);
      image.position(5 * 512).read(stored);
      assertThat(stored.array()).isEqualTo(data);
    }
  }

  @Test
  void resultAndStatusAreInTheCompletion() throws Exception {
    String params = "{'name': 'Nvme0', 'cmd_type': '%s', 'data_direction': 'c2h', 'cmdbuf': '%s'}";

    JsonNode feature = world.call(SEND, params, "admin", command(0x0a, 0, 0x06)); // write cache
    JsonNode unknown = world.call(SEND, params, "admin", command(0xc3, 0));
    JsonNode outside = world.call(SEND, params, "io", command(0x0c, 1, -1, 0xffff));

    assertThat(feature.propertyNames()).containsExactly("cpl");
    assertThat(status(feature)).isZero();
    assertThat(bytes(feature.get("cpl"))[0]).isEqualTo((byte) 1);
    assertThat(status(unknown) & 0x7ff).isEqualTo(0x01);
    assertThat(status(outside) & 0x7ff).isNotZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'cmdbuf': 'AAAA'",
        "'cmdbuf': 'no base64!'",
        "'cmdbuf': 'IDENTIFY', 'data_len': 3",
        "'cmdbuf': 'IDENTIFY', 'data_len': 2097156",
        "'cmdbuf': 'IDENTIFY', 'data': 'AAAA', 'data_len': 4",
        "'cmdbuf': 'IDENTIFY', 'data': '****'",
        "'cmdbuf': 'IDENTIFY', 'metadata_len': 8",
        "'cmdbuf': 'IDENTIFY', 'metadata': 'AAAA'",
        "'cmdbuf': 'CREATE'",
        "'cmdbuf': 'HOSTMEM'",
        "'cmdbuf': 'FUSED'",
        "'data_len': 4096"
      })
  void commandThatCannotBeSentIsRefused(String parameters) throws Exception {
    String given =
        parameters
            .replace("IDENTIFY", command(0x06, 0, 1))
            .replace("CREATE", command(0x05, 0, 1))
            .replace("HOSTMEM", command(0x09, 0, 0x0d))
            .replace("FUSED", command(0x0106, 0));

    RpcException refused =
        world.refusal(
            SEND, "{'name': 'Nvme0', 'cmd_type': 'admin', 'data_direction': 'c2h', %s}", given);

    assertThat(refused.code()).isEqualTo(-32602);
    assertThat(refused.error()).isEqualTo("Invalid argument");
    assertThat(refused.detail()).isNotEmpty();
  }

  @Test
  void commandToUnknownOrDisabledControllerFails() throws Exception {
    String params = "{'name': '%s', 'cmd_type': 'admin', 'data_direction': 'c2h', 'cmdbuf': '%s'}";

    RpcException unknown = world.refusal(SEND, params, "Nvme1", command(0x06, 0, 1));
    assertThat(unknown.code()).isEqualTo(-32602);
    world.call("bdev_nvme_disable_controller", "{'name': 'Nvme0'}");
    RpcException disabled = world.refusal(SEND, params, "Nvme0", command(0x06, 0, 1));
    assertThat(disabled.code()).isEqualTo(-32603);
    assertThat(disabled.error()).isEqualTo("Device or resource busy");
    world.call("bdev_nvme_enable_controller", "{'name': 'Nvme0'}");
  }

  @Test
  void commandThatWaitsEndsWhenItsControllerIsGivenBack() throws Exception {
    world.call("bdev_nvme_disable_controller", "{'name': 'Nvme0'}");
    CompletableFuture<JsonNode> waiting =
        world.begin(
            SEND,
            "{'name': 'Nvme0', 'cmd_type': 'io', 'data_direction': 'c2h', 'cmdbuf': '%s',"
                + " 'data_len': 512}",
            command(0x02, 1, 0, 0, 0));

    world.call("bdev_nvme_detach_controller", "{'name': 'Nvme0'}");

    JsonNode answer = waiting.get(RpcWorld.SECONDS, TimeUnit.SECONDS);
    assertThat(status(answer) & 0x7ff).isEqualTo(0x300); // internal path error
  }

  @Test
  void firmwareGoesInPiecesIsCommittedAndReset() throws Exception {
    Path image = directory.resolve("firmware");
    Files.write(image, new byte[3 * 4096 + 8]);
    String inject =
        "{'name': 'Nvme0', 'cmd_type': 'admin', 'opc': %d, 'do_not_submit': true,"
            + " 'err_count': %d}";
    world.call("bdev_nvme_add_error_injection", inject, 0x11, 4); // succeed without the controller
    world.call("bdev_nvme_add_error_injection", inject, 0x10, 1);
    String params = "{'filename': '%s', 'bdev_name': '%s'}";

    JsonNode answer = world.call(FIRMWARE, params, image, "Nvme0n1");

    assertThat(answer.stringValue())
        .isEqualTo("firmware commit succeeded. Controller reset in progress.");
    RpcWorld.await(() -> isEnabled(world), "the reset is over");
    // QEMU takes no firmware: that this one reaches it shows that there were four pieces before.
    RpcException real = world.refusal(FIRMWARE, params, image, "Nvme0n1");
    assertThat(real.code()).isEqualTo(-32603);
    assertThat(real.error()).isEqualTo("firmware download failed.");
    assertThat(real.detail()).contains("invalid opcode");
  }

  private static boolean isEnabled(RpcWorld world) {
    try {
      return world.state("Nvme0").equals("enabled");
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void firmwareThatCannotBeIsRefused() throws Exception {
    Path image = directory.resolve("firmware");
    Files.write(image, new byte[6]);
    String params = "{'filename': '%s', 'bdev_name': '%s'}";
    DiskUser.on(
        world.control,
        () -> {
          world.bdevs.register(new NullBdev("Null0", new UUID(1, 2), 512, 512, 128));
          return true;
        });

    assertThat(world.refusal(FIRMWARE, params, image, "Nvme0n1").error())
        .isEqualTo("Firmware image size is not multiple of 4.");
    assertThat(world.refusal(FIRMWARE, params, directory.resolve("no"), "Nvme0n1").error())
        .isEqualTo("open file failed.");
    assertThat(world.refusal(FIRMWARE, params, image, "Nvme9n1").error())
        .isEqualTo("bdev Nvme9n1 could not be opened");
    assertThat(world.refusal(FIRMWARE, params, image, "Null0").error())
        .isEqualTo("Controller information for Null0 were not found.");
  }
}
