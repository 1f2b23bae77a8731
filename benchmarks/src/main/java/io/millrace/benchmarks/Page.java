package io.millrace.benchmarks;

import java.util.Collection;
import java.util.List;
import java.util.Map;

/** {@code docs/performance.md}, made of results. */
final class Page {
  private static final Map<String, String> CAPTIONS =
      Map.of(
          "ratios.svg",
          "Ratios of IOPS: the median of the rounds and its 95 % interval; right of the line Millrace"
              + " is faster.",
          "latency.svg",
          "Latency from submission to completion, as the load sees it.",
          "cpu.svg",
          "What a server costs when it has less to do than it could.",
          "warm-up.svg",
          "How fast a server is that has just started, and a disk that has just been added to one"
              + " that runs.");

  private static final String HEAD =
      """
      # Performance

      Made by the benchmark of `benchmarks/results/bench.json`: do not edit it here. What is compared with what, and how, is in
      [perf.md](perf.md#compare); why the request path is fast is in [hot-path.md](hot-path.md).
      """;

  private static final String REPEAT =
      """

      ## To repeat it

      ```sh
      make bench                                  # what has a bar, a quarter of an hour
      make bench ARGS='--publish'                 # the same, and this page
      make bench ARGS='--all --publish'           # everything there is, some hours
      ```

      SPDK is not part of this repository. Build SPDK v26.05 somewhere, name it in `SPDK_DIR`, and give it hugepages; what is missing, `make bench`
      says. Without it the other comparisons run. Server and load have a core each, so two cores are enough, and all that is needed is that nothing else runs.
      """;

  private final StringBuilder text = new StringBuilder(HEAD);

  private Page() {}

  /**
   * The page.
   *
   * @param plots file names of pictures that exist
   * @param folder where they are, as seen from the page
   */
  static String of(
      Results results, Collection<String> plots, String folder, Explanations explanations) {
    Page page = new Page();
    page.notes(results.notes());
    page.machine(results.machine());
    page.asked(results.figures().stream().filter(figure -> figure.bar() != null).toList());
    page.unreached(results.figures(), explanations);
    page.pictures(plots, folder);
    page.others(results.figures().stream().filter(figure -> figure.bar() == null).toList());
    return page.text.append(REPEAT).toString();
  }

  private void notes(List<String> notes) {
    notes.forEach(note -> text.append("\n> **").append(note).append("**\n"));
  }

  private void machine(Map<String, String> machine) {
    text.append("\n## The machine\n\n| | |\n|---|---|\n");
    machine.forEach((name, value) -> row(name, value));
  }

  private void asked(List<Figure> figures) {
    text.append(
        """

        ## What is asked

        Each figure is the median of its rounds, [smallest..largest], and the 95 % interval of the median. A latency ratio is better when it is smaller.

        | figure | measured | asked | |
        |---|---|---|---|
        """);
    for (Figure figure : figures) {
      row(figure.what(), withRemarks(figure), figure.barText(), verdict(figure));
    }
  }

  private static String verdict(Figure figure) {
    String verdict = figure.verdict();
    return verdict.equals("met") ? verdict : "**" + verdict + "**";
  }

  private static String withRemarks(Figure figure) {
    return figure.remarks().isEmpty()
        ? figure.text()
        : figure.text() + "<br>" + String.join("<br>", figure.remarks());
  }

  private void unreached(List<Figure> figures, Explanations explanations) {
    List<Figure> missed =
        figures.stream().filter(figure -> figure.verdict().equals("NOT MET")).toList();
    if (missed.isEmpty()) {
      return;
    }
    text.append("\n## What is not reached, and why\n");
    for (Figure figure : missed) {
      String why = explanations.of(figure.what());
      text.append("\n**%s**: %s\n".formatted(figure.what(), figure.text()));
      text.append("\n%s\n".formatted(why.isEmpty() ? "Not explained yet." : why));
    }
  }

  private void pictures(Collection<String> plots, String folder) {
    for (String plot : plots) {
      String caption = CAPTIONS.getOrDefault(plot, plot);
      text.append("\n%s\n\n![%s](%s/%s)\n".formatted(caption, caption, folder, plot));
    }
  }

  private void others(List<Figure> figures) {
    text.append(
        """

        ## Everything that was measured

        IOPS are those of the time in which a side ran. A server's time per request is all CPU time of its process by requests: a server that polls uses
        its whole core whatever it has to do, so there it is the time from one request to the next. Percentiles are left out where the slices would make them.

        | figure | measured |
        |---|---|
        """);
    for (Figure figure : figures) {
      row(figure.what(), withRemarks(figure));
    }
  }

  private void row(String... cells) {
    text.append('|');
    for (String cell : cells) {
      text.append(' ').append(cell.replace("|", "\\|")).append(" |");
    }
    text.append('\n');
  }
}
