package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.VirtioBlkDriver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reactors and rings as an operator of SPDK sees threads. */
@Timeout(60)
class ThreadMethodsTest {
  private static final String DISK =
      """
      {"subsystems": [
        {"subsystem": "scheduler", "config": [
          {"method": "framework_set_scheduler", "params": {"name": "static"}}]},
        {"subsystem": "bdev", "config": [{"method": "bdev_malloc_create",
          "params": {"name": "M", "block_size": 512, "num_blocks": 2048}}]},
        {"subsystem": "vhost_blk", "config": [{"method": "vhost_create_blk_controller",
          "params": {"ctrlr": "m.sock", "dev_name": "M"}}]}]}
      """;

  @TempDir Path dir;
  private @Nullable Target target;

  @AfterEach
  void stop() throws Exception {
    if (target != null) {
      target.stop();
    }
  }

  /** Starts a server on two cores with a disk. */
  private void start() throws Exception {
    BitSet cores = new BitSet();
    cores.set(0, 2);
    Path file = Files.writeString(dir.resolve("c.json"), DISK);
    target =
        Target.start(
            ServeOptions.in(dir)
                .withCores(cores)
                .withConfiguration(file)
                .withRpcSocket(dir.resolve("r")));
  }

  private Cli rpc(String method, String... params) {
    String[] all = new String[params.length + 4];
    all[0] = "rpc";
    all[1] = "-r";
    all[2] = dir.resolve("r").toString();
    all[3] = method;
    System.arraycopy(params, 0, all, 4, params.length);
    return Cli.run(all);
  }

  private JsonNode result(String method) {
    Cli cli = rpc(method);
    assertThat(cli.err()).isEmpty();
    return new JsonMapper().readTree(cli.out());
  }

  private VirtioBlkDriver guest() throws Exception {
    return VirtioBlkDriver.open(
        dir.resolve("m.sock"), BlkDriverOptions.defaults().withQueues(2, 64, 8));
  }

  private static JsonNode named(JsonNode array, String name) {
    return array
        .valueStream()
        .filter(one -> one.get("name").stringValue().equals(name))
        .findAny()
        .orElseThrow(() -> new AssertionError("no " + name + " in " + array));
  }

  @Test
  void threadsAreToldAsSpdkTellsThem() throws Exception {
    start();
    try (VirtioBlkDriver driver = guest()) {
      JsonNode stats = result("thread_get_stats");

      assertThat(driver.queueCount()).isEqualTo(2);
      assertThat(stats.propertyNames()).containsExactly("tick_rate", "threads");
      assertThat(stats.at("/threads").valueStream())
          .extracting(thread -> thread.get("name").stringValue())
          .contains("control", "reactor-0");
      JsonNode reactor = named(stats.at("/threads"), "reactor-0");
      assertThat(reactor.propertyNames())
          .containsExactly(
              "name",
              "id",
              "cpumask",
              "busy",
              "idle",
              "active_pollers_count",
              "timed_pollers_count",
              "paused_pollers_count");
      assertThat(reactor.get("cpumask").stringValue()).isEqualTo("1");
      assertThat(
              reactor.get("active_pollers_count").intValue()
                  + reactor.get("paused_pollers_count").intValue())
          .isPositive();
    }
  }

  @Test
  void aRingIsAPollerOfItsThread() throws Exception {
    start();
    try (VirtioBlkDriver driver = guest()) {
      driver.queue(0); // it runs
      JsonNode thread = named(result("thread_get_pollers").at("/threads"), "reactor-0");

      assertThat(thread.propertyNames())
          .containsExactly("name", "id", "active_pollers", "timed_pollers", "paused_pollers");
      JsonNode ring =
          thread.at("/active_pollers").isEmpty()
              ? thread.at("/paused_pollers/0")
              : thread.at("/active_pollers/0");
      assertThat(ring.get("name").stringValue()).startsWith("m.sock#0 queue ");
      assertThat(ring.get("run_count").longValue()).isPositive();
      assertThat(ring.get("busy_count").longValue()).isNotNegative();
      assertThat(ring.get("state").stringValue()).isIn("waiting", "paused");
    }
  }

  @Test
  void aDiskInUseIsAChannelOfItsThread() throws Exception {
    start();
    assertThat(named(result("thread_get_io_channels").at("/threads"), "reactor-0").toString())
        .isEqualTo("{\"name\":\"reactor-0\",\"io_channels\":[]}");

    try (VirtioBlkDriver driver = guest()) {
      driver.queue(0);

      assertThat(result("thread_get_io_channels").at("/threads").toString())
          .contains("{\"name\":\"M\",\"ref\":");
    }
  }

  @Test
  void reactorsHaveEveryFieldOfSpdks() throws Exception {
    start();
    try (VirtioBlkDriver driver = guest()) {
      driver.queue(0);
      JsonNode reactor = result("framework_get_reactors").at("/reactors/0");

      assertThat(reactor.propertyNames())
          .containsExactly(
              "lcore",
              "numa_id",
              "tid",
              "busy",
              "idle",
              "in_interrupt",
              "irq",
              "sys",
              "usr",
              "lw_threads");
      Path task = Path.of("/proc/self/task", reactor.get("tid").asString(), "comm");
      assertThat(Files.readString(task)).isEqualToIgnoringNewLines("reactor-0");
      assertThat(reactor.get("in_interrupt").booleanValue()).isTrue();
      assertThat(reactor.at("/lw_threads/0").propertyNames())
          .containsExactly("name", "id", "cpumask", "elapsed");
    }
  }

  @Test
  void aRingGoesWhereItsMaskSaysAndKeepsItsId() throws Exception {
    start();
    try (VirtioBlkDriver driver = guest()) {
      driver.queue(0);
      JsonNode all = result("framework_get_reactors");
      if (all.at("/reactors").size() < 2) {
        return; // one core only: nowhere to go
      }
      JsonNode first = all.at("/reactors/0/lw_threads/0");
      long id = first.get("id").longValue();

      Cli moved = rpc("thread_set_cpumask", "{\"id\": " + id + ", \"cpumask\": \"0x2\"}");

      assertThat(moved.err()).isEmpty();
      assertThat(moved.out()).isEqualToIgnoringNewLines("true");
      JsonNode there =
          named(
              result("framework_get_reactors").at("/reactors/1/lw_threads"),
              first.get("name").stringValue());
      assertThat(there.get("id").longValue()).isEqualTo(id);
      assertThat(there.get("cpumask").stringValue()).isEqualTo("2");
      assertThat(rpc("thread_set_cpumask", "{\"id\": " + id + ", \"cpumask\": \"0x1\"}").err())
          .contains("error -32603: No CPU is selected from reactor mask 2");
    }
  }

  @Test
  void aThreadThatCannotBeMovedIsRefusedAsSpdkDoes() throws Exception {
    start();
    long reactor =
        named(result("thread_get_stats").at("/threads"), "reactor-0").get("id").longValue();

    assertThat(rpc("thread_set_cpumask", "{\"id\": 999999, \"cpumask\": \"0x1\"}").err())
        .contains("error -32602: Thread 999999 does not exist");
    assertThat(rpc("thread_set_cpumask", "{\"id\": " + reactor + ", \"cpumask\": \"0x2\"}").err())
        .contains("error -32603: Operation not permitted", "its queues move");
    assertThat(rpc("thread_set_cpumask", "{\"id\": " + reactor + ", \"cpumask\": \"0x3\"}").out())
        .isEqualToIgnoringNewLines("true");
    assertThat(rpc("thread_set_cpumask", "{\"id\": " + reactor + ", \"cpumask\": \"zz\"}").err())
        .contains("error -32603: Invalid cpumask zz");
    assertThat(rpc("thread_set_cpumask", "{\"id\": 1}").err())
        .contains("error -32602: spdk_json_decode_object failed");
  }

  @Test
  void poolsAndGovernorsThatThereAreNotAreToldToBeNone() throws Exception {
    start();

    assertThat(result("iobuf_get_stats").toString()).isEqualTo("[]");
    assertThat(result("framework_get_governor").toString()).isEqualTo("{}");
  }
}
