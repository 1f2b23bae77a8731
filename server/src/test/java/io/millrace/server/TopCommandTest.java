package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code millrace top} against a server, in a terminal and without. */
@Timeout(120)
class TopCommandTest {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final int BYTES = 4096;

  /** A second: each end of an interval of 0.2 s may be between a read's count and its bytes'. */
  private static final double AMID_A_READ = 2 * BYTES / 0.2;

  @TempDir Path dir;
  private @Nullable Target target;

  @AfterEach
  void stop() throws Exception {
    if (target != null) {
      target.stop();
    }
  }

  private void serve() throws Exception {
    target = Target.start(WatchedDisk.options(dir));
  }

  private Path socket() {
    return dir.resolve("r");
  }

  private Cli top(String... more) {
    List<String> all = new ArrayList<>(List.of("top", "-r", socket().toString()));
    all.addAll(List.of(more));
    return Cli.run(all.toArray(String[]::new));
  }

  /** Reads the disk while something runs, again and again. */
  private void whileItIsRead(Runnable task) throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    try (VirtioBlkDriver driver =
        VirtioBlkDriver.open(dir.resolve("vm7"), BlkDriverOptions.defaults())) {
      long buffer = driver.memory().allocate(BYTES, BYTES);
      Thread load =
          Thread.ofPlatform()
              .start(() -> {
                while (!done.get() && System.nanoTime() < deadline) {
                  read(driver, buffer);
                }
              });
      try {
        task.run();
      } finally {
        done.set(true);
        load.join();
      }
    }
  }

  private static void read(VirtioBlkDriver driver, long buffer) {
    try {
      driver.run(VirtioBlk.T_IN, 0, buffer, BYTES, PATIENCE_NANOS);
    } catch (InitiatorException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void ratesOfAnIntervalAreJsonForOtherPrograms() throws Exception {
    serve();

    whileItIsRead(() -> {
      JsonNode frame = new JsonMapper().readTree(top("-d", "0.2", "--json", "--once").out());

      JsonNode device = frame.at("/devices/0");
      assertThat(device.at("/name").asString()).isEqualTo("vm7");
      assertThat(device.at("/bdevs/0").asString()).isEqualTo("disk7");
      assertThat(device.at("/reads").asDouble()).isPositive();
      assertThat(device.at("/read_bytes").asDouble())
          .isCloseTo(device.at("/reads").asDouble() * BYTES, within(AMID_A_READ));
      assertThat(device.at("/queues/0/reads").asDouble()).isPositive();
      JsonNode bdev = frame.at("/bdevs/0");
      assertThat(bdev.at("/name").asString()).isEqualTo("disk7");
      assertThat(bdev.at("/reads").asDouble()).isPositive();
      assertThat(bdev.at("/latency_ns").asDouble()).isPositive();
      assertThat(frame.at("/reactors/1/busy_share").asDouble()).isPositive();
    });
  }

  @Test
  void withoutATerminalTablesArePrinted() throws Exception {
    serve();

    Cli printed = top("-d", "0.2", "-n", "2", "--sort", "name");

    assertThat(printed.err()).isEmpty();
    assertThat(printed.exitCode()).isZero();
    assertThat(printed.out().lines().filter(line -> line.startsWith("vm7"))).hasSize(2);
    assertThat(printed.out())
        .contains("  Millrace ", "\nDEVICE ", "\nBDEV ", "\ndisk7 ", "\nREACTOR ", "\nreactor-")
        .doesNotContain("\033");
  }

  @Test
  void aServerThatIsNotThereIsAnErrorWithWhatToDo() {
    assertThat(top("--once"))
        .isEqualTo(
            new Cli(
                1,
                "",
                "millrace top: "
                    + socket()
                    + ": cannot connect: No such file or directory; is the server running, with"
                    + " -r and this path?\n"));
    assertThat(top("-d", "0").err()).contains("--interval is 0.1 to 3600 seconds");
    assertThat(top("-n", "-1").err()).contains("-n COUNT must be 0 or more");
  }

  @Test
  void onATerminalItObeysKeysFollowsTheWindowAndOutlivesTheServer() throws Exception {
    serve();
    List<String> command =
        ServerProcess.command(List.of(), List.of("top", "-r", socket().toString(), "-d", "0.2"));
    try (Terminal terminal = Terminal.run(dir, command)) {
      terminal.await("[Devices 1]");
      terminal.await("vm7");
      terminal.type("?");
      terminal.await("turns the order round");
      terminal.type("x\033[B\r");
      terminal.await("> vm7: disk7");
      terminal.resize(120, 40);
      assertThat(terminal.await("interval")).contains("> vm7: disk7", "every 0.2 s, by IOPS");

      target.stop();
      terminal.await("waiting");
      terminal.resize(100, 12);
      terminal.await("waiting for " + socket());
      serve();
      terminal.await("every");
      terminal.type("q");

      assertThat(terminal.exitCode()).isZero();
      assertThat(terminal.await("\033[?1049l")).isNotEmpty();
    }
  }
}
