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
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * SPDK's load with SPDK's initiator. It attaches its disk and waits for the call that begins the
 * test; the answer to that call is its report. It needs no warming up, but the server does that it
 * loads.
 */
final class Bdevperf implements Contender.Load {
  private static final String PERFORM_TESTS =
      "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"perform_tests\"}";
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final double MIB = 1 << 20;

  private final Path rpc;
  private final List<String> program;
  private @Nullable SocketChannel call;

  /**
   * A load.
   *
   * @param program with all options but the time
   * @param rpc socket that it listens on
   */
  Bdevperf(List<String> program, Path rpc) {
    this.program = List.copyOf(program);
    this.rpc = rpc;
  }

  @Override
  public List<String> command(Duration ramp, Duration run) {
    return Contender.plus(program, "-z", "-t", Long.toString(run.toSeconds()));
  }

  @Override
  public int roundsToWarmUp() {
    return 2;
  }

  @Override
  public void awaitReady(Child child, Duration work) throws IOException, InterruptedException {
    child.awaitSocket(rpc);
  }

  @Override
  public void begin() throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(rpc));
    channel.write(ByteBuffer.wrap(PERFORM_TESTS.getBytes(StandardCharsets.US_ASCII)));
    channel.configureBlocking(false);
    call = channel;
  }

  @Override
  public FioReport report(String who, Child child, Duration limit)
      throws IOException, InterruptedException {
    SocketChannel channel = call;
    if (channel == null) {
      throw new IllegalStateException("the test of " + who + " has not begun");
    }
    call = null;
    try (channel) {
      long deadline = System.nanoTime() + limit.toNanos();
      ByteBuffer answer = ByteBuffer.allocate(1 << 16);
      while (System.nanoTime() - deadline < 0 && channel.read(answer) >= 0) {
        FioReport report = parse(who, answer);
        if (report != null) {
          return report;
        }
        Thread.sleep(10);
      }
      throw new IOException(
          who + " gave no report in " + limit.toSeconds() + " s: " + text(answer));
    }
  }

  /** What the answer tells; null while it is not whole. */
  static @Nullable FioReport parse(String who, ByteBuffer answer) throws IOException {
    JsonNode json;
    try {
      json = MAPPER.readTree(text(answer));
    } catch (JacksonException e) {
      return null;
    }
    if (json.has("error")) {
      throw new IOException(who + " says: " + json.get("error"));
    }
    JsonNode result = json.at("/result/results/0");
    double iops = result.path("iops").asDouble(0);
    return iops > 0
        ? new FioReport(
            iops, result.path("mibps").asDouble(0) * MIB, new FioReport.Latency(0, 0, 0))
        : null;
  }

  private static String text(ByteBuffer answer) {
    return StandardCharsets.UTF_8.decode(answer.duplicate().flip()).toString();
  }
}
