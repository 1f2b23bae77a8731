package io.millrace.virtio.blk.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.NullBdev;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcException;
import io.millrace.vhost.user.VhostSocket.SocketAccess;
import io.millrace.vhost.user.rpc.ControllerSockets;
import io.millrace.vhost.user.rpc.VhostMethods;
import io.millrace.vhost.user.server.VhostControllers;
import io.millrace.virtio.blk.BlkControllers;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class VhostMethodsTest {
  @TempDir Path dir;

  private final JsonMapper json = new JsonMapper();
  private final Reactor reactor = Reactor.stepped("all");
  private final BdevRegistry bdevs = new BdevRegistry();
  private final VhostControllers controllers =
      new VhostControllers(reactor, Map.of(0, reactor, 2, reactor));
  private final MethodRegistry methods = new MethodRegistry();
  private long now;

  @BeforeEach
  void addMethods() throws Exception {
    bdevs.register(new NullBdev("Null0", UUID.randomUUID(), 512, 512, 1000));
    VhostMethods.addTo(methods, controllers);
    BlkMethods.addTo(
        methods,
        controllers,
        new BlkControllers(bdevs, controllers),
        new ControllerSockets(dir, new SocketAccess(0660, -1)));
    methods.enterRuntime();
  }

  @AfterEach
  void close() {
    reactor.close();
  }

  @Test
  void controllerIsDescribedInSpdksShape() {
    call("vhost_create_blk_controller", "{'ctrlr':'vm0.sock','dev_name':'Null0','readonly':true}");

    assertThat(call("vhost_get_controllers", null).toString())
        .isEqualTo(
            json.readTree(
                    quoted(
                        "[{'ctrlr':'vm0.sock','cpumask':'0x5','delay_base_us':0,"
                            + "'iops_threshold':60000,'socket':'"
                            + dir.resolve("vm0.sock")
                            + "','sessions':[],'backend_specific':{'block':{'readonly':true,"
                            + "'bdev':'Null0','transport':'vhost_user_blk'}}}]"))
                .toString());
  }

  @Test
  void coalescingIsSetAndShown() {
    call("vhost_create_blk_controller", "{'ctrlr':'vm0.sock','dev_name':'Null0'}");

    JsonNode done =
        call(
            "vhost_controller_set_coalescing",
            "{'ctrlr':'vm0.sock','delay_base_us':50,'iops_threshold':20000}");

    assertThat(done.booleanValue()).isTrue();
    JsonNode shown = call("vhost_get_controllers", "{'name':'vm0.sock'}").get(0);
    assertThat(shown.get("delay_base_us").intValue()).isEqualTo(50);
    assertThat(shown.get("iops_threshold").intValue()).isEqualTo(20000);
  }

  @Test
  void socketStandsInTheDirectoryWithTheModeAsked() throws Exception {
    call("vhost_create_blk_controller", "{'ctrlr':'vm0.sock','dev_name':'Null0'}");

    Path socket = dir.resolve("vm0.sock");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-rw----");
    try (SocketChannel frontend = connect(socket)) {
      step();
      JsonNode session = call("vhost_get_controllers", "{'name':'vm0.sock'}").at("/0/sessions/0");

      assertThat(frontend.isConnected()).isTrue();
      assertThat(session.get("id").intValue()).isZero();
      assertThat(session.get("vid").intValue()).isZero();
      assertThat(session.get("name").stringValue()).startsWith("vm0.sock");
      assertThat(session.get("started").booleanValue()).isFalse();
      assertThat(session.get("max_queues").intValue()).isZero();
      assertThat(session.get("inflight_task_cnt").intValue()).isZero();
    }
  }

  @Test
  void deletedControllerLeavesNothing() throws Exception {
    call("vhost_create_blk_controller", "{'ctrlr':'vm0.sock','dev_name':'Null0'}");
    try (SocketChannel frontend = connect(dir.resolve("vm0.sock"))) {
      step();

      CompletableFuture<JsonNode> deleted =
          start("vhost_delete_controller", "{'ctrlr':'vm0.sock'}");
      step();

      assertThat(deleted).isCompletedWithValueMatching(JsonNode::booleanValue);
      assertThat(dir).isEmptyDirectory();
      assertThat(call("vhost_get_controllers", null).isEmpty()).isTrue();
      assertThat(frontend.isConnected()).isTrue();
    }
  }

  @Test
  void removedBdevIsShownAsNone() throws Exception {
    call("vhost_create_blk_controller", "{'ctrlr':'vm0.sock','dev_name':'Null0'}");
    bdevs.remove("Null0");
    step();

    assertThat(call("vhost_get_controllers", null).at("/0/backend_specific/block/bdev").isNull())
        .isTrue();
    assertThat(bdevs.all()).isEmpty();
  }

  @Test
  void queuesRunOnTheCoresOfItsMaskOnly() {
    call("vhost_create_blk_controller", "{'ctrlr':'a','dev_name':'Null0','cpumask':'[1,2-7]'}");

    assertThat(call("vhost_get_controllers", null).at("/0/cpumask").stringValue()).isEqualTo("0x4");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "vhost_create_blk_controller|{'ctrlr':'x'}|-32602|Invalid argument|dev_name",
        "vhost_create_blk_controller|{'ctrlr':'x\\ny','dev_name':'Null0'}|-32602|Invalid argument"
            + "|none of them a control character",
        "vhost_create_blk_controller|{'ctrlr':'x','dev_name':'None'}|-32602|No such device|None",
        "vhost_create_blk_controller|{'ctrlr':'taken','dev_name':'Null0'}|-32602|File exists|taken",
        "vhost_create_blk_controller|{'ctrlr':'a/b','dev_name':'Null0'}|-32602|Input/output error"
            + "|there is no directory",
        "vhost_create_blk_controller|{'ctrlr':'x','dev_name':'Null0','packed_ring':'yes'}|-32602"
            + "|Invalid argument|packed_ring",
        "vhost_create_blk_controller|{'ctrlr':'x','dev_name':'Null0','in_order':1}|-32602"
            + "|Invalid argument|in_order",
        "vhost_create_blk_controller|{'ctrlr':'x','dev_name':'Null0','ring_reset':null}|-32602"
            + "|Invalid argument|ring_reset",
        "vhost_create_blk_controller|{'ctrlr':'x','dev_name':'Null0','transport':'vfio'}|-32602"
            + "|Invalid argument|must be one of vhost_user_blk",
        "vhost_create_blk_controller|{'ctrlr':'x','dev_name':'Null0','cpumask':'none'}|-32602"
            + "|Invalid argument|cpumask: 'none' is not a core mask",
        "vhost_create_blk_controller|{'ctrlr':'x','dev_name':'Null0','cpumask':'0x8'}|-32602"
            + "|Invalid argument|no core of its mask",
        "vhost_delete_controller|{'ctrlr':'none'}|-32602|No such device|there is no controller none",
        "vhost_delete_controller|{'name':'none'}|-32602|Invalid argument|unknown parameter name",
        "vhost_get_controllers|{'name':'none'}|-32603|No such device|there is no controller none",
        "vhost_get_controllers|{'ctrlr':'none'}|-32603|Invalid argument|unknown parameter ctrlr",
      })
  void wrongCallIsRefusedWithSpdksCodeAndLeavesNothing(
      String method, String params, int code, String message, String detail) {
    call("vhost_create_blk_controller", "{'ctrlr':'taken','dev_name':'Null0','unknown':1}");

    Throwable failure = catchThrowable(() -> call(method, params));

    assertThat(failure.getCause())
        .isInstanceOfSatisfying(
            RpcException.class,
            error -> {
              assertThat(error.code()).isEqualTo(code);
              assertThat(error.error()).isEqualTo(message);
              assertThat(error.detail()).contains(detail);
            });
    assertThat(dir.toFile().list()).containsExactlyInAnyOrder("taken", "taken.lock");
  }

  private void step() {
    for (int i = 0; i < 100; i++) {
      now += TimeUnit.MILLISECONDS.toNanos(1);
      reactor.runOnce(now);
    }
  }

  private static SocketChannel connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    return channel;
  }

  private CompletableFuture<JsonNode> start(String method, String params) {
    return methods
        .call(method, params == null ? null : json.readTree(quoted(params)))
        .toCompletableFuture();
  }

  private JsonNode call(String method, String params) {
    return start(method, params).join();
  }

  private static String quoted(String text) {
    return text.replace('\'', '"');
  }
}
