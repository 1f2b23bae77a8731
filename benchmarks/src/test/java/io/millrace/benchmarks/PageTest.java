package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/** What is made of figures that were measured before: nothing is measured here. */
class PageTest {
  private static final Path SAMPLE =
      Path.of("src/test/resources/io/millrace/benchmarks/sample.json");

  @TempDir private Path folder;

  @Test
  void figuresPlotsAndPageAreMadeOfAFile() throws Exception {
    Path page = folder.resolve("docs/performance.md");
    Publisher publisher = new Publisher(folder.resolve("benchmarks/results"), page);

    publisher.publish(Results.read(SAMPLE));

    assertThat(page).content().contains("](../benchmarks/results/ratios.svg)");
    assertThat(folder.resolve("benchmarks/results"))
        .isDirectoryContaining("glob:**/bench.json")
        .isDirectoryContaining("glob:**/ratios.svg")
        .isDirectoryContaining("glob:**/latency.svg")
        .isDirectoryContaining("glob:**/cpu.svg")
        .isDirectoryContaining("glob:**/warm-up.svg");
    assertThat(Results.read(folder.resolve("benchmarks/results/bench.json")))
        .isEqualTo(Results.read(SAMPLE));
  }

  @Test
  void aFailedControlStandsBeforeEverything() throws IOException {
    assertThat(page("")).containsSubsequence("# Perf", "> **THE CONTROL FAILED", "## The machine");
  }

  @Test
  void barsAndVerdictsStandBesideTheFigures() throws IOException {
    assertThat(page(""))
        .contains("| 1.50 [1.40..1.60], 95 % 1.41..1.59 | >= 1.3 (aim 1.5) | met |")
        .contains("| 0.95 [0.90..1.00] | <= 0.9 (aim 0.7) | **NOT MET** |")
        .contains("ended with 127 | >= 4 (aim 8) | **NOT MEASURED** |")
        .contains("| 500.0 thousand IOPS<br>limited by the initiator: its load used 99 % |");
  }

  @Test
  void whatIsNotReachedIsExplainedAndNothingElse() throws IOException {
    String explanations =
        """
        Introduction.

        ## malloc, 4 KiB randread, depth 1, bdevperf, p99

        The copy is slow.
        It shows in the profile.

        ## malloc, 4 KiB randread, depth 1, bdevperf: millrace

        Not to be seen.
        """;

    assertThat(page(explanations))
        .contains("\n\nThe copy is slow.\nIt shows in the profile.\n")
        .doesNotContain("Not to be seen", "Introduction");
    assertThat(page("")).contains("Not explained yet.");
  }

  @Test
  void everyPlotIsWellFormedAndNamesItsAxes() throws Exception {
    Map<String, String> plots = Plots.of(Results.read(SAMPLE).figures());

    for (String plot : plots.values()) {
      assertThat(parsed(plot).getElementsByTagName("circle").getLength()).isPositive();
    }
    assertThat(plots.get("ratios.svg")).contains("ratio of IOPS").doesNotContain("p99");
    assertThat(plots.get("latency.svg")).contains("microseconds").contains(">p99.9<");
    assertThat(plots.get("cpu.svg")).contains("requests a second").contains("% of a core");
    assertThat(plots.get("warm-up.svg")).contains("% of the peak").contains(">after a start<");
  }

  @Test
  void withoutFiguresThereIsNoPlot() {
    assertThat(Plots.of(List.of())).isEmpty();
  }

  @Test
  void whatIsKeptAsExplanationsCanBeRead() throws IOException {
    assertThat(Explanations.kept().of("no such figure")).isEmpty();
    assertThat(Files.readString(SAMPLE)).isNotEmpty();
  }

  private static String page(String explanations) throws IOException {
    return Page.of(
        Results.read(SAMPLE), List.of("ratios.svg"), "../r", Explanations.parse(explanations));
  }

  private static Document parsed(String xml) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(xml)));
  }
}
