package io.millrace.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Why figures are what they are, written by hand: {@code ## } and the beginning of a figure's name,
 * then text. They stay when the page is made again.
 *
 * @param byFigure text by the beginning of a name
 */
record Explanations(Map<String, String> byFigure) {
  private static final String HEADING = "## ";

  /** Those that are kept beside this class. */
  static Explanations kept() throws IOException {
    try (InputStream in = Explanations.class.getResourceAsStream("explanations.md")) {
      if (in == null) {
        throw new IllegalStateException("explanations.md is missing beside " + Explanations.class);
      }
      return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  static Explanations parse(String text) {
    Map<String, String> all = new LinkedHashMap<>();
    String figure = "";
    for (String line : text.lines().toList()) {
      if (line.startsWith(HEADING)) {
        figure = line.substring(HEADING.length()).strip();
        all.put(figure, "");
      } else if (!figure.isEmpty()) {
        all.merge(figure, line, (before, more) -> (before + "\n" + more).strip());
      }
    }
    return new Explanations(all);
  }

  /** What there is to say of a figure; empty for nothing. */
  String of(String figure) {
    return byFigure.entrySet().stream()
        .filter(entry -> figure.startsWith(entry.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse("");
  }
}
