package io.millrace.virtio.scsi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoType;
import io.millrace.initiator.rpc.VirtioMethods;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Units of another server as bdevs of this one, by SPDK's methods. */
@Timeout(60)
class InitiatorMethodsTest {
  private final JsonMapper json = new JsonMapper();
  private final BdevRegistry registry = new BdevRegistry();
  private final MethodRegistry methods = new MethodRegistry();
  private final Reactor control = Reactor.start("initiator", -1);
  private ScsiHost host;
  private Path socket;

  @BeforeEach
  void start() throws Exception {
    VirtioMethods.addTo(methods, registry, control);
    methods.enterRuntime();
    host = new ScsiHost(1);
    socket = host.controller("vm");
    host.malloc("first");
    host.malloc("second");
    host.add("vm", 3, 0, "first");
    host.add("vm", 9, 0, "second");
  }

  @AfterEach
  void stop() throws Exception {
    host.close();
    control.close();
  }

  private JsonNode call(String method, String params) throws Exception {
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    JsonNode given = params == null ? null : json.readTree(params.replace('\'', '"'));
    control.execute(() ->
        methods
            .call(method, given)
            .whenComplete((result, e) -> {
              if (e == null) {
                answer.complete(result);
              } else {
                answer.completeExceptionally(e);
              }
            }));
    return answer.get(ScsiHost.SECONDS, TimeUnit.SECONDS);
  }

  private List<String> configured() {
    return methods.configuration().entries().stream()
        .map(entry -> String.valueOf(entry.params()))
        .toList();
  }

  private JsonNode attach(String name, String type) throws Exception {
    return call(
        "bdev_virtio_attach_controller",
        "{'name':'%s','trtype':'user','traddr':'%s','dev_type':'%s','vq_count':2,'vq_size':512}"
            .formatted(name, socket, type));
  }

  @Test
  void eachTargetOfAControllerIsABdevUntilItIsDetached() throws Exception {
    assertThat(attach("VirtioScsi0", "scsi").toString())
        .isEqualTo("[\"VirtioScsi0t3\",\"VirtioScsi0t9\"]");

    assertThat(registry.get("VirtioScsi0t9").sizeBytes()).isEqualTo(16 << 20);
    assertThat(registry.get("VirtioScsi0t9").supports(IoType.UNMAP)).isTrue();
    assertThat(call("bdev_virtio_scsi_get_devices", null).toString())
        .isEqualTo(
            "[{\"name\":\"VirtioScsi0\",\"type\":\"user\",\"socket\":\"%s\"}]".formatted(socket));
    assertThatThrownBy(() -> attach("VirtioScsi0", "scsi"))
        .hasRootCauseInstanceOf(RpcException.class)
        .hasStackTraceContaining("a virtio device VirtioScsi0 is attached already");

    assertThat(configured())
        .hasToString(
            ("[{\"name\":\"VirtioScsi0\",\"trtype\":\"user\",\"traddr\":\"%s\","
                    + "\"dev_type\":\"scsi\",\"vq_count\":2,\"vq_size\":512}]")
                .formatted(socket));
    assertThat(call("bdev_virtio_detach_controller", "{'name':'VirtioScsi0'}").booleanValue())
        .isTrue();

    assertThat(registry.all()).isEmpty();
    assertThat(configured()).isEmpty();
    assertThat(call("bdev_virtio_scsi_get_devices", null)).isEmpty();
    assertThat(attach("VirtioScsi0", "scsi")).hasSize(2);
    call("bdev_virtio_detach_controller", "{'name':'VirtioScsi0'}");
  }

  @Test
  void whatCannotBeAttachedSaysWhyAndLeavesItsNameFree() throws Exception {
    host.until(() -> host.get("vm").removeTarget(3));
    host.until(() -> host.get("vm").removeTarget(9));

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> attach("VirtioScsi0", "scsi"))
          .hasStackTraceContaining("no target of " + socket + " from 0 to 63 has a LUN 0");
    }

    assertThatThrownBy(() ->
            call(
                "bdev_virtio_attach_controller",
                "{'name':'x','trtype':'user','traddr':'a\\ud800b','dev_type':'blk'}"))
        .hasStackTraceContaining("traddr is no path");
    assertThatThrownBy(() -> call("bdev_virtio_detach_controller", "{'name':'VirtioScsi0'}"))
        .hasStackTraceContaining("there is no virtio device VirtioScsi0");
  }
}
