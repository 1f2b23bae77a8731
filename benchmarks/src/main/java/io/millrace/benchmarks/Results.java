package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The figures of a run, as they are kept.
 *
 * @param machine what it ran on: names and their values
 * @param notes what a reader must know before any figure
 */
record Results(Map<String, String> machine, List<String> notes, List<Figure> figures) {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** Writes JSON; "met" is absent where nothing is asked, "value" where nothing was measured. */
  void write(Path file) throws IOException {
    ObjectNode root = MAPPER.createObjectNode();
    ObjectNode about = root.putObject("machine");
    machine.forEach(about::put);
    notes.forEach(root.putArray("notes")::add);
    ArrayNode array = root.putArray("figures");
    for (Figure figure : figures) {
      write(figure, array.addObject());
    }
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.writeString(
        file, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
  }

  private static void write(Figure figure, ObjectNode node) {
    node.put("what", figure.what());
    if (figure.isMeasured()) {
      node.put("value", figure.value());
    }
    node.put("text", figure.text());
    Figure.Bar bar = figure.bar();
    if (bar != null) {
      ObjectNode asked = node.putObject("bar");
      asked.put("text", bar.text());
      if (Double.isFinite(bar.least())) {
        asked.put("least", bar.least());
      }
      if (Double.isFinite(bar.most())) {
        asked.put("most", bar.most());
      }
      if (figure.isMeasured()) {
        node.put("met", bar.isMetBy(figure.value()));
      }
    }
    if (!figure.values().isEmpty()) {
      Spread spread = Spread.of(figure.values());
      node.put("low95", spread.low()).put("high95", spread.high());
      figure.values().forEach(node.putArray("rounds")::add);
    }
    if (!figure.details().isEmpty()) {
      figure.details().forEach(node.putObject("details")::put);
    }
    if (!figure.remarks().isEmpty()) {
      figure.remarks().forEach(node.putArray("remarks")::add);
    }
  }

  /** Reads what {@link #write} wrote. */
  static Results read(Path file) throws IOException {
    JsonNode root;
    try {
      root = MAPPER.readTree(Files.readString(file));
    } catch (JacksonException e) {
      throw new IOException(file + " is no results of a benchmark: " + e.getOriginalMessage(), e);
    }
    Map<String, String> machine = new LinkedHashMap<>();
    root.path("machine").properties().forEach(p -> machine.put(p.getKey(), text(p.getValue())));
    List<Figure> figures = new ArrayList<>();
    for (JsonNode node : root.path("figures")) {
      Map<String, Double> details = new LinkedHashMap<>();
      node.path("details")
          .properties()
          .forEach(p -> details.put(p.getKey(), p.getValue().asDouble()));
      List<Double> rounds = new ArrayList<>();
      node.path("rounds").forEach(value -> rounds.add(value.asDouble()));
      figures.add(
          new Figure(
              text(node.path("what")),
              node.path("value").asDouble(Double.NaN),
              text(node.path("text")),
              bar(node.path("bar")),
              texts(node.path("remarks")),
              rounds,
              details));
    }
    return new Results(machine, texts(root.path("notes")), figures);
  }

  private static Figure.@Nullable Bar bar(JsonNode node) {
    return node.isMissingNode()
        ? null
        : new Figure.Bar(
            text(node.path("text")),
            node.path("least").asDouble(Double.NEGATIVE_INFINITY),
            node.path("most").asDouble(Double.POSITIVE_INFINITY));
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(value -> texts.add(text(value)));
    return texts;
  }

  private static String text(JsonNode node) {
    return node.asString("");
  }
}
