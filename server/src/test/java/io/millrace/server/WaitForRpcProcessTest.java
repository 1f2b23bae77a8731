package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** SPDK's life cycle: options, then framework_start_init, then everything else. */
@Timeout(120)
class WaitForRpcProcessTest {
  private static final String CONFIGURATION =
      """
      {"subsystems": [{"subsystem": "bdev", "config": [
        {"method": "bdev_set_options", "params": {"bdev_io_pool_size": 10}},
        {"method": "bdev_null_create", "params": {"name": "n", "block_size": 512, "num_blocks": 8}}
      ]}]}
      """;

  @TempDir private Path top;
  private Path folder;

  @BeforeEach
  void folder() throws Exception {
    folder = Files.createDirectory(top.resolve("d"));
    Files.write(folder.resolve("disk.img"), new byte[1 << 20]);
  }

  private Cli rpc(String... call) {
    String[] all = new String[call.length + 3];
    all[0] = "rpc";
    all[1] = "-r";
    all[2] = folder.resolve("r.sock").toString();
    System.arraycopy(call, 0, all, 3, call.length);
    return Cli.run(all);
  }

  private ServerProcess waiting(String... more) throws Exception {
    String[] all = new String[more.length + 4];
    all[0] = "serve";
    all[1] = "--log-level=error";
    all[2] = "--wait-for-rpc";
    all[3] = "-rr.sock";
    System.arraycopy(more, 0, all, 4, more.length);
    ServerProcess server = ServerProcess.start(folder, List.of(), all);
    assertThat(server.line()).startsWith("waiting: 0 disks on 1 core").contains("r.sock");
    return server;
  }

  @Test
  void nothingIsServedBeforeFrameworkStartInitAndEverythingAfter() throws Exception {
    Files.writeString(
        folder.resolve("c.json"), CONFIGURATION.replace("\"bdev_io_pool_size\": 10", ""));
    try (ServerProcess server = waiting("--blk", "vm=disk.img", "-c", "c.json")) {
      assertThat(folder.resolve("vm")).exists();
      assertThat(rpc("bdev_get_bdevs").err())
          .contains(
              "error -1: Method may only be called after framework is initialized using"
                  + " framework_start_init RPC.");
      assertThat(rpc("bdev_set_options").out()).isEqualToIgnoringNewLines("true");
      assertThat(rpc("rpc_get_methods", "{\"current\": true}").out())
          .contains("framework_start_init", "framework_wait_init")
          .doesNotContain("bdev_get_bdevs");

      assertThat(rpc("framework_start_init").out()).isEqualToIgnoringNewLines("true");

      assertThat(server.line()).startsWith("ready: 1 disk on 1 core");
      assertThat(rpc("framework_wait_init").out()).isEqualToIgnoringNewLines("true");
      assertThat(rpc("bdev_get_bdevs").out()).contains("\"name\" : \"vm\"", "\"name\" : \"n\"");
      assertThat(rpc("framework_start_init").err())
          .contains(
              "error -1: Method may only be called before framework is initialized. Use"
                  + " --wait-for-rpc command line parameter and then issue this RPC before the"
                  + " framework_start_init RPC.");
      server.terminate();
      assertThat(server.exitCode()).isZero();
    }
    assertThat(folder.toFile().list()).containsExactlyInAnyOrder("disk.img", "c.json");
  }

  @Test
  void aServerThatWaitsCanBeEnded() throws Exception {
    try (ServerProcess server = waiting("--blk", "vm=disk.img")) {
      server.terminate();
      assertThat(server.exitCode()).isZero();
      assertThat(server.log()).isEmpty();
    }
    assertThat(folder.toFile().list()).containsExactly("disk.img");
  }

  @Test
  void whatCannotComeUpSaysSoToTheCallerAndEnds() throws Exception {
    Files.writeString(
        folder.resolve("c.json"),
        CONFIGURATION.replace("\"bdev_io_pool_size\": 10", "").replace("\"n\"", "\"vm\""));
    try (ServerProcess server = waiting("--blk", "vm=disk.img", "-c", "c.json")) {
      assertThat(rpc("framework_start_init").err())
          .contains("error -32603: framework_initialization failed: c.json:3: ")
          .contains("bdev vm: the name or UUID vm is taken");

      assertThat(server.exitCode()).isEqualTo(2);
      assertThat(server.log()).startsWith("millrace serve: c.json:3: ").hasLineCount(1);
    }
    assertThat(folder.toFile().list()).containsExactlyInAnyOrder("disk.img", "c.json");
  }

  @Test
  void optionsOfTheFileAreSetBeforeAnybodyCanCall() throws Exception {
    Files.writeString(folder.resolve("c.json"), CONFIGURATION); // fewer requests than cached
    try (ServerProcess server =
        ServerProcess.start(
            folder, List.of(), "serve", "--wait-for-rpc", "-rr.sock", "-c", "c.json")) {
      assertThat(server.line()).isNull();
      assertThat(server.exitCode()).isEqualTo(2);
      assertThat(server.log()).contains("c.json:2: subsystem bdev: bdev_set_options: Pool size 10");
    }
    Cli unheard = Cli.run("serve", "--wait-for-rpc", "--blk", "a=b");
    assertThat(unheard.exitCode()).isEqualTo(2);
    assertThat(unheard.err()).contains("--wait-for-rpc waits for a call that nobody can make");
  }
}
