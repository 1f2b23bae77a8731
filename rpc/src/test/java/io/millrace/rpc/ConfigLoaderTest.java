package io.millrace.rpc;

import static io.millrace.rpc.internal.Json.NODES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.millrace.linux.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class ConfigLoaderTest {
  @TempDir Path dir;
  private final MethodRegistry registry = new MethodRegistry();
  private final List<String> calls = new ArrayList<>();
  private final CompletableFuture<JsonNode> slow = new CompletableFuture<>();

  @BeforeEach
  void methods() {
    registry.add(
        RpcMethod.named("create", "At runtime")
            .param(Param.string("name", "its name").required())
            .handledBy(a -> called("create " + a.string("name"))));
    registry.add(
        RpcMethod.named("set_options", "At startup")
            .states(RpcState.STARTUP)
            .handledBy(a -> called("set_options")));
    registry.add(
        RpcMethod.named("log", "Always")
            .states(RpcState.STARTUP, RpcState.RUNTIME)
            .handledBy(a -> called("log")));
    registry.add(
        RpcMethod.named("fail", "Fails")
            .handledBy(a -> {
              throw RpcException.of(Errno.ENOENT, "/x.img");
            }));
    registry.add(
        RpcMethod.named("slow", "Later")
            .handledBy(a -> {
              calls.add("slow");
              return slow;
            }));
  }

  private CompletionStage<JsonNode> called(String what) {
    calls.add(what);
    return CompletableFuture.completedStage(NODES.booleanNode(true));
  }

  private CompletionStage<@Nullable Void> initialise() {
    calls.add("-");
    return CompletableFuture.completedStage(null);
  }

  @Test
  void fileIsWalkedTwiceInItsOwnOrder() throws Exception {
    ConfigLoader loader =
        read(
            """
            { // what SPDK writes, with comments
              "other": {"subsystems": [1]},
              "subsystems": [
                {"subsystem": "bdev", "config": [
                  {"method": "create", "params": {"name": "a"}},
                  {"method": "log"},
                  {"params": {"name": "b"}, "method": "create"},
                  /* late, but first */ {"method": "set_options"}
                ]},
                {"config": null, "subsystem": "scsi"},
                {"config": [{"method": "create", "params": {"name": "c"}}], "subsystem": "vhost_blk"}
              ]
            }
            """);

    run(loader);

    assertThat(calls)
        .containsExactly("log", "set_options", "-", "create a", "create b", "create c");
    assertThat(registry.state()).isEqualTo(RpcState.RUNTIME);
  }

  @Test
  void batchRunsSideBySideInAStateThatAllItsMethodsShare() throws Exception {
    ConfigLoader loader =
        read(
            """
            {"subsystems": [{"subsystem": "bdev", "config": [
              [{"method": "slow"}, {"method": "log"}],
              {"method": "create", "params": {"name": "after"}},
              []
            ]}]}
            """);

    CompletableFuture<@Nullable Void> done = loader.run(this::initialise).toCompletableFuture();
    assertThat(calls).containsExactly("-", "slow", "log");
    slow.complete(NODES.booleanNode(true));

    assertThat(done).isCompleted();
    assertThat(calls).containsExactly("-", "slow", "log", "create after");
  }

  @Test
  void methodOfASubsystemThatIsNotHereIsSkipped() throws Exception {
    ConfigLoader loader =
        read(
            """
            {"subsystems": [
              {"subsystem": "iobuf", "config": [{"method": "iobuf_set_options", "params": {"x": 1}}]},
              {"subsystem": "bdev", "config": [
                {"method": "log"},
                {"method": "bdev_nvme_set_options", "params": {"retry_count": 4}}
              ]}
            ]}
            """);

    run(loader);

    assertThat(calls).containsExactly("log", "-");
  }

  @Test
  void directoryIsNoFile() {
    assertThatThrownBy(() -> ConfigLoader.check(ConfigFile.read(dir), registry, Set.of(), Set.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(dir + ": is a directory; give the path of a file in it to -c");
  }

  @Test
  void firstCallThatFailsEndsTheLoadWithFileLineAndMethod() throws Exception {
    ConfigLoader loader =
        read(
            """
            {"subsystems": [{"subsystem": "bdev", "config": [
              {"method": "create", "params": {"name": "a"}},
              {"method": "fail"},
              {"method": "create", "params": {"name": "b"}}
            ]}]}
            """);

    Throwable failure =
        catchThrowable(() -> loader.run(this::initialise).toCompletableFuture().join());

    assertThat(failure.getCause())
        .isInstanceOf(ConfigException.class)
        .hasMessage(file() + ":3: subsystem bdev: fail: No such file or directory: /x.img");
    assertThat(calls).containsExactly("-", "create a");
  }

  @Test
  void failureToInitialiseEndsTheLoad() throws Exception {
    ConfigLoader loader =
        read("{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[{\"method\":\"slow\"}]}]}");

    CompletableFuture<@Nullable Void> done =
        loader
            .run(() -> CompletableFuture.failedStage(new IOException("no core")))
            .toCompletableFuture();

    assertThat(done).isCompletedExceptionally();
    assertThat(calls).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "|1: the file must hold one object",
        "[]|1: the file must hold one object",
        "{\"subsystems\":[]} {}|1: something follows the object",
        "{\"subsystems\":[|1: not JSON: ",
        "{\"subsystems\":tru}|1: not JSON: ",
        "{\"subsystems\":{}}|1: \"subsystems\" must be an array",
        "{\"subsystems\":[7]}|1: an element of \"subsystems\" must be an object",
        "{\"subsystems\":[{\"config\":[]}]}|1: a subsystem needs both",
        "{\"subsystems\":[{\"subsystem\":\"bdev\"}]}|1: a subsystem needs both",
        "{\"subsystems\":[{\"subsystem\":3,\"config\":[]}]}|1: \"subsystem\" is not expected here",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":{}}]}|1: \"config\" is not expected here",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"konfig\":[]}]}|1: \"konfig\" is not expected here",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[4]}]}|1: a call must be an object",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[{}]}]}|1: a call needs a \"method\"",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[{\"method\":\"log\",\"params\":[]}]}]}"
            + "|1: \"params\" is not expected here",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[{\"method\":\"log\",\"id\":1}]}]}"
            + "|1: \"id\" is not expected here",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[{\"method\":\"made_up\"}]}]}"
            + "|1: subsystem bdev: made_up: is not known here; remove it",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[{\"method\":\"create\"}]}]}"
            + "|1: subsystem bdev: create: parameter name (its name) is missing",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[{\"method\":\"create\","
            + "\"params\":{\"name\":\"\"}}]}]}"
            + "|1: subsystem bdev: create: parameter name (its name) must not be empty",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[{\"method\":\"create\","
            + "\"params\":{\"name\":\"a\\u0000\"}}]}]}"
            + "|1: subsystem bdev: create: parameter name (its name) must not hold a NUL",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[{\"method\":\"create\","
            + "\"params\":{\"name\":1}}]}]}"
            + "|1: subsystem bdev: create: parameter name (its name) must be a string, not 1",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[[{\"method\":\"set_options\"},"
            + "{\"method\":\"slow\"}]]}]}"
            + "|1: subsystem bdev: set_options: cannot share a batch",
      })
  void whatCannotBeRightIsRefusedBeforeAnythingIsCalled(@Nullable String text, String problem) {
    assertThatThrownBy(() -> read(text == null ? "" : text))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file() + ":" + problem);
    assertThat(catchThrowable(() -> read(text == null ? "" : text)).getMessage()).hasLineCount(1);
    assertThat(calls).isEmpty();
  }

  @Test
  void missingFileIsNamed() {
    assertThatThrownBy(
            () -> ConfigLoader.check(ConfigFile.read(file()), registry, Set.of("bdev"), Set.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file() + ": there is no such file; check the path given to -c");
  }

  @Test
  void fileWithoutSubsystemsConfiguresNothing() throws Exception {
    run(read("{}"));

    assertThat(calls).containsExactly("-");
  }

  private Path file() {
    return dir.resolve("config.json");
  }

  private ConfigLoader read(String text) throws IOException, ConfigException {
    Files.writeString(file(), text);
    return ConfigLoader.check(
        ConfigFile.read(file()),
        registry,
        Set.of("bdev", "vhost_blk"),
        Set.of("bdev_nvme_set_options"));
  }

  private void run(ConfigLoader loader) {
    loader.run(this::initialise).toCompletableFuture().join();
  }
}
