package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.rpc.RpcClient;
import io.millrace.rpc.RpcException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a server with a state directory has after its next start, and what it refuses. */
@Timeout(120)
class StateDirectoryTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String MALLOC =
      "{\"name\": \"%s\", \"block_size\": 512, \"num_blocks\": 64}";

  @TempDir Path temp;
  private Path dir;
  private Path state;
  private @Nullable Target target;
  private @Nullable Path mounted;

  @BeforeEach
  void folder() throws IOException {
    dir = Files.createDirectory(temp.resolve("work"));
    state = dir.resolve("state");
  }

  @AfterEach
  void stop() throws Exception {
    stopTarget();
    if (mounted != null) {
      run("umount", "-l", mounted.toString());
    }
  }

  private void stopTarget() throws InterruptedException {
    Target running = target;
    target = null;
    if (running != null) {
      running.stop();
    }
  }

  private void start(@Nullable Path configuration, DiskOption... disks) throws Exception {
    stopTarget();
    target =
        Target.start(
            ServeOptions.in(dir)
                .withDisks(List.of(disks))
                .withConfiguration(configuration)
                .withRpcSocket(dir.resolve("r"))
                .withState(state));
  }

  private JsonNode call(String method, String params) throws IOException, RpcException {
    try (RpcClient client = RpcClient.connect(dir.resolve("r"), PATIENCE)) {
      JsonNode given = JSON.readTree(params);
      return client.call(method, given.isEmpty() ? null : given);
    }
  }

  private List<String> bdevs() throws Exception {
    return call("bdev_get_bdevs", "{}")
        .valueStream()
        .map(each -> each.path("name").stringValue())
        .toList();
  }

  private List<String> controllers() throws Exception {
    return call("vhost_get_controllers", "{}")
        .valueStream()
        .map(each -> each.path("ctrlr").stringValue())
        .toList();
  }

  @Test
  void aServerIsWhatItWasAndItsDisksHaveTheirNames() throws Exception {
    start(null);
    call("bdev_malloc_create", MALLOC.formatted("z"));
    call("bdev_malloc_create", MALLOC.formatted("a"));
    call("bdev_passthru_create", "{\"name\": \"p\", \"base_bdev_name\": \"z\"}");
    call("vhost_create_blk_controller", "{\"ctrlr\": \"b.sock\", \"dev_name\": \"p\"}");
    call("vhost_create_scsi_controller", "{\"ctrlr\": \"s.sock\"}");
    call(
        "vhost_scsi_controller_add_target",
        "{\"ctrlr\": \"s.sock\", \"scsi_target_num\": 3, \"bdev_name\": \"a\"}");
    JsonNode disks = call("bdev_get_bdevs", "{}");
    JsonNode controllers = call("vhost_get_controllers", "{}");

    start(null);

    assertThat(call("bdev_get_bdevs", "{}")).isEqualTo(disks);
    assertThat(call("vhost_get_controllers", "{}")).isEqualTo(controllers);
    call("vhost_scsi_controller_remove_target", "{\"ctrlr\": \"s.sock\", \"scsi_target_num\": 3}");
    call("vhost_delete_controller", "{\"ctrlr\": \"b.sock\"}");
    call("bdev_malloc_delete", "{\"name\": \"a\"}");
    start(null);
    assertThat(bdevs()).containsExactly("z", "p");
    assertThat(controllers()).containsExactly("s.sock");
  }

  @Test
  void aFileSeedsAnEmptyDirectoryAndIsNotReadAgain() throws Exception {
    Path file =
        Files.writeString(
            dir.resolve("c.json"),
            """
            {"subsystems": [{"subsystem": "bdev", "config": [
              {"method": "bdev_malloc_create",
               "params": {"name": "M", "block_size": 512, "num_blocks": 64}},
              {"method": "bdev_malloc_create",
               "params": {"name": "N", "block_size": 512, "num_blocks": 64}}]}]}
            """);
    Cli nothing = Cli.run("serve", "--state", state.toString());
    assertThat(nothing.exitCode()).isEqualTo(2);
    assertThat(nothing.err())
        .startsWith("millrace serve: --state " + state + " has no configuration to serve; give");

    start(file);
    call("bdev_malloc_delete", "{\"name\": \"M\"}");
    Files.writeString(file, "{ this is not JSON");
    start(file);

    assertThat(bdevs()).containsExactly("N");
    call("bdev_malloc_delete", "{\"name\": \"N\"}");
    start(file);
    assertThat(bdevs()).isEmpty();
    stopTarget();
    assertThat(Cli.run("state", "forget", state.toString(), "--all").exitCode()).isZero();
    assertThatThrownBy(() -> start(file)).isInstanceOf(CommandException.class);
  }

  @Test
  void whatTheCommandLineMakesIsNotKept() throws Exception {
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
    DiskOption disk = DiskOption.parse("vm0.sock=" + dir.resolve("disk.img"));
    start(null, disk);
    call("bdev_malloc_create", MALLOC.formatted("M"));

    start(null);
    assertThat(bdevs()).containsExactly("M");

    start(null, disk);
    assertThat(bdevs()).containsExactlyInAnyOrder("vm0.sock", "M");
  }

  @Test
  void aDiskThatCannotBeMadeIsALineAndTheOthersAreServed() throws Exception {
    for (String name : List.of("one", "two")) {
      Files.write(dir.resolve(name), new byte[1 << 20]);
    }
    start(null);
    for (String name : List.of("one", "two")) {
      Path image = dir.resolve(name);
      call(
          "bdev_aio_create",
          "{\"name\": \"%s\", \"filename\": \"%s\", \"block_size\": 512}".formatted(name, image));
      call(
          "vhost_create_blk_controller",
          "{\"ctrlr\": \"%s.sock\", \"dev_name\": \"%s\"}".formatted(name, name));
    }
    stopTarget();
    Files.move(dir.resolve("one"), dir.resolve("away"));

    try (ServerProcess server =
        ServerProcess.start(dir, List.of(), "serve", "--state", "state", "-r", "r")) {
      assertThat(server.line()).as(server.log()).startsWith("ready: 1 disk ");
      assertThat(server.log().lines())
          .hasSize(2)
          .allMatch(line -> line.contains("it is tried again at the next start"))
          .anyMatch(line -> line.contains("bdev_aio_create: ") && line.contains("No such file"))
          .anyMatch(line -> line.contains("vhost_create_blk_controller: "));
      assertThat(call("state_get_failed", "{}")).hasSize(2);
      assertThat(controllers()).containsExactly("two.sock");
    }
    Files.move(dir.resolve("away"), dir.resolve("one"));
    start(null);

    assertThat(call("state_get_failed", "{}")).isEmpty();
    assertThat(controllers()).containsExactlyInAnyOrder("one.sock", "two.sock");
  }

  @Test
  void aBackUpIsAConfigurationForAnotherDirectory() throws Exception {
    start(null);
    call("bdev_malloc_create", MALLOC.formatted("M"));
    call("vhost_create_blk_controller", "{\"ctrlr\": \"b.sock\", \"dev_name\": \"M\"}");
    JsonNode disks = call("bdev_get_bdevs", "{}");
    Cli saved = Cli.run("rpc", "-r", dir.resolve("r").toString(), "save_config");
    Cli shown = Cli.run("state", "show", state.toString());
    Cli ids = Cli.run("state", "show", "--ids", state.toString());
    Cli inUse = Cli.run("state", "forget", state.toString(), "bdev/M");

    assertThat(shown.exitCode()).as(shown.err()).isZero();
    for (JsonNode subsystem : JSON.readTree(shown.out()).path("subsystems")) {
      assertThat(JSON.readTree(saved.out()).path("subsystems")).contains(subsystem);
    }
    assertThat(ids.out()).contains(" bdev_malloc_create").hasLineCount(2);
    assertThat(inUse.exitCode()).isEqualTo(2);
    assertThat(inUse.err()).contains("another process uses it").hasLineCount(1);
    stopTarget();
    Cli unknown = Cli.run("state", "forget", state.toString(), "bdev/X");
    assertThat(unknown.exitCode()).isEqualTo(2);
    assertThat(unknown.err()).contains(state + ": has no entry bdev/X; millrace state show --ids");
    Path none = dir.resolve("none");
    assertThat(Cli.run("state", "show", none.toString()).err()).contains(none + ": has no state");
    assertThat(none).doesNotExist();
    state = dir.resolve("other");
    start(Files.writeString(dir.resolve("c.json"), shown.out()));
    assertThat(call("bdev_get_bdevs", "{}")).isEqualTo(disks);
  }

  @Test
  void onAFullDiskNothingChangesAndOnAReadOnlyOneNothingStarts() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/loop-control")), "needs root to mount a tmpfs");
    Path small = Files.createDirectory(dir.resolve("small"));
    run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small.toString());
    mounted = small;
    state = small.resolve("state");
    start(null);
    call("bdev_malloc_create", MALLOC.formatted("M"));
    fill(small.resolve("rest"));

    assertThatThrownBy(() -> fillWithDisks())
        .isInstanceOfSatisfying(
            RpcException.class,
            e -> {
              assertThat(e.code()).isEqualTo(-28);
              assertThat(e.getMessage())
                  .startsWith("No space left on device: " + state.resolve("state"))
                  .endsWith("; nothing was changed");
            });
    List<String> all = bdevs();
    start(null);
    assertThat(bdevs()).isEqualTo(all);
    Files.delete(small.resolve("rest"));
    call("bdev_malloc_create", MALLOC.formatted("N"));
    stopTarget();
    run("mount", "-o", "remount,ro", small.toString());
    assertThatThrownBy(() -> start(null))
        .isInstanceOf(CommandException.class)
        .hasMessageStartingWith(state + ": cannot be used as state directory: ")
        .hasMessageContaining("EROFS (Read-only file system); let this user write there");
  }

  private static void fill(Path file) throws Exception {
    Process filling =
        new ProcessBuilder("dd", "if=/dev/zero", "of=" + file, "bs=4k")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(filling.waitFor()).isNotZero();
  }

  /** As many as what the journal had found room for holds. */
  private void fillWithDisks() throws IOException, RpcException {
    try (RpcClient client = RpcClient.connect(dir.resolve("r"), PATIENCE)) {
      for (int i = 0; i < 2000; i++) {
        client.call("bdev_null_create", JSON.readTree(MALLOC.formatted("null" + i)));
      }
    }
  }

  @Test
  void aThousandDisksAreThereSoon() throws Exception {
    StringJoiner calls =
        new StringJoiner(",", "{\"subsystems\": [{\"subsystem\": \"bdev\", \"config\": [", "]}]}");
    for (int i = 0; i < 1000; i++) {
      String params = MALLOC.formatted("null" + i);
      calls.add("{\"method\": \"bdev_null_create\", \"params\": %s}".formatted(params));
    }
    start(Files.writeString(dir.resolve("c.json"), calls.toString()));
    stopTarget();

    start(null);

    assertThat(bdevs()).hasSize(1000);
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }
}
