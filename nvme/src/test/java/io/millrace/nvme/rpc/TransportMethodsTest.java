package io.millrace.nvme.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.Mapping;
import io.millrace.nvme.bdev.DiskUser;
import io.millrace.nvme.qtest.EmulatedMachine;
import io.millrace.rpc.RpcException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** bdev_nvme_get_transport_statistics. */
class TransportMethodsTest {
  private static final String GET = "bdev_nvme_get_transport_statistics";
  private static final int BLOCK = 4096;

  @TempDir Path directory;

  private static void write(DiskUser user, int count) throws Exception {
    for (int i = 0; i < count; i++) {
      assertThat(user.run(IoType.WRITE, (long) i * BLOCK, BLOCK, user.address()))
          .isEqualTo(IoStatus.SUCCESS);
    }
  }

  private static JsonNode groups(RpcWorld world) throws Exception {
    return world.call(GET, "null").get("poll_groups");
  }

  /** The one transport of the one group, when so many commands have ended: counts may be late. */
  private static JsonNode transport(RpcWorld world, int completions) {
    RpcWorld.await(
        () -> {
          try {
            return groups(world).at("/0/transports/0/completions").asInt(0) >= completions;
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        },
        completions + " completions");
    try {
      return groups(world).at("/0/transports/0");
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private void attach(RpcWorld world, String name, int device) throws Exception {
    world.call(
        "bdev_nvme_attach_controller",
        "{'name': '%s', 'trtype': 'PCIe', 'traddr': 'qtest:%s#00:0%d.0'}",
        name,
        directory,
        device);
  }

  @Test
  void queuesOfAThreadAreCountedTogetherAndGoOnWhenAControllerIsGivenBack() throws Exception {
    try (EmulatedMachine _ =
            EmulatedMachine.in(directory)
                .nvme("n0", 16 << 20, ",addr=4")
                .nvme("n1", 16 << 20, ",addr=5")
                .start();
        Mapping memory = Mapping.anonymous(1 << 20, false);
        RpcWorld world = new RpcWorld().running()) {
      assertThat(world.call(GET, "null")).isEqualTo(RpcWorld.json("{'poll_groups': []}"));
      attach(world, "Nvme0", 4);
      attach(world, "Nvme1", 5);
      assertThat(groups(world)).isEmpty(); // nobody has a disk of theirs
      DiskUser first = world.user("Nvme0n1", memory);
      DiskUser second = world.user("Nvme1n1", memory);

      write(first, 4);
      write(second, 3);

      JsonNode did = transport(world, 7);
      assertThat(groups(world)).hasSize(1);
      assertThat(groups(world).at("/0").propertyNames()).containsExactly("thread", "transports");
      assertThat(groups(world).at("/0/thread").stringValue()).isEqualTo("polling");
      assertThat(groups(world).at("/0/transports")).hasSize(1);
      assertThat(did.propertyNames())
          .containsExactly(
              "trname",
              "polls",
              "idle_polls",
              "completions",
              "cq_mmio_doorbell_updates",
              "cq_shadow_doorbell_updates",
              "queued_requests",
              "submitted_requests",
              "sq_mmio_doorbell_updates",
              "sq_shadow_doorbell_updates");
      assertThat(did.get("trname").stringValue()).isEqualTo("PCIe");
      assertThat(did.get("completions").intValue()).isEqualTo(7);
      assertThat(did.get("submitted_requests").intValue()).isEqualTo(7);
      assertThat(did.get("polls").longValue()).isGreaterThan(did.get("idle_polls").longValue());

      first.close();
      world.call("bdev_nvme_detach_controller", "{'name': 'Nvme0'}");
      write(second, 2);
      assertThat(transport(world, 9).get("completions").intValue()).isEqualTo(9);
      second.close();
      assertThat(groups(world)).isEmpty();

      DiskUser again = world.user("Nvme1n1", memory);
      write(again, 1);
      assertThat(transport(world, 10).get("submitted_requests").intValue()).isEqualTo(10);
      again.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{'name': 'Nvme0'}", "[]"})
  void parametersAreRefusedAsSpdkDoes(String params) throws Exception {
    try (RpcWorld world = new RpcWorld().running()) {
      RpcException refused = world.refusal(GET, params);

      assertThat(refused.code()).isEqualTo(-32602);
      assertThat(refused.error())
          .isEqualTo("'bdev_nvme_get_transport_statistics' requires no arguments");
    }
  }
}
