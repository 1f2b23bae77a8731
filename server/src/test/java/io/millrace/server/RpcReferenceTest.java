package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** {@code docs/rpc.md} and {@code millrace rpc --help METHOD} say what the declarations say. */
class RpcReferenceTest {
  @Test
  void thePageIsWhatTheDeclarationsSay() throws Exception {
    assertThat(RpcReference.page())
        .as("docs/rpc.md: run RpcReference.main to bring it up to date")
        .isEqualTo(RpcReference.rendered());
  }

  @Test
  void aMethodIsMarkedAsOursExactlyIfSpdkHasNoneOfItsName() throws Exception {
    Set<String> spdks =
        new HashSet<>(Set.of("bdev_uring_create", "bdev_uring_delete", "bdev_uring_rescan"));
    for (JsonNode step : RpcSession.recorded()) { // built without liburing, it lacks those three
      if (step.path("method").asString("").equals("rpc_get_methods") && step.has("result")) {
        step.get("result").forEach(name -> spdks.add(name.stringValue()));
      }
    }

    RpcReference.methods()
        .forEach((name, method) ->
            assertThat(method.path("spdk").booleanValue())
                .as(name)
                .isEqualTo(spdks.contains(name)));
  }

  @Test
  void helpOfAMethodNeedsNoServer() {
    Cli without = Cli.run("rpc", "-r", "/nowhere.sock", "--help", "bdev_null_create");

    assertThat(without.exitCode()).as(without.err()).isZero();
    assertThat(without.out())
        .startsWith("bdev_null_create - ")
        .contains(
            "    block_size: bytes of a block, a power of two from 512 (a whole number from 0")
        .isEqualTo(Cli.run("rpc", "-r", "/nowhere.sock", "--describe", "bdev_null_create").out());
    assertThat(Cli.run("rpc", "--help").out()).startsWith("Usage: millrace rpc");
    assertThat(Cli.run("rpc", "-r", "/nowhere.sock", "--help", "no_such").err())
        .contains("no method no_such");
  }
}
