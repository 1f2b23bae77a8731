package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContestTest {
  private static final Contest.Timing SHORT =
      new Contest.Timing(
          Duration.ofSeconds(3), Duration.ZERO, Duration.ofSeconds(1), TimeSlicer.SLICE);

  /** Counts as fast as it can and reports in fio's shape. */
  private static final String COUNTER =
      """
      now() { now=${EPOCHREALTIME/[.,]}; }
      now; end=$((now + $1)); while ((now < end)); do now; done
      end=$((now + $2)); while ((now < end)); do ((n++)); now; done
      echo "warming up took $1 us"
      echo "{\\"jobs\\": [{\\"read\\": {\\"iops\\": $((n * 1000000 / $2))}}]}"
      """;

  @TempDir private Path work;

  @Test
  void sidesOfOneLoadAllReportAndHaveUsedTheCoreTheyWereGiven() throws Exception {
    List<Contest.Result> results;

    try (Contest contest = Contest.open(List.of(counter("a"), counter("b")), work, SHORT)) {
      results = contest.round();
    }

    assertThat(results).hasSize(2);
    assertThat(results).allSatisfy(result -> assertThat(result.report().iops()).isPositive());
    assertThat(results).allSatisfy(result -> assertThat(result.loadBusy()).isBetween(0.05, 1.2));
    assertThat(results).allSatisfy(result -> assertThat(result.serverBusy()).isZero());
  }

  @Test
  void aServerThatEndsBeforeItListensIsNamedWithItsLastWords() {
    Contender.Server server =
        new Contender.Server(
            List.of("sh", "-c", "echo no such disk >&2; exit 3"), work.resolve("x.sock"));
    Contender broken = new Contender("broken", server, (ramp, run) -> List.of("true"));

    assertThatThrownBy(() -> Contest.open(List.of(broken), work, SHORT))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("broken-server ended with 3")
        .hasMessageContaining("no such disk");
  }

  @Test
  void contendersOfOneNameEachStartWithTheirOwnFiles() throws Exception {
    Path file = work.resolve("configuration");
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      Path real = work.resolve("real.sock");
      listener.bind(UnixDomainSocketAddress.of(real));
      Contender.Server first = printing(file, "one", real);
      Contender.Server second = printing(file, "two", real); // made before the first starts

      assertThat(outputOf(first)).isEqualTo("one");
      assertThat(outputOf(second)).isEqualTo("two");
    }
  }

  /** A server that prints its file and listens on somebody else's socket. */
  private Contender.Server printing(Path file, String content, Path real) {
    Path socket = work.resolve("s.sock");
    String script = "cat \"$1\"; ln -s \"$2\" \"$3\"; exec cat";
    List<String> command =
        List.of("sh", "-c", script, "sh", file.toString(), real.toString(), socket.toString());
    return new Contender.Server(command, socket, Map.of(file, content));
  }

  private String outputOf(Contender.Server server) throws Exception {
    try (Child _ = server.start("server", "0", work)) {
      return Files.readString(work.resolve("server.out"));
    }
  }

  private static Contender counter(String name) {
    return new Contender(
        name, null, (ramp, run) -> List.of("bash", "-c", COUNTER, name, micros(ramp), micros(run)));
  }

  private static String micros(Duration time) {
    return Long.toString(time.toNanos() / 1000);
  }
}
