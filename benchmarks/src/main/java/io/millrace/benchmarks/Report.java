package io.millrace.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The figures of a run, for a person and for a program. */
record Report(List<String> machine, List<Figure> figures) {
  /** A table with the bars beside the figures, remarks below each. */
  void print(PrintStream out) {
    machine.forEach(out::println);
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

  /** The same as JSON; "met" is absent where nothing is asked. */
  void write(Path file) throws IOException {
    JsonMapper mapper = JsonMapper.builder().build();
    ObjectNode root = mapper.createObjectNode();
    machine.forEach(root.putArray("machine")::add);
    ArrayNode array = root.putArray("figures");
    for (Figure figure : figures) {
      ObjectNode node = array.addObject();
      node.put("what", figure.what()).put("value", figure.value()).put("text", figure.text());
      Figure.Bar bar = figure.bar();
      if (bar != null) {
        node.put("bar", bar.text()).put("met", bar.test().test(figure.value()));
      }
      figure.remarks().forEach(node.putArray("remarks")::add);
    }
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.writeString(
        file, mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
  }

  private static int width(List<String> texts) {
    return texts.stream().mapToInt(String::length).max().orElse(1);
  }
}
