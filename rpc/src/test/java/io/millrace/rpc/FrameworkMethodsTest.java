package io.millrace.rpc;

import static io.millrace.rpc.internal.Json.NODES;
import static io.millrace.rpc.internal.Json.WIRE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.millrace.rpc.FrameworkMethods.Subsystem;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FrameworkMethodsTest {
  private final MethodRegistry registry = new MethodRegistry();
  private final CompletableFuture<@Nullable Void> up = new CompletableFuture<>();

  @BeforeEach
  void methods() {
    FrameworkMethods.addTo(
        registry,
        List.of(
            new Subsystem("bdev", List.of(), true), new Subsystem("scsi", List.of("bdev"), false)),
        () -> up.thenRun(registry::enterRuntime).thenApply(ignored -> null));
    registry.add(
        RpcMethod.named("option", "Both")
            .states(RpcState.STARTUP, RpcState.RUNTIME)
            .handledBy(a -> CompletableFuture.completedStage(NODES.nullNode())));
  }

  private CompletableFuture<JsonNode> call(String method, @Nullable String params) {
    return registry
        .call(method, params == null ? null : WIRE.readTree(params))
        .toCompletableFuture();
  }

  private RpcException refusal(String method, @Nullable String params) {
    CompletionException e =
        catchThrowableOfType(CompletionException.class, () -> call(method, params).join());
    return (RpcException) e.getCause();
  }

  @Test
  void subsystemsAreThoseThatThereAreEachAfterWhatItDependsOn() {
    registry.enterRuntime();

    assertThat(call("framework_get_subsystems", null).join())
        .hasToString(
            "[{\"subsystem\":\"bdev\",\"depends_on\":[]},"
                + "{\"subsystem\":\"scsi\",\"depends_on\":[\"bdev\"]}]");
  }

  @Test
  void theConfigurationIsTheCallsThatMakeItOptionsFirst() {
    Configuration configuration = registry.configuration();
    configuration.putLast("bdev", "last", "start", null);
    configuration.put("bdev", "disk", "create", NODES.objectNode().put("name", "a"));
    configuration.put("bdev", "options", "option", NODES.objectNode().put("x", 1));
    configuration.put("other", "elsewhere", "create", null);
    registry.enterRuntime();

    assertThat(call("framework_get_config", "{\"name\": \"bdev\", \"with_batches\": true}").join())
        .hasToString(
            "[{\"method\":\"option\",\"params\":{\"x\":1}},"
                + "{\"method\":\"create\",\"params\":{\"name\":\"a\"}},{\"method\":\"start\"}]");
    assertThat(call("framework_get_config", "{\"name\": \"scsi\"}").join().isNull()).isTrue();
    assertThat(refusal("framework_get_config", "{\"name\": \"nbd\"}"))
        .hasMessage("Subsystem 'nbd' not found: framework_get_subsystems lists them");
    assertThat(refusal("framework_get_config", "{}").code()).isEqualTo(-32602);
  }

  @Test
  void theServerComesUpOnceAndWhoWaitsForThatIsAnswered() {
    CompletableFuture<JsonNode> waits = call("framework_wait_init", null);
    CompletableFuture<JsonNode> starts = call("framework_start_init", null);
    assertThat(starts).isNotDone();
    assertThat(refusal("framework_start_init", null).code()).isEqualTo(-1);
    assertThat(refusal("framework_get_subsystems", null).code()).isEqualTo(-1);

    up.complete(null);

    assertThat(starts.join().booleanValue()).isTrue();
    assertThat(waits.join().booleanValue()).isTrue();
    assertThat(call("framework_wait_init", null).join().booleanValue()).isTrue();
    assertThat(refusal("framework_start_init", null))
        .hasMessageStartingWith("Method may only be called before framework is initialized.");
  }

  @Test
  void whatDidNotComeUpIsToldToWhoeverAsked() {
    CompletableFuture<JsonNode> starts = call("framework_start_init", null);

    up.completeExceptionally(new ConfigException("c.json:3: no"));

    assertThat(starts).isCompletedExceptionally();
    assertThat(starts.exceptionNow()).hasMessage("framework_initialization failed: c.json:3: no");
  }
}
