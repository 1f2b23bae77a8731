package io.millrace.nvme.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.nvme.bdev.DiskUser;
import io.millrace.nvme.qtest.EmulatedMachine;
import io.millrace.rpc.RpcException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Reset, disable, enable and injected errors, with a user of the controller's disk. */
class ControllerMethodsTest {
  private static final int BLOCK = 4096;
  private static final String NVME0 = "{'name': 'Nvme0'}";

  @TempDir Path directory;

  private EmulatedMachine qemu;
  private final RpcWorld world = new RpcWorld().running();
  private final Mapping memory = mapping();
  private DiskUser user;

  private static Mapping mapping() {
    try {
      return Mapping.anonymous(4 << 20, false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @BeforeEach
  void attach() throws Exception {
    qemu = EmulatedMachine.in(directory).nvme("n0", 16 << 20).start();
    world.call(
        "bdev_nvme_attach_controller",
        "{'name': 'Nvme0', 'trtype': 'PCIe', 'traddr': 'qtest:%s'}",
        directory);
    user = world.user("Nvme0n1", memory);
  }

  @AfterEach
  void end() throws Exception {
    user.close();
    world.close();
    memory.close();
    qemu.close();
  }

  private CompletableFuture<IoStatus> write(int block) {
    return user.submit(
        IoType.WRITE, (long) block * BLOCK, BLOCK, user.address() + (long) block * BLOCK);
  }

  private static IoStatus of(CompletableFuture<IoStatus> request) throws Exception {
    return request.get(RpcWorld.SECONDS, TimeUnit.SECONDS);
  }

  private IoStatus read() throws Exception {
    return user.run(IoType.READ, 0, BLOCK, user.address());
  }

  @Test
  void disabledControllersRequestsWaitUntilItIsEnabled() throws Exception {
    user.fill(user.address(), 4 * BLOCK, 7);
    byte[] written = DiskUser.bytes(user.address(), 4 * BLOCK);

    assertThat(world.call("bdev_nvme_disable_controller", NVME0).booleanValue()).isTrue();
    assertThat(world.state("Nvme0")).isEqualTo("disabled");
    List<CompletableFuture<IoStatus>> held = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      held.add(write(i));
    }
    assertThat(world.call("bdev_nvme_disable_controller", NVME0).booleanValue()).isTrue();
    assertThat(world.call("bdev_nvme_reset_controller", NVME0).booleanValue()).isTrue();
    assertThat(world.state("Nvme0")).isEqualTo("disabled");
    assertThat(held).noneMatch(CompletableFuture::isDone);

    assertThat(world.call("bdev_nvme_enable_controller", NVME0).booleanValue()).isTrue();
    for (CompletableFuture<IoStatus> one : held) {
      assertThat(of(one)).isEqualTo(IoStatus.SUCCESS);
    }
    assertThat(world.state("Nvme0")).isEqualTo("enabled");
    assertThat(world.call("bdev_nvme_enable_controller", NVME0).booleanValue()).isTrue();
    RawMemory.fill(user.address(), 4 * BLOCK, (byte) 0);
    assertThat(user.run(IoType.READ, 0, 4 * BLOCK, user.address())).isEqualTo(IoStatus.SUCCESS);
    assertThat(DiskUser.bytes(user.address(), 4 * BLOCK)).isEqualTo(written);
  }

  @Test
  void resetUnderRequestsLosesNone() throws Exception {
    int count = 512;
    int bytes = count * BLOCK;
    user.fill(user.address(), bytes, 11);
    List<CompletableFuture<IoStatus>> all = new ArrayList<>();

    for (int i = 0; i < count / 2; i++) {
      all.add(write(i));
    }
    CompletableFuture<JsonNode> reset = world.begin("bdev_nvme_reset_controller", NVME0);
    for (int i = count / 2; i < count; i++) {
      all.add(write(i));
    }

    assertThat(reset.get(RpcWorld.SECONDS, TimeUnit.SECONDS).booleanValue()).isTrue();
    for (CompletableFuture<IoStatus> one : all) {
      assertThat(of(one)).isEqualTo(IoStatus.SUCCESS);
    }
    byte[] written = DiskUser.bytes(user.address(), bytes);
    RawMemory.fill(user.address(), bytes, (byte) 0);
    assertThat(user.run(IoType.READ, 0, bytes, user.address())).isEqualTo(IoStatus.SUCCESS);
    assertThat(DiskUser.bytes(user.address(), bytes)).isEqualTo(written);
  }

  @Test
  void controllerBeingResetIsBusyForAnotherChange() throws Exception {
    // All within one turn of the control thread, on which the reset goes on later.
    List<CompletableFuture<JsonNode>> calls =
        DiskUser.on(
            world.control,
            () ->
                List.of(
                    start("bdev_nvme_reset_controller"),
                    start("bdev_nvme_reset_controller"),
                    start("bdev_nvme_disable_controller"),
                    start("bdev_nvme_enable_controller"),
                    start("bdev_nvme_get_controllers")));

    assertThat(calls.getFirst().get(RpcWorld.SECONDS, TimeUnit.SECONDS).booleanValue()).isTrue();
    for (CompletableFuture<JsonNode> busy : calls.subList(1, 4)) {
      assertThat(busy.exceptionNow())
          .isInstanceOfSatisfying(RpcException.class, e -> assertThat(e.code()).isEqualTo(-16));
    }
    assertThat(calls.getLast().join().at("/0/ctrlrs/0/state").stringValue()).isEqualTo("resetting");
  }

  private CompletableFuture<JsonNode> start(String method) {
    return world.registry.call(method, RpcWorld.json(NVME0)).toCompletableFuture();
  }

  @ParameterizedTest
  @ValueSource(strings = {"reset", "disable", "enable"})
  void stateOfUnknownControllerIsNotChanged(String what) throws Exception {
    String method = "bdev_nvme_" + what + "_controller";

    assertThat(world.refusal(method, "{'name': 'Nvme1'}").code()).isEqualTo(-19);
    assertThat(world.refusal(method, "{'name': 'Nvme0', 'cntlid': 4}").code()).isEqualTo(-19);
    RpcException wrong = world.refusal(method, "{'name': 'Nvme0', 'cntlid': 65536}");
    assertThat(wrong.code()).isEqualTo(-32602);
    assertThat(wrong.error()).isEqualTo("Invalid argument");
    assertThat(world.call(method, "{'name': 'Nvme0', 'cntlid': 0}").booleanValue()).isTrue();
    world.call("bdev_nvme_enable_controller", NVME0);
  }

  @Test
  void injectedErrorFailsAsManyCommandsAsAsked() throws Exception {
    // Out of range is not sent again by anybody, and no read of the whole disk gives it by itself.
    String params =
        "{'name': 'Nvme0', 'cmd_type': 'io', 'opc': 2, 'sct': 0, 'sc': 128, 'err_count': 2}";

    assertThat(world.call("bdev_nvme_add_error_injection", params).booleanValue()).isTrue();

    assertThat(read()).isEqualTo(IoStatus.OUT_OF_RANGE);
    assertThat(of(write(0))).isEqualTo(IoStatus.SUCCESS);
    assertThat(read()).isEqualTo(IoStatus.OUT_OF_RANGE);
    assertThat(read()).isEqualTo(IoStatus.SUCCESS);
  }

  @Test
  void injectedErrorCountsRetries() throws Exception {
    String params =
        "{'name': 'Nvme0', 'cmd_type': 'io', 'opc': 2, 'sct': 2, 'sc': 129, 'err_count': %d}";

    world.call("bdev_nvme_add_error_injection", params, 3);
    assertThat(read()).isEqualTo(IoStatus.SUCCESS); // by the third retry
    world.call("bdev_nvme_add_error_injection", params, 4);
    assertThat(read()).isEqualTo(IoStatus.IO_ERROR);
    assertThat(read()).isEqualTo(IoStatus.SUCCESS);
  }

  @Test
  void withheldCommandTakesItsTimeAndDoesNothing() throws Exception {
    user.fill(user.address(), BLOCK, 3);
    byte[] before = DiskUser.bytes(user.address(), BLOCK);
    assertThat(of(write(0))).isEqualTo(IoStatus.SUCCESS);
    user.fill(user.address(), BLOCK, 4);

    world.call(
        "bdev_nvme_add_error_injection",
        "{'name': 'Nvme0', 'cmd_type': 'io', 'opc': 1, 'do_not_submit': true,"
            + " 'timeout_in_us': 200000, 'sct': 0, 'sc': 32}");
    long start = System.nanoTime();
    assertThat(of(write(0))).isEqualTo(IoStatus.READ_ONLY);

    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(200_000_000L);
    assertThat(read()).isEqualTo(IoStatus.SUCCESS);
    assertThat(DiskUser.bytes(user.address(), BLOCK)).isEqualTo(before);
  }

  @Test
  void injectionIsTakenBack() throws Exception {
    String which = "'name': 'Nvme0', 'cmd_type': 'io', 'opc': 2";

    world.call("bdev_nvme_add_error_injection", "{%s, 'sc': 128, 'err_count': 4294967295}", which);
    assertThat(read()).isEqualTo(IoStatus.OUT_OF_RANGE);
    assertThat(world.call("bdev_nvme_remove_error_injection", "{%s}", which).booleanValue())
        .isTrue();
    assertThat(read()).isEqualTo(IoStatus.SUCCESS);
    world.call("bdev_nvme_add_error_injection", "{%s, 'sc': 128, 'err_count': 0}", which);
    assertThat(read()).isEqualTo(IoStatus.SUCCESS);
    assertThat(world.call("bdev_nvme_remove_error_injection", "{%s}", which).booleanValue())
        .isTrue();
  }

  @Test
  void adminCommandFailsByInjection() throws Exception {
    world.call(
        "bdev_nvme_add_error_injection",
        "{'name': 'Nvme0', 'cmd_type': 'admin', 'opc': 2, 'do_not_submit': true, 'sc': 6}");

    RpcException failed = world.refusal("bdev_nvme_get_controller_health_info", NVME0);

    assertThat(failed.code()).isEqualTo(-32603);
    assertThat(failed.error()).isEqualTo("Internal error.");
    assertThat(failed.detail()).contains("internal error (00/06)");
    assertThat(world.call("bdev_nvme_get_controller_health_info", NVME0).size()).isPositive();
  }

  @Test
  void injectionsParametersAreCheckedAsSpdkDoes() throws Exception {
    for (String method :
        List.of("bdev_nvme_add_error_injection", "bdev_nvme_remove_error_injection")) {
      RpcException wrong = world.refusal(method, "{'name': 'Nvme0', 'cmd_type': 'both', 'opc': 2}");
      assertThat(wrong.code()).isEqualTo(-22);
      assertThat(wrong.error()).isEqualTo("Failed to parse the request");
      assertThat(world.refusal(method, "{'name': 'Nvme0', 'cmd_type': 'io', 'opc': 256}").code())
          .isEqualTo(-22);
      assertThat(world.refusal(method, "{'name': 'Nvme1', 'cmd_type': 'io', 'opc': 2}").code())
          .isEqualTo(-19);
    }
  }
}
