package io.millrace.benchmarks;

import java.io.PrintStream;
import java.util.List;

/** Results as a table for a terminal. */
final class TextReport {
  private TextReport() {}

  /** Notes first, then the figures, the bars beside them and remarks below each. */
  static void print(Results results, PrintStream out) {
    out.println();
    results.notes().forEach(note -> out.println("!!! " + note));
    results.machine().forEach((name, value) -> out.println(name + ": " + value));
    List<Figure> figures = results.figures();
    int what = width(figures.stream().map(Figure::what).toList());
    int text = width(figures.stream().filter(f -> f.bar() != null).map(Figure::text).toList());
    String line = "%-" + what + "s  %-" + text + "s  %-22s %s";
    out.println();
    out.println(line.formatted("figure", "measured", "bar", "").stripTrailing());
    for (Figure figure : figures) {
      out.println(
          line.formatted(figure.what(), figure.text(), figure.barText(), figure.verdict())
              .stripTrailing());
      for (String remark : figure.remarks()) {
        out.println("    " + remark);
      }
    }
  }

  private static int width(List<String> texts) {
    return texts.stream().mapToInt(String::length).max().orElse(1);
  }
}
