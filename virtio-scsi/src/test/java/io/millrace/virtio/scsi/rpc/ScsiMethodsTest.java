package io.millrace.virtio.scsi.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.NullBdev;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcException;
import io.millrace.scsi.LogicalUnits;
import io.millrace.vhost.user.rpc.ControllerSockets;
import io.millrace.vhost.user.rpc.VhostMethods;
import io.millrace.vhost.user.server.VhostControllers;
import io.millrace.virtio.scsi.ScsiControllers;
import java.nio.file.Path;
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

/** SPDK's methods of SCSI controllers, in its shapes, and what is more here. */
@Timeout(60)
class ScsiMethodsTest {
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
    for (int i = 0; i < 3; i++) {
      bdevs.register(new NullBdev("Null" + i, new UUID(0, i + 1), 512, 512, 1000));
    }
    VhostMethods.addTo(methods, controllers);
    ScsiMethods.addTo(
        methods,
        controllers,
        new ScsiControllers(bdevs, controllers, new LogicalUnits()),
        new ControllerSockets(dir, null));
    methods.enterRuntime();
  }

  @AfterEach
  void close() {
    reactor.close();
  }

  @Test
  void controllerIsDescribedInSpdksShape() {
    call("vhost_create_scsi_controller", "{'ctrlr':'vm0','cpumask':'0x1'}");
    assertThat(
            call(
                    "vhost_scsi_controller_add_target",
                    "{'ctrlr':'vm0','scsi_target_num':5,'bdev_name':'Null0'}")
                .intValue())
        .isEqualTo(5);
    call(
        "vhost_scsi_controller_add_target",
        "{'ctrlr':'vm0','scsi_target_num':5,'bdev_name':'Null1','lun':300}");

    assertThat(call("vhost_get_controllers", null).toString())
        .isEqualTo(
            json.readTree(
                    quoted(
                        "[{'ctrlr':'vm0','cpumask':'0x1','delay_base_us':0,"
                            + "'iops_threshold':60000,'socket':'"
                            + dir.resolve("vm0")
                            + "','sessions':[],'backend_specific':{'scsi':[{'id':1,"
                            + "'target_name':'Target 5','scsi_dev_num':5,'luns':["
                            + "{'id':0,'bdev_name':'Null0'},{'id':300,'bdev_name':'Null1'}]}]}}]"))
                .toString());
    assertThat(call("scsi_get_devices", null).toString())
        .isEqualTo(quoted("[{'id':0,'device_name':'Target 5'}]"));
  }

  @Test
  void aTargetWithoutANumberGetsTheFirstFreeOne() {
    call("vhost_create_scsi_controller", "{'ctrlr':'vm0'}");
    call(
        "vhost_scsi_controller_add_target",
        "{'ctrlr':'vm0','scsi_target_num':0,'bdev_name':'Null0'}");

    assertThat(
            call(
                    "vhost_scsi_controller_add_target",
                    "{'ctrlr':'vm0','scsi_target_num':-1,'bdev_name':'Null1'}")
                .intValue())
        .isEqualTo(1);
  }

  @Test
  void aDelayedControllerHasItsSocketWhenItIsStarted() {
    call("vhost_create_scsi_controller", "{'ctrlr':'vm0','delay':true}");
    call(
        "vhost_scsi_controller_add_target",
        "{'ctrlr':'vm0','scsi_target_num':0,'bdev_name':'Null0'}");
    assertThat(dir).isEmptyDirectory();
    assertThat(call("vhost_get_controllers", null).at("/0/socket").stringValue()).isEmpty();

    call("vhost_start_scsi_controller", "{'ctrlr':'vm0'}");

    assertThat(dir.resolve("vm0")).exists();
    assertThat(call("vhost_start_scsi_controller", "{'ctrlr':'vm0'}").booleanValue()).isTrue();
  }

  @Test
  void whatIsRemovedLetsGoOfItsBdev() throws Exception {
    call("vhost_create_scsi_controller", "{'ctrlr':'vm0'}");
    for (int i = 0; i < 3; i++) {
      call(
          "vhost_scsi_controller_add_target",
          "{'ctrlr':'vm0','scsi_target_num':%d,'bdev_name':'Null%d','lun':%d}"
              .formatted(i / 2, i, i));
    }

    finish("vhost_scsi_controller_remove_target", "{'ctrlr':'vm0','scsi_target_num':0,'lun':1}");
    bdevs.remove("Null1");
    assertThat(call("vhost_get_controllers", null).at("/0/backend_specific/scsi/0/luns"))
        .hasSize(1);
    finish("vhost_scsi_controller_remove_target", "{'ctrlr':'vm0','scsi_target_num':0}");
    assertThat(call("scsi_get_devices", null)).hasSize(1);
    finish("vhost_delete_controller", "{'ctrlr':'vm0'}");

    assertThat(dir).isEmptyDirectory();
    bdevs.remove("Null0");
    bdevs.remove("Null2");
    step();
    assertThat(bdevs.all()).isEmpty();
  }

  @Test
  void aTargetGoesWithItsBdev() throws Exception {
    call("vhost_create_scsi_controller", "{'ctrlr':'vm0'}");
    call(
        "vhost_scsi_controller_add_target",
        "{'ctrlr':'vm0','scsi_target_num':3,'bdev_name':'Null0'}");

    bdevs.remove("Null0");
    step();

    assertThat(call("scsi_get_devices", null)).isEmpty();
    assertThat(bdevs.all()).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "vhost_create_scsi_controller|{'ctrlr':'taken'}|File exists|choose another name",
        "vhost_create_scsi_controller|{'ctrlr':'a\\nb'}|Invalid argument|control character",
        "vhost_create_scsi_controller|{'ctrlr':'x','cpumask':'0x8'}|Invalid argument|no core",
        "vhost_create_scsi_controller|{'ctrlr':'a/b'}|Input/output error|there is no directory",
        "vhost_start_scsi_controller|{'ctrlr':'none'}|No such device|no SCSI controller none",
        "vhost_scsi_controller_add_target|{'ctrlr':'none','scsi_target_num':0,'bdev_name':'Null0'}"
            + "|No such device|no SCSI controller none",
        "vhost_scsi_controller_add_target|{'ctrlr':'taken','scsi_target_num':0,'bdev_name':'Null1'}"
            + "|File exists|target 0 has a LUN 0 already",
        "vhost_scsi_controller_add_target|{'ctrlr':'taken','scsi_target_num':1,'bdev_name':'None'}"
            + "|Invalid argument|None",
        "vhost_scsi_controller_add_target|{'ctrlr':'taken','scsi_target_num':256,"
            + "'bdev_name':'Null1'}|Invalid argument|scsi_target_num",
        "vhost_scsi_controller_add_target|{'ctrlr':'taken','scsi_target_num':1,'bdev_name':'Null1',"
            + "'lun':16384}|Invalid argument|lun",
        "vhost_scsi_controller_remove_target|{'ctrlr':'taken','scsi_target_num':9}"
            + "|No such device|has no target 9",
        "vhost_scsi_controller_remove_target|{'ctrlr':'taken','scsi_target_num':0,'lun':4}"
            + "|No such device|has no target 0 with a LUN 4",
      })
  void wrongCallIsRefusedAndLeavesNothing(
      String method, String params, String message, String detail) {
    call("vhost_create_scsi_controller", "{'ctrlr':'taken'}");
    call(
        "vhost_scsi_controller_add_target",
        "{'ctrlr':'taken','scsi_target_num':0,'bdev_name':'Null0'}");

    RpcException refused = error(method, params);

    assertThat(refused.error()).isEqualTo(message);
    assertThat(refused.detail()).contains(detail);
    assertThat(dir.toFile().list()).containsExactlyInAnyOrder("taken", "taken.lock");
    assertThat(call("scsi_get_devices", null)).hasSize(1);
  }

  private RpcException error(String method, String params) {
    Throwable failure = catchThrowable(() -> call(method, params));
    assertThat(failure).isNotNull();
    return (RpcException) failure.getCause();
  }

  private void finish(String method, String params) {
    CompletableFuture<JsonNode> done = start(method, params);
    step();
    assertThat(done).isCompletedWithValueMatching(JsonNode::booleanValue);
  }

  private void step() {
    for (int i = 0; i < 100; i++) {
      now += TimeUnit.MILLISECONDS.toNanos(1);
      reactor.runOnce(now);
    }
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
