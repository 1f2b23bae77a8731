package io.millrace.server.metrics;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Prometheus' text format 0.0.4 as it is put together: the samples of a family stand together,
 * whatever the order in which they come. One thread.
 */
final class Exposition {
  /** What a response says of itself. */
  static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final Map<String, Family> families = new LinkedHashMap<>();

  /** What only grows until the process ends or somebody resets it; the name ends in _total. */
  Family counter(String name, String help) {
    assert name.endsWith("_total") : name;
    return family(name, "counter", help);
  }

  /** What goes up and down. */
  Family gauge(String name, String help) {
    return family(name, "gauge", help);
  }

  /** A family of buckets, sums and counts, each added under its suffix. */
  Family histogram(String name, String help) {
    return family(name, "histogram", help);
  }

  /** A sum with the count of what it is of, without quantiles. */
  Family summary(String name, String help) {
    return family(name, "summary", help);
  }

  private Family family(String name, String type, String help) {
    return families.computeIfAbsent(name, _ -> new Family(name, type, help));
  }

  /**
   * All of it; a family without samples is named nevertheless, so that one can see what there is.
   */
  String text() {
    StringBuilder text = new StringBuilder();
    families.values().forEach(family -> family.appendTo(text));
    return text.toString();
  }

  /** Samples of one name. */
  static final class Family {
    private final String name;
    private final String type;
    private final String help;
    private final StringBuilder samples = new StringBuilder();

    private Family(String name, String type, String help) {
      this.name = name;
      this.type = type;
      this.help = help;
    }

    /**
     * Adds a whole number.
     *
     * @param labels name and value in turn
     */
    Family add(long value, String... labels) {
      return sample("", Long.toString(value), labels);
    }

    /** Adds a number, such as one of seconds. */
    Family add(double value, String... labels) {
      return sample("", Double.toString(value), labels);
    }

    /** Adds a whole number of a histogram or summary: its bucket or count. */
    Family part(String suffix, long value, String... labels) {
      return sample(suffix, Long.toString(value), labels);
    }

    /** Adds a number of seconds of a histogram or summary: its sum. */
    Family part(String suffix, double value, String... labels) {
      return sample(suffix, Double.toString(value), labels);
    }

    private Family sample(String suffix, String value, String... labels) {
      samples.append(name).append(suffix);
      for (int i = 0; i < labels.length; i += 2) {
        samples.append(i == 0 ? '{' : ',').append(labels[i]).append("=\"");
        escape(labels[i + 1], true, samples);
        samples.append('"');
      }
      samples.append(labels.length == 0 ? " " : "} ").append(value).append('\n');
      return this;
    }

    private void appendTo(StringBuilder text) {
      text.append("# HELP ").append(name).append(' ');
      escape(help, false, text);
      text.append("\n# TYPE ").append(name).append(' ').append(type).append('\n').append(samples);
    }

    private static void escape(String value, boolean quoted, StringBuilder into) {
      for (int i = 0; i < value.length(); i++) {
        char c = value.charAt(i);
        switch (c) {
          case '\\' -> into.append("\\\\");
          case '\n' -> into.append("\\n");
          case '"' -> into.append(quoted ? "\\\"" : "\"");
          default -> into.append(c);
        }
      }
    }
  }
}
