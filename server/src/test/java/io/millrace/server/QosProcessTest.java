package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Limits of a disk that a server serves, set while it runs. */
@Timeout(120)
class QosProcessTest {
  private static final int PER_SECOND = 1_000; // far below what the slowest machine does
  private static final int BURST = PER_SECOND / 10;
  private static final int DEPTH = 32;

  @TempDir private Path top;
  private Path folder;
  private ServerProcess server;

  @BeforeEach
  void start() throws Exception {
    folder = Files.createDirectory(top.resolve("d"));
    server = ServerProcess.start(folder, List.of(), "serve", "--log-level=warn", "-r", "r.sock");
    assertThat(server.line()).startsWith("ready: ");
    rpc("bdev_null_create", "{\"name\": \"n\", \"block_size\": 512, \"num_blocks\": 262144}");
    rpc("vhost_create_blk_controller", "{\"ctrlr\": \"vm\", \"dev_name\": \"n\"}");
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private String rpc(String method, String params) {
    Cli run = Cli.run("rpc", "-r", folder.resolve("r.sock").toString(), method, params);
    assertThat(run.err()).isEmpty();
    return run.out().replaceAll("\\s+", "");
  }

  private void limit(int perSecond) {
    String params = "{\"name\": \"n\", \"rw_ios_per_sec\": %d}".formatted(perSecond);
    assertThat(rpc("bdev_set_qos_limit", params)).isEqualTo("true");
  }

  /** Reads at depth 32 until there are so many; what fio's JSON says of them. */
  private JsonNode read(int requests) {
    Cli run =
        Cli.run(
            "perf",
            "--socket=" + folder.resolve("vm"),
            "--rw=randread",
            "--iodepth=" + DEPTH,
            "--size=" + 4 * requests + "k",
            "--output-format=json");
    assertThat(run.exitCode()).as(run.err()).isZero();
    JsonNode read = new JsonMapper().readTree(run.out()).at("/jobs/0/read");
    assertThat(read.get("total_ios").intValue()).isEqualTo(requests);
    return read;
  }

  /** As many requests as the limit lets through in the time that a run took. */
  private static double mostInTimeOf(JsonNode run) {
    double seconds = (run.get("runtime").intValue() + 1) / 1_000.0; // whole milliseconds
    return PER_SECOND * seconds + BURST;
  }

  @Test
  void theCallsThatThePageShowsAreTaken() throws Exception {
    rpc("bdev_malloc_create", "{\"name\": \"vm0\", \"block_size\": 512, \"num_blocks\": 2048}");
    String call = "millrace rpc bdev_set_qos_limit '";
    List<String> shown =
        Files.readAllLines(Path.of("..", "docs", "qos.md")).stream()
            .filter(line -> line.startsWith(call))
            .map(line -> line.substring(call.length(), line.length() - 1))
            .toList();

    assertThat(shown).hasSize(3);
    for (String params : shown) {
      assertThat(rpc("bdev_set_qos_limit", params)).as(params).isEqualTo("true");
    }
    assertThat(rpc("bdev_get_bdevs", "{\"name\": \"vm0\"}"))
        .contains(
            "\"rw_ios_per_sec\":0,\"rw_mbytes_per_sec\":200,"
                + "\"r_mbytes_per_sec\":0,\"w_mbytes_per_sec\":50");
  }

  @Test
  void aDiskThatIsLimitedIsNoFasterUntilTheLimitIsTakenAway() {
    limit(2_000);
    limit(PER_SECOND); // once more, as operators do
    rpc("bdev_null_resize", "{\"name\": \"n\", \"new_size\": 256}"); // nor by being larger

    assertThat(mostInTimeOf(read(1_500))).isGreaterThanOrEqualTo(1_500);
    assertThat(rpc("bdev_get_bdevs", "{\"name\": \"n\"}")).contains("\"rw_ios_per_sec\":1000,");
    limit(0);
    assertThat(mostInTimeOf(read(8_000))).isLessThan(8_000);
    assertThat(rpc("bdev_get_bdevs", "{\"name\": \"n\"}")).contains("\"rw_ios_per_sec\":0,");
  }
}
