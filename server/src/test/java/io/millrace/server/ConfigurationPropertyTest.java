package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.RpcException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * However a server came to be what it is: one that loads what it saved is the same. Calls are made
 * at random over few names, so that most of what can collide, wait or go with its base does.
 */
class ConfigurationPropertyTest {
  private static final int RUNS = Integer.getInteger("millrace.configuration.runs", 10);
  private static final int CALLS = 60;
  private static final String[] DISKS = {"a", "b/c", "EE_a", "ap0", "Malloc0"};
  private static final String[] LAYERS = {"p", "q", "a"};
  private static final String[] CONTROLLERS = {"x", "y", "z"};

  @TempDir private Path dir;

  private Random random = new Random();
  private final List<String> log = new ArrayList<>();

  @Test
  @Timeout(300)
  void aServerThatLoadsWhatAnotherSavedIsLikeIt() throws Exception {
    long first = Long.getLong("millrace.configuration.seed", System.nanoTime());
    for (long seed = first; seed < first + RUNS; seed++) {
      random = new Random(seed);
      log.clear();
      run(seed);
    }
  }

  private void run(long seed) throws Exception {
    Path file = dir.resolve("saved.json");
    ObjectNode configuration;
    String looks;
    try (ConfiguredServer server = ConfiguredServer.start(dir, null, false)) {
      for (int i = 0; i < CALLS; i++) {
        step(server);
      }
      configuration = server.configuration();
      looks = looks(server);
      Files.writeString(file, server.rpc("save_config").out());
    }
    String what = "seed " + seed + ":\n" + String.join("\n", log) + "\n" + Files.readString(file);
    boolean byFile = random.nextBoolean();
    try (ConfiguredServer again = ConfiguredServer.start(dir, byFile ? file : null, !byFile)) {
      if (!byFile) {
        Cli load = again.rpc("load_config", file.toString());
        assertThat(load.err()).as(what).isEmpty();
      }
      assertThat(again.configuration().toString()).as(what).isEqualTo(configuration.toString());
      assertThat(looks(again)).as(what).isEqualTo(looks);
    } catch (CommandException e) {
      throw new AssertionError(what, e);
    }
  }

  /**
   * What clients see, but for what is counted anew: the order of controllers of two kinds, and the
   * numbers of target ports. A controller whose bdev went is nothing that could be made again.
   */
  private static String looks(ConfiguredServer server) throws Exception {
    List<String> controllers = new ArrayList<>();
    for (JsonNode one : server.call("vhost_get_controllers")) {
      one.at("/backend_specific/scsi").forEach(target -> ((ObjectNode) target).remove("id"));
      if (!one.at("/backend_specific/block/bdev").isNull()) {
        controllers.add(one.toString());
      }
    }
    controllers.sort(null);
    return server.call("bdev_get_bdevs")
        + "\n"
        + controllers
        + server.call("framework_get_scheduler");
  }

  private void step(ConfiguredServer server) throws Exception {
    switch (random.nextInt(23)) {
      case 0, 1, 2 ->
          call(
              server,
              "bdev_null_create",
              "{'name': '%s', 'block_size': 512, 'num_blocks': %d}",
              disk(),
              4096 * (1 + random.nextInt(3)));
      case 3 -> call(server, "bdev_malloc_create", "{'block_size': 4096, 'num_blocks': 512.0}");
      case 4 -> call(server, "bdev_null_resize", "{'name': '%s', 'new_size': 9}", disk());
      case 5 -> call(server, "bdev_null_delete", "{'name': '%s'}", disk());
      case 6 -> call(server, "bdev_malloc_delete", "{'name': 'Malloc%d'}", random.nextInt(3));
      case 7, 8 ->
          call(
              server,
              "bdev_passthru_create",
              "{'name': '%s', 'base_bdev_name': '%s'}",
              layer(),
              any());
      case 9 -> call(server, "bdev_passthru_delete", "{'name': '%s'}", layer());
      case 10 ->
          call(
              server,
              "bdev_delay_create",
              "{'name': '%s', 'base_bdev_name': '%s', 'avg_read_latency': 1, 'p99_read_latency':"
                  + " 9, 'avg_write_latency': 1, 'p99_write_latency': 9}",
              layer(),
              any());
      case 11 ->
          call(
              server,
              "bdev_delay_update_latency",
              "{'delay_bdev_name': '%s', 'latency_type': 'avg_read', 'latency_us': %d}",
              layer(),
              random.nextInt(20));
      case 12 -> call(server, "bdev_delay_delete", "{'name': '%s'}", layer());
      case 13 -> call(server, "bdev_error_create", "{'base_name': '%s'}", any());
      case 14 -> call(server, "bdev_error_delete", "{'name': 'EE_%s'}", any());
      case 15 -> call(server, "bdev_split_create", "{'base_bdev': '%s', 'split_count': 2}", any());
      case 16 -> call(server, "bdev_split_delete", "{'base_bdev': '%s'}", any());
      case 17, 18 -> settings(server);
      default -> controllers(server);
    }
  }

  private void settings(ConfiguredServer server) throws Exception {
    switch (random.nextInt(4)) {
      case 0 -> call(server, "framework_set_scheduler", "{'name': 'static'}");
      case 1 ->
          call(
              server,
              "framework_set_scheduler",
              "{'name': 'dynamic', 'load_limit': %d}",
              random.nextInt(50));
      case 2 ->
          call(
              server,
              "bdev_set_qos_limit",
              "{'name': '%s', '%s': %d}",
              any(),
              random.nextBoolean() ? "rw_ios_per_sec" : "w_mbytes_per_sec",
              1000 * random.nextInt(3));
      default ->
          call(
              server,
              "bdev_nvme_set_options",
              "{'%s': %d}",
              random.nextBoolean() ? "bdev_retry_count" : "timeout_us",
              1 + random.nextInt(9));
    }
  }

  private void controllers(ConfiguredServer server) throws Exception {
    switch (random.nextInt(9)) {
      case 0, 1 ->
          call(
              server,
              "vhost_create_blk_controller",
              "{'ctrlr': '%s', 'dev_name': '%s', 'packed_ring': %b}",
              controller(),
              any(),
              random.nextBoolean());
      case 2 ->
          call(
              server,
              "vhost_create_scsi_controller",
              "{'ctrlr': '%s', 'delay': %b}",
              controller(),
              random.nextBoolean());
      case 3 -> call(server, "vhost_start_scsi_controller", "{'ctrlr': '%s'}", controller());
      case 4, 5 ->
          call(
              server,
              "vhost_scsi_controller_add_target",
              "{'ctrlr': '%s', 'bdev_name': '%s', 'scsi_target_num': %d, 'lun': %d}",
              controller(),
              any(),
              random.nextInt(3) - 1,
              random.nextInt(2));
      case 6 ->
          call(
              server,
              "vhost_scsi_controller_remove_target",
              "{'ctrlr': '%s', 'scsi_target_num': %d}",
              controller(),
              random.nextInt(2));
      case 7 -> call(server, "vhost_delete_controller", "{'ctrlr': '%s'}", controller());
      default ->
          call(
              server,
              "vhost_controller_set_coalescing",
              "{'ctrlr': '%s', 'delay_base_us': %d, 'iops_threshold': 60000}",
              controller(),
              random.nextInt(3));
    }
  }

  private String disk() {
    return DISKS[random.nextInt(DISKS.length)];
  }

  private String layer() {
    return LAYERS[random.nextInt(LAYERS.length)];
  }

  private String any() {
    return random.nextBoolean() ? disk() : layer();
  }

  private String controller() {
    return CONTROLLERS[random.nextInt(CONTROLLERS.length)];
  }

  private void call(ConfiguredServer server, String method, String params, Object... values)
      throws Exception {
    String filled = params;
    for (Object value : values) {
      filled = filled.replaceFirst("%[sdb]", value.toString());
    }
    try {
      server.call(method, filled);
      log.add(method + filled);
    } catch (RpcException refused) {
      log.add("(refused: " + method + filled + ": " + refused.getMessage() + ")");
    }
  }
}
