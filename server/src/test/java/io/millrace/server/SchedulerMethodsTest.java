package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.VirtioBlkDriver;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class SchedulerMethodsTest {
  @TempDir Path dir;
  private @Nullable Target target;

  @AfterEach
  void stop() throws Exception {
    if (target != null) {
      target.stop();
    }
  }

  private void start(@Nullable String configuration) throws Exception {
    Path file = configuration == null ? null : dir.resolve("c.json");
    if (file != null) {
      Files.writeString(file, configuration);
    }
    target = Target.start(ServeOptions.in(dir).withConfiguration(file).withRpcSocket(rpcSocket()));
  }

  private Path rpcSocket() {
    return dir.resolve("r");
  }

  private Cli rpc(String... call) {
    String[] all = new String[call.length + 3];
    all[0] = "rpc";
    all[1] = "-r";
    all[2] = rpcSocket().toString();
    System.arraycopy(call, 0, all, 3, call.length);
    return Cli.run(all);
  }

  private JsonNode scheduler() {
    return new JsonMapper().readTree(rpc("framework_get_scheduler").out());
  }

  @Test
  void queuesChangeTheirCoreByDefault() throws Exception {
    start(null);

    JsonNode scheduler = scheduler();

    assertThat(scheduler.at("/scheduler_name").stringValue()).isEqualTo("dynamic");
    assertThat(scheduler.at("/scheduler_period").longValue()).isEqualTo(100_000);
    assertThat(scheduler.at("/isolated_core_mask").stringValue()).isEqualTo("0");
    assertThat(scheduler.at("/load_limit").intValue()).isEqualTo(20);
    assertThat(scheduler.at("/core_limit").intValue()).isEqualTo(80);
    assertThat(scheduler.at("/core_busy").intValue()).isEqualTo(95);
  }

  @Test
  void aConfigurationOfSpdkThatSaysStaticIsObeyed() throws Exception {
    start(
        """
        {"subsystems": [{"subsystem": "scheduler", "config": [
          {"method": "framework_set_scheduler", "params": {"name": "static"}}]}]}
        """);

    JsonNode scheduler = scheduler();

    assertThat(scheduler.at("/scheduler_name").stringValue()).isEqualTo("static");
    assertThat(scheduler.has("core_busy")).isFalse();
  }

  @Test
  void whatIsNotSaidStaysAsItWas() throws Exception {
    start(null);

    rpc("framework_set_scheduler", "{\"name\": \"dynamic\", \"period\": 5000, \"core_limit\": 42}");
    rpc("framework_set_scheduler", "{\"name\": \"static\"}");
    Cli last = rpc("framework_set_scheduler", "{\"name\": \"dynamic\", \"core_busy\": 70}");

    assertThat(last.out()).isEqualToIgnoringNewLines("true");
    assertThat(scheduler().at("/scheduler_period").longValue()).isEqualTo(5000);
    assertThat(scheduler().at("/core_limit").intValue()).isEqualTo(42);
    assertThat(scheduler().at("/core_busy").intValue()).isEqualTo(70);
    assertThat(scheduler().at("/load_limit").intValue()).isEqualTo(20);
  }

  @Test
  void whatCannotBeIsRefusedAsSpdkDoes() throws Exception {
    start(null);

    assertThat(rpc("framework_set_scheduler", "{\"name\": \"gscheduler\"}").err())
        .contains("error -32603: Invalid argument: name is dynamic or static");
    assertThat(rpc("framework_set_scheduler", "{\"name\": \"static\", \"core_limit\": 42}").err())
        .contains("error -32603: Invalid argument", "core_limit");
    assertThat(rpc("framework_set_scheduler", "{\"name\": \"dynamic\", \"period\": 999}").err())
        .contains("error -32603: Invalid argument: period is in microseconds, and at least 1000");
    assertThat(rpc("framework_set_scheduler", "{\"name\": \"dynamic\", \"core_busy\": 101}").err())
        .contains("error -32602: Invalid parameters", "core_busy");
    assertThat(scheduler().at("/scheduler_name").stringValue()).isEqualTo("dynamic");
  }

  @Test
  void reactorsSayWhichQueuesTheyHave() throws Exception {
    start(
        """
        {"subsystems": [
          {"subsystem": "bdev", "config": [{"method": "bdev_malloc_create",
            "params": {"name": "M", "block_size": 512, "num_blocks": 2048}}]},
          {"subsystem": "vhost_blk", "config": [{"method": "vhost_create_blk_controller",
            "params": {"ctrlr": "m.sock", "dev_name": "M"}}]}]}
        """);
    try (VirtioBlkDriver driver =
        VirtioBlkDriver.open(
            dir.resolve("m.sock"), BlkDriverOptions.defaults().withQueues(2, 64, 8))) {
      JsonNode all = new JsonMapper().readTree(rpc("framework_get_reactors").out());

      assertThat(driver.queueCount()).isEqualTo(2);
      assertThat(all.at("/tick_rate").longValue()).isEqualTo(1_000_000_000);
      assertThat(all.at("/pid").longValue()).isEqualTo(ProcessHandle.current().pid());
      JsonNode reactor = all.at("/reactors/0");
      assertThat(reactor.at("/busy").longValue()).isNotNegative();
      assertThat(reactor.at("/idle").longValue()).isPositive();
      assertThat(reactor.at("/lw_threads/0/name").stringValue()).isEqualTo("m.sock#0 queue 0");
      assertThat(reactor.at("/lw_threads/1/name").stringValue()).isEqualTo("m.sock#0 queue 1");
      assertThat(reactor.at("/lw_threads/1/cpumask").stringValue()).matches("[0-9a-f]+");
    }
  }
}
