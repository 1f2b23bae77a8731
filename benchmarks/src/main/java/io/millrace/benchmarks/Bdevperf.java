package io.millrace.benchmarks;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * SPDK's load with SPDK's initiator. It attaches its disk once; each call of {@code perform_tests}
 * is a measurement, and the answer its report. Percentiles are not in the answer: {@code -l} prints
 * them, before the answer is sent.
 *
 * @param program listens for calls on its socket
 */
record Bdevperf(Contender.Server program) implements Load {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final double MIB = 1 << 20;

  /** For example {@code 99.90000% : 12.345us}. */
  private static final Pattern PERCENTILE =
      Pattern.compile("(?m)^\\s*([\\d.]+)% :\\s*([\\d.]+)us$");

  @Override
  public Session start(String name, Path work) throws IOException, InterruptedException {
    return new Running(name, program.start(name + "-load", Contest.LOAD_CORE, work));
  }

  @Override
  public boolean inWholeSeconds() {
    return true;
  }

  /** The call that begins a measurement. */
  static String performTests(Workload workload, Duration run) {
    return String.format(
        Locale.ROOT,
        "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"perform_tests\", \"params\":"
            + " {\"time_in_sec\": %d, \"workload_type\": \"%s\", \"queue_depth\": %d,"
            + " \"io_size\": \"%d\"%s}}",
        run.toSeconds(),
        workload.isMix() ? "randrw" : workload.rw(),
        workload.depth(),
        workload.blockBytes(),
        workload.isMix() ? ", \"rw_percentage\": " + workload.readPercent() : "");
  }

  /**
   * What the answer tells; null while it is not whole.
   *
   * @param printed meanwhile
   */
  static @Nullable FioReport parse(String who, String answer, String printed) throws IOException {
    JsonNode json;
    try {
      json = MAPPER.readTree(answer);
    } catch (JacksonException e) {
      return null;
    }
    if (json.isMissingNode()) {
      return null;
    }
    if (json.has("error")) {
      throw new IOException(who + " says: " + json.get("error"));
    }
    JsonNode result = json.at("/result/results/0");
    double iops = result.path("iops").asDouble(0);
    if (iops <= 0) {
      throw new IOException(who + " reports no requests: " + answer);
    }
    if (result.path("io_failed").asLong(0) > 0) {
      throw new IOException(who + " reports failed requests: " + answer);
    }
    return new FioReport(iops, result.path("mibps").asDouble(0) * MIB, percentiles(printed));
  }

  private static FioReport.Latency percentiles(String printed) {
    double p50 = 0;
    double p99 = 0;
    double p999 = 0;
    for (Matcher line = PERCENTILE.matcher(printed); line.find(); ) {
      double micros = Double.parseDouble(line.group(2));
      switch (line.group(1)) {
        case "50.00000" -> p50 = micros;
        case "99.00000" -> p99 = micros;
        case "99.90000" -> p999 = micros;
        default -> {}
      }
    }
    return new FioReport.Latency(p50, p99, p999);
  }

  private final class Running implements Session {
    private final String name;
    private final Child child;
    private final ByteBuffer answer = ByteBuffer.allocate(1 << 16);
    private @Nullable SocketChannel call;
    private int printedBefore;

    Running(String name, Child child) {
      this.name = name;
      this.child = child;
    }

    @Override
    public List<Child> processes() {
      return List.of(child);
    }

    @Override
    public void begin(Workload workload, Duration leadIn, Duration run) throws IOException {
      hangUp();
      printedBefore = child.printed().length();
      answer.clear();
      SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      call = channel;
      // The socket's backlog takes it while the program is stopped.
      channel.connect(UnixDomainSocketAddress.of(program.socket()));
      byte[] bytes = performTests(workload, run).getBytes(StandardCharsets.US_ASCII);
      channel.write(ByteBuffer.wrap(bytes));
      channel.configureBlocking(false);
    }

    @Override
    public @Nullable FioReport poll() throws IOException {
      SocketChannel channel = call;
      if (channel == null) {
        throw new IllegalStateException(name + " has not begun");
      }
      if (channel.read(answer) < 0) {
        throw child.failure("hung up instead of an answer");
      }
      String text = StandardCharsets.UTF_8.decode(answer.duplicate().flip()).toString();
      return parse(name + "-load", text, child.printed().substring(printedBefore));
    }

    private void hangUp() throws IOException {
      if (call != null) {
        call.close();
      }
    }

    @Override
    public void close() throws IOException {
      hangUp();
      child.close();
    }
  }
}
