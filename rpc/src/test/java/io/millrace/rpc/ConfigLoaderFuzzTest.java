package io.millrace.rpc;

import static io.millrace.rpc.internal.Json.NODES;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.io.TempDir;

/**
 * Any configuration file is run, or refused by one line that says where in it; a file that was
 * refused has called nothing.
 */
class ConfigLoaderFuzzTest {
  @TempDir static Path dir;

  private int calls;

  private MethodRegistry registry() {
    MethodRegistry registry = new MethodRegistry();
    registry.add(
        RpcMethod.named("create", "At runtime")
            .param(Param.string("name", "its name").required())
            .param(Param.uint64("size", "bytes"))
            .handledBy(a -> {
              calls++;
              return CompletableFuture.completedStage(NODES.stringNode(a.string("name")));
            }));
    registry.add(
        RpcMethod.named("options", "At startup")
            .states(RpcState.STARTUP)
            .handledBy(a -> {
              calls++;
              return CompletableFuture.completedStage(NODES.booleanNode(true));
            }));
    return registry;
  }

  @FuzzTest
  void everyFileIsRunOrRefusedByOneLine(byte[] text) throws IOException {
    Path file = dir.resolve("config.json");
    Files.write(file, text);
    MethodRegistry registry = registry();
    calls = 0;
    ConfigLoader loader;
    try {
      loader =
          ConfigLoader.check(ConfigFile.read(file), registry, Set.of("bdev"), Set.of("skipped"));
    } catch (ConfigException e) {
      assertThat(e.getMessage()).startsWith(file + ":").doesNotContain("\n");
      assertThat(calls).isZero();
      return;
    }
    assertThat(calls).isZero();

    try {
      loader.run(() -> CompletableFuture.completedStage(null)).toCompletableFuture().join();
      assertThat(registry.state()).isEqualTo(RpcState.RUNTIME);
    } catch (CompletionException e) {
      assertThat(e.getCause()).isInstanceOf(ConfigException.class);
    }
  }
}
