package io.millrace.bdev.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.millrace.bdev.BdevRegistry;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class FileDiskMethodsTest {
  @TempDir Path directory;
  private final JsonMapper json = new JsonMapper();
  private final Reactor control = Reactor.stepped("control");
  private final BdevRegistry bdevs = new BdevRegistry();
  private final MethodRegistry methods = new MethodRegistry();
  private Path image;

  @BeforeEach
  void addMethods() throws Exception {
    BdevMethods.addTo(methods, bdevs, control);
    methods.enterRuntime();
    image = Files.write(directory.resolve("disk.img"), new byte[65_536]);
  }

  @AfterEach
  void close() {
    control.close();
  }

  private JsonNode call(String method, String params) {
    String text = params.replace('\'', '"').replace("IMAGE", image.toString());
    return methods.call(method, json.readTree(text)).toCompletableFuture().join();
  }

  private RpcException error(String method, String params) {
    Throwable failure = catchThrowable(() -> call(method, params));
    assertThat(failure).isInstanceOf(CompletionException.class);
    return (RpcException) failure.getCause();
  }

  @Test
  void fileDiskIsMadeDescribedAndRemoved() {
    String params = "{'name':'Aio0','filename':'IMAGE','block_size':512,'fallocate':true}";

    assertThat(call("bdev_aio_create", params).stringValue()).isEqualTo("Aio0");
    JsonNode disk = call("bdev_get_bdevs", "{'name':'Aio0'}").get(0);

    assertThat(disk.get("product_name").stringValue()).isEqualTo("AIO disk");
    assertThat(disk.get("num_blocks").intValue()).isEqualTo(128);
    assertThat(disk.get("driver_specific").toString())
        .isEqualTo(
            json.readTree(
                    ("{'aio':{'filename':'"
                            + image
                            + "','block_size_override':true,'readonly':false,'fallocate':true,'nowait':false},"
                            + "'file':{'engine':'auto','direct':false,'write_through':false,"
                            + "'register_memory':false,'on_error':'report','io_timeout':0,'held_requests':0,'failed':false}}")
                        .replace('\'', '"'))
                .toString());
    assertThat(call("bdev_aio_delete", "{'name':'Aio0'}").booleanValue()).isTrue();
    assertThat(bdevs.all()).isEmpty();
    call("bdev_aio_create", params); // nothing of the first is left locked
    call("bdev_aio_delete", "{'name':'Aio0'}");
  }

  @Test
  void missingFileIsTheErrnoOfItsOpening() {
    RpcException e = error("bdev_aio_create", "{'name':'A','filename':'IMAGE.missing'}");

    assertThat(e.code()).isEqualTo(-2);
    assertThat(e.getMessage()).contains("No such file or directory");
  }

  @Test
  void wrongParametersAreRefusedWithSpdksCode() {
    assertThat(error("bdev_aio_create", "{'name':'A','filename':'IMAGE','block_size':500}").code())
        .isEqualTo(-22);
    assertThat(
            error("bdev_aio_create", "{'name':'A','filename':'IMAGE','block_size':4294967295}")
                .code())
        .isEqualTo(-22);
    assertThat(error("bdev_aio_create", "{'name':'A','filename':'IMAGE','nowait':true}").code())
        .isEqualTo(-22);
    assertThat(error("bdev_aio_create", "{'name':'A'}").code()).isEqualTo(-32603);
    assertThat(error("bdev_aio_delete", "{'name':'A'}").code()).isEqualTo(-19);
  }

  @Test
  void imageOfAnotherFormatNeedsTheWord() throws Exception {
    Files.writeString(image, "KDMV" + "x".repeat(1020));

    assertThat(error("bdev_aio_create", "{'name':'A','filename':'IMAGE'}").code()).isEqualTo(-22);
    assertThat(
            call("bdev_aio_create", "{'name':'A','filename':'IMAGE','format':'raw'}").stringValue())
        .isEqualTo("A");
    call("bdev_aio_delete", "{'name':'A'}");
  }

  @Test
  void uringDiskIsTheSameUnderItsOwnNames() {
    assertThat(call("bdev_uring_create", "{'name':'U','filename':'IMAGE'}").stringValue())
        .isEqualTo("U");
    JsonNode disk = call("bdev_get_bdevs", "{'name':'U'}").get(0);

    assertThat(disk.get("product_name").stringValue()).isEqualTo("URING bdev");
    assertThat(disk.get("driver_specific").get("uring").toString())
        .isEqualTo(json.createObjectNode().put("filename", image.toString()).toString());
    assertThat(error("bdev_aio_delete", "{'name':'U'}").code()).isEqualTo(-19);
    assertThat(bdevs.all()).hasSize(1);
    assertThat(call("bdev_uring_delete", "{'name':'U'}").booleanValue()).isTrue();
    call("bdev_aio_create", "{'name':'A','filename':'IMAGE'}");
    assertThat(error("bdev_uring_delete", "{'name':'A'}").code()).isEqualTo(-19);
    call("bdev_aio_delete", "{'name':'A'}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"aio", "uring"})
  void engineAndPolicyAreParametersAndTold(String module) {
    call(
        "bdev_" + module + "_create",
        "{'name':'A','filename':'IMAGE','engine':'threads','on_error':'retry','io_timeout':30}");

    JsonNode file = call("bdev_get_bdevs", "{}").get(0).get("driver_specific").get("file");

    assertThat(file.get("engine").stringValue()).isEqualTo("threads");
    assertThat(file.get("on_error").stringValue()).isEqualTo("retry");
    assertThat(file.get("io_timeout").intValue()).isEqualTo(30);
    call("bdev_" + module + "_delete", "{'name':'A'}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"aio", "uring"})
  void registeredMemoryIsAParameterAndTold(String module) {
    call(
        "bdev_" + module + "_create",
        "{'name':'A','filename':'IMAGE','engine':'io_uring','register_memory':true}");

    JsonNode file = call("bdev_get_bdevs", "{}").get(0).get("driver_specific").get("file");

    assertThat(file.get("register_memory").booleanValue()).isTrue();
    assertThat(file.get("registered_bytes").longValue()).isZero();
    assertThat(file.has("not_registered")).isFalse();
    call("bdev_" + module + "_delete", "{'name':'A'}");
  }

  @Test
  void registeredMemoryOnThreadsIsRefused() {
    RpcException e =
        error(
            "bdev_aio_create",
            "{'name':'A','filename':'IMAGE','engine':'threads','register_memory':true}");

    assertThat(e.code()).isEqualTo(-22);
    assertThat(e.getMessage()).contains("registered memory needs io_uring");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'register_memory':'on'",
        "'engine':'libaio'",
        "'on_error':'stop'",
        "'io_timeout':-1",
        "'io_timeout':86401",
        "'io_timeout':'1'"
      })
  void wrongEngineOrPolicyIsRefused(String parameter) {
    RpcException e =
        error("bdev_uring_create", "{'name':'A','filename':'IMAGE'," + parameter + "}");

    assertThat(e.code()).isEqualTo(-32603);
    assertThat(bdevs.all()).isEmpty();
  }

  @Test
  void nameThatIsTakenLeavesTheFileFree() {
    call("bdev_null_create", "{'name':'A','block_size':512,'num_blocks':8}");

    assertThat(error("bdev_aio_create", "{'name':'A','filename':'IMAGE'}").code()).isEqualTo(-17);

    call("bdev_aio_create", "{'name':'B','filename':'IMAGE'}");
    call("bdev_aio_delete", "{'name':'B'}");
  }
}
