package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.server.metrics.MetricsAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What Prometheus sees of a server that serves. */
@Timeout(120)
class MetricsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int BYTES = 4096;
  private static final int READS = 7;
  private static final Path EXAMPLES =
      Path.of("..", "examples", "grafana").toAbsolutePath().normalize();

  /** A line of the format: a comment, or a sample. */
  private static final Pattern LINE =
      Pattern.compile(
          "# (HELP [a-z_:][a-z0-9_:]* .+|TYPE [a-z_:][a-z0-9_:]* (counter|gauge|histogram|summary))"
              + "|([a-z_:][a-z0-9_:]*)(\\{([a-z_]+=\"([^\"\\\\]|\\\\.)*\",?)+\\})? "
              + "([-+0-9.Ee]+|NaN|[+-]Inf)");

  /** Names of metrics in a query of Grafana's; what stands before a parenthesis is a function. */
  private static final Pattern NAMES =
      Pattern.compile("\\b(?:millrace|jvm|process)_[a-z0-9_]+\\b(?!\\()");

  @TempDir Path dir;
  private @Nullable Target target;

  @AfterEach
  void stop() throws Exception {
    if (target != null) {
      target.stop();
    }
  }

  private String serve() throws Exception {
    target = Target.start(WatchedDisk.options(dir).withMetrics(MetricsAddress.parse("0")));
    String summary = target.summary();
    assertThat(summary).contains(", metrics at http://127.0.0.1:");
    return summary.substring(summary.indexOf("http:"));
  }

  private static String scrape(String url) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).timeout(PATIENCE).build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request, BodyHandlers.ofString()).body();
    }
  }

  /** The first page with a text in it: a page is given out again for a moment. */
  private static String scrapeUntil(String url, String text) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    String page = scrape(url);
    while (!page.contains(text)) {
      assertThat(System.nanoTime()).as("%s in %s", text, page).isLessThan(deadline);
      page = scrape(url);
    }
    return page;
  }

  private static double value(String page, String sample) {
    String line =
        page.lines()
            .filter(each -> each.startsWith(sample + " "))
            .findFirst()
            .orElseThrow(() -> new AssertionError(sample + " is not in " + page));
    return Double.parseDouble(line.substring(sample.length() + 1));
  }

  @Test
  void whatADriverDidIsCounted() throws Exception {
    String url = serve();

    try (VirtioBlkDriver driver =
        VirtioBlkDriver.open(dir.resolve("vm7"), BlkDriverOptions.defaults())) {
      long buffer = driver.memory().allocate(BYTES, BYTES);
      for (int i = 0; i < READS; i++) {
        driver.run(VirtioBlk.T_IN, 0, buffer, BYTES, PATIENCE.toNanos());
      }
      String page = scrape(url);

      assertThat(page.lines()).allMatch(line -> LINE.matcher(line).matches());
      String queue = "{controller=\"vm7\",queue=\"0\",op=\"read\"}";
      assertThat(value(page, "millrace_queue_operations_total" + queue)).isEqualTo(READS);
      assertThat(value(page, "millrace_queue_bytes_total" + queue)).isEqualTo(READS * BYTES);
      assertThat(value(page, "millrace_controller_sessions{controller=\"vm7\"}")).isEqualTo(1);
      String bdev = "{bdev=\"disk7\",op=\"read\"}";
      assertThat(value(page, "millrace_bdev_operations_total" + bdev)).isEqualTo(READS);
      assertThat(value(page, "millrace_bdev_operation_seconds_total" + bdev)).isPositive();
      assertThat(value(page, "millrace_bdev_size_bytes{bdev=\"disk7\"}")).isEqualTo(1 << 20);
      assertThat(page)
          .contains("millrace_reactor_seconds_total{reactor=\"control\",state=\"busy\"}");
    }
  }

  @Test
  void callsOfClientsAreCountedButNotThoseOfScrapes() throws Exception {
    String url = serve();
    String socket = dir.resolve("r").toString();
    scrape(url);
    Cli.run("rpc", "-r", socket, "bdev_get_bdevs");
    Cli.run("rpc", "-r", socket, "no_such_method");

    String page = scrapeUntil(url, "method=\"unknown\"");

    assertThat(value(page, "millrace_rpc_calls_total{method=\"bdev_get_bdevs\"}")).isEqualTo(1);
    assertThat(value(page, "millrace_rpc_errors_total{method=\"unknown\"}")).isEqualTo(1);
    assertThat(value(page, "millrace_rpc_calls_in_progress")).isZero();
    assertThat(page).doesNotContain("method=\"vhost_get_controllers\"");
  }

  @Test
  void theJvmAndTheProcessAreAmongThem() throws Exception {
    String page = scrape(serve());

    assertThat(value(page, "jvm_memory_used_bytes{area=\"heap\"}")).isPositive();
    assertThat(page).contains("jvm_gc_collection_seconds_count{gc=", "# TYPE jvm_safepoints_total");
    assertThat(value(page, "process_open_fds")).isPositive();
    assertThat(value(page, "process_resident_memory_bytes")).isGreaterThan(1 << 20);
    double started = value(page, "process_start_time_seconds");
    assertThat(started).isBetween(1e9, System.currentTimeMillis() / 1e3);
  }

  @Test
  void aServerWithoutMetricsLoadsNothingOfThem() throws Exception {
    Path loaded = dir.resolve("loaded");
    List<String> launcher = List.of("env", "JDK_JAVA_OPTIONS=-Xlog:class+load:file=" + loaded);
    Path folder = Files.createDirectory(dir.resolve("d"));
    try (ServerProcess server = ServerProcess.start(folder, launcher, "serve", "-r", "r")) {
      assertThat(server.line()).startsWith("ready: ");

      assertThat(Files.readString(loaded))
          .contains("io.millrace.server.Target ")
          .doesNotContain(
              "millrace.server.metrics.MetricsS", "httpserver", "sun.management.HotspotRuntime");
    }
  }

  @Test
  void eachMetricOfTheDashboardIsExported() throws Exception {
    JsonNode dashboard =
        new JsonMapper().readTree(Files.readString(EXAMPLES.resolve("millrace.json")));
    Set<String> named = new TreeSet<>();
    for (JsonNode expression : dashboard.findValues("expr")) {
      NAMES.matcher(expression.asString()).results().forEach(name -> named.add(name.group()));
    }
    for (JsonNode query : dashboard.at("/templating/list").findValues("query")) {
      NAMES.matcher(query.toString()).results().forEach(name -> named.add(name.group()));
    }

    Set<String> exported = families(scrape(serve()));

    assertThat(named).hasSizeGreaterThan(20);
    assertThat(exported).containsAll(named);
  }

  /** All names that samples of a page may have. */
  private static Set<String> families(String page) {
    Set<String> names = new HashSet<>();
    Matcher types = Pattern.compile("(?m)^# TYPE (\\S+) (\\S+)$").matcher(page);
    while (types.find()) {
      List<String> suffixes = new ArrayList<>(List.of(""));
      if (types.group(2).equals("histogram") || types.group(2).equals("summary")) {
        suffixes.addAll(List.of("_bucket", "_sum", "_count"));
      }
      suffixes.forEach(suffix -> names.add(types.group(1) + suffix));
    }
    return names;
  }

  @Test
  void theDashboardIsOfAFormThatGrafana10Reads() throws Exception {
    JsonNode dashboard =
        new JsonMapper().readTree(Files.readString(EXAMPLES.resolve("millrace.json")));

    assertThat(dashboard.at("/schemaVersion").asInt()).isBetween(36, 39);
    assertThat(dashboard.at("/title").asString()).isEqualTo("Millrace");
    assertThat(dashboard.at("/__inputs/0/pluginId").asString()).isEqualTo("prometheus");
    Set<Integer> ids = new HashSet<>();
    for (JsonNode panel : dashboard.at("/panels")) {
      assertThat(ids.add(panel.at("/id").asInt())).isTrue();
      assertThat(panel.at("/gridPos/x").asInt() + panel.at("/gridPos/w").asInt()).isBetween(1, 24);
      assertThat(panel.at("/title").asString()).isNotBlank();
      if (!panel.at("/type").asString().equals("row")) {
        assertThat(panel.at("/datasource/uid").asString()).isEqualTo("${DS_PROMETHEUS}");
        assertThat(panel.at("/targets")).isNotEmpty();
      }
    }
    assertThat(ids).hasSizeGreaterThan(12);
  }
}
