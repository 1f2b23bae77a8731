package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ContestTest {
  private static final Duration OWN = Duration.ofMillis(300);
  private static final Workload WORKLOAD = Workload.random("randread", 1);

  /** Says that it is ready; counts for each line as fast as it can and reports in fio's shape. */
  private static final String COUNTER =
      """
      now() { now=${EPOCHREALTIME/[.,]}; }
      echo ready
      while read -r run; do
        n=0; now; end=$((now + run)); while ((now < end)); do ((n++)); now; done
        echo "{\\"jobs\\": [{\\"read\\": {\\"iops\\": $((n * 1000000 / run))}}]}"
      done
      """;

  @TempDir private Path work;

  @Test
  void sidesOfOneLoadAllReportAndHaveUsedTheCoreTheyWereGiven() throws Exception {
    List<Contest.@Nullable Result> results;

    try (Contest contest = Contest.open(List.of(counter("a"), counter("b")), work)) {
      results = contest.round(WORKLOAD, OWN, TimeSlicer.SLICE);

      assertThat(contest.isComplete()).isTrue();
    }

    assertThat(results).hasSize(2).doesNotContainNull();
    assertThat(results).allSatisfy(result -> assertThat(result.iops()).isPositive());
    assertThat(results).allSatisfy(result -> assertThat(result.loadBusy()).isBetween(0.5, 1.1));
    assertThat(results).allSatisfy(result -> assertThat(result.serverBusy()).isZero());
  }

  @Test
  void roundsFollowOneAnotherOnTheSameProcesses() throws Exception {
    try (Contest contest = Contest.open(List.of(counter("a"), counter("b")), work)) {
      contest.round(WORKLOAD, OWN, TimeSlicer.SLICE);
      List<Contest.@Nullable Result> results = contest.round(WORKLOAD, OWN, Duration.ofMillis(50));

      assertThat(results).doesNotContainNull();
      assertThat(work.resolve("a-load.out")).content().contains("ready").hasLineCount(3);
    }
  }

  @Test
  void aPeerThatIsMissingIsNamedAndTheOthersGoOn() throws Exception {
    Contender.Server server =
        new Contender.Server(List.of("no-such-program"), work.resolve("x.sock"));
    Contender missing = new Contender("missing", server, counter("missing").load());

    String reason = reasonOfTheFirst(missing);

    assertThat(reason).contains("missing-server ended with").contains("no-such-program");
  }

  @Test
  void aServerThatEndsBeforeItListensIsNamedWithItsLastWords() throws Exception {
    Contender.Server server =
        new Contender.Server(
            List.of("sh", "-c", "echo no such disk >&2; exit 3"), work.resolve("x.sock"));
    Contender broken = new Contender("broken", server, counter("broken").load());

    String reason = reasonOfTheFirst(broken);

    assertThat(reason).contains("broken-server ended with 3").contains("no such disk");
  }

  @Test
  void aPeerThatDiesUnderLoadGivesNoFigure() throws Exception {
    Contender dies = scripted("dies", "echo ready; read -r line; echo out of luck >&2; exit 4");

    assertThat(reasonOfTheFirst(dies))
        .contains("dies-load ended with 4 instead of an answer")
        .contains("out of luck");
  }

  @Test
  void aPeerThatAnswersRubbishGivesNoFigure() throws Exception {
    Contender lies = scripted("lies", "echo ready; while read -r line; do echo 42 bananas; done");

    assertThat(reasonOfTheFirst(lies)).contains("lies-load printed something that is no report");
  }

  @Test
  void aPeerThatDidNothingGivesNoFigure() throws Exception {
    Contender idles =
        scripted(
            "idles",
            "echo ready; while read -r line; do echo '{\"jobs\": [{\"read\": {\"iops\": 0}}]}'; done");

    assertThat(reasonOfTheFirst(idles)).contains("idles-load reports no requests");
  }

  @Test
  void aPeerThatReportsAnErrorGivesNoFigure() throws Exception {
    Contender fails =
        scripted("fails", "echo ready; while read -r line; do echo '{\"error\": \"EIO\"}'; done");

    assertThat(reasonOfTheFirst(fails)).contains("fails-load reports an error").contains("EIO");
  }

  /** Why a contender takes no part after a round, beside one that does. */
  private String reasonOfTheFirst(Contender contender) throws Exception {
    try (Contest contest = Contest.open(List.of(contender, counter("good")), work)) {
      List<Contest.@Nullable Result> results = contest.round(WORKLOAD, OWN, TimeSlicer.SLICE);

      assertThat(results.get(0)).isNull();
      assertThat(results.get(1)).isNotNull();
      assertThat(contest.isComplete()).isFalse();
      return String.valueOf(contest.failure(0));
    }
  }

  @Test
  void aCellShowsTheReasonInPlaceOfARatio() throws Exception {
    Contender lies = scripted("lies", "echo ready; while read -r line; do echo 42 bananas; done");
    Lineup lineup = new Lineup(lies, counter("good"));
    Figure.Bar bar = Figure.Bar.atLeast(1, ">= 1");
    Cell cell = new Cell("cell", lineup, WORKLOAD, new Comparison(0, 1, bar));

    List<Figure> figures;
    try (Stage stage = new Stage(work, 1, OWN, line -> {})) {
      figures = cell.run(stage);
    }

    assertThat(figures).hasSize(3);
    assertThat(figures.get(0).verdict()).isEqualTo("NOT MEASURED");
    assertThat(figures.get(0).text()).startsWith("not measured: lies-load printed something");
    assertThat(figures.get(1).isMeasured()).isFalse();
    assertThat(figures.get(2).isMeasured()).isTrue();
  }

  @Test
  void sidesOfAVerdictStartThreeTimesAndOthersOnce() throws Exception {
    Path starts = work.resolve("starts");
    Lineup lineup = new Lineup(scripted("a", "echo >> %s; %s".formatted(starts, COUNTER)));

    try (Stage stage = new Stage(work, 4, OWN, line -> {})) {
      Rounds shown = stage.rounds("cell", lineup, WORKLOAD, TimeSlicer.SLICE);
      assertThat(shown.all()).hasSize(4);
      assertThat(Files.readAllLines(starts)).hasSize(1);

      Rounds judged = stage.judged("cell", lineup, WORKLOAD, TimeSlicer.SLICE);
      assertThat(judged.all()).hasSize(4);
      assertThat(judged.isComplete()).isTrue();
      assertThat(Files.readAllLines(starts)).hasSize(3); // the first was up already
    }
  }

  @Test
  void theMeasuredTimeIsWholeCyclesAndWholeSecondsWhereALoadWantsThem() {
    Duration second = Duration.ofSeconds(1);

    assertThat(Contest.wallTime(second, Duration.ofMillis(40), true)).isEqualTo(second);
    assertThat(Contest.wallTime(second, Duration.ofMillis(60), false)).hasMillis(1020);
    assertThat(Contest.wallTime(second, Duration.ofMillis(60), true)).hasSeconds(3);
    assertThat(Contest.wallTime(second, Duration.ofMillis(600), false)).hasMillis(1800);
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
    return scripted(name, COUNTER);
  }

  private static Contender scripted(String name, String script) {
    LineLoad.Request request = (workload, leadIn, run) -> Long.toString(run.toNanos() / 1000);
    return new Contender(
        name, null, new LineLoad("0", List.of("bash", "-c", script), "ready", request));
  }
}
