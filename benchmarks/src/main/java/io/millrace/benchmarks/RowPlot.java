package io.millrace.benchmarks;

import io.millrace.benchmarks.Svg.Anchor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Rows of values on one logarithmic axis: dots, each with its whisker, a label at the left. What is
 * twice as much is equally far everywhere.
 *
 * @param axis title of the axis, with its unit
 * @param legend of the dots of a row, by their place; empty for none
 * @param mark where a line is drawn across all rows; 0 for nowhere
 */
record RowPlot(String axis, List<String> legend, double mark, List<Row> rows) {
  private static final double CHARACTER = 6.4; // pixels, on average, of a label
  private static final int PLOT = 420;
  private static final int RIGHT = 60;
  private static final int ROW = 22;
  private static final int TOP = 34;
  private static final int BOTTOM = 48;

  /** A value and the interval around it. */
  record Dot(double value, double low, double high) {
    /** Without an interval. */
    static Dot at(double value) {
      return new Dot(value, value, value);
    }
  }

  /** One line; its first dot is told in figures, too. */
  record Row(String label, List<Dot> dots) {}

  /** The picture. */
  String svg() {
    int left = left();
    double low = Math.min(mark > 0 ? mark : Double.MAX_VALUE, bound(true));
    double high = Math.max(mark, bound(false));
    double from = Math.floor(log(low) * 2 - 0.2) / 2;
    double to = Math.ceil(log(high) * 2 + 0.2) / 2;
    int bottom = TOP + ROW * rows.size();
    Svg svg = new Svg(left + PLOT + RIGHT, bottom + BOTTOM);
    for (double tick : ticks(from, to)) {
      double x = left + x(tick, from, to);
      svg.grid(x, TOP - 6, x, bottom);
      svg.text(x, bottom + 16, Anchor.MIDDLE, number(tick));
    }
    if (mark > 0) {
      double x = left + x(mark, from, to);
      svg.line(x, TOP - 6, x, bottom, Svg.GREY, 1.5);
    }
    svg.text(left + PLOT / 2.0, bottom + 38, Anchor.MIDDLE, axis);
    for (int i = 0; i < legend.size(); i++) {
      svg.dot(left + i * 90.0, TOP - 20, 4, Svg.series(i));
      svg.text(left + i * 90.0 + 9, TOP - 16, Anchor.START, legend.get(i));
    }
    for (int i = 0; i < rows.size(); i++) {
      draw(svg, rows.get(i), left, TOP + ROW * i + ROW / 2.0, from, to);
    }
    return svg.text();
  }

  private static void draw(Svg svg, Row row, int left, double y, double from, double to) {
    svg.text(left - 12, y + 4, Anchor.END, row.label);
    for (int i = 0; i < row.dots.size(); i++) {
      Dot dot = row.dots.get(i);
      svg.line(left + x(dot.low, from, to), y, left + x(dot.high, from, to), y, Svg.series(i), 2);
      svg.dot(left + x(dot.value, from, to), y, 4, Svg.series(i));
    }
    svg.text(left + PLOT + 8, y + 4, Anchor.START, number(row.dots.getFirst().value));
  }

  /** Room for the labels. */
  private int left() {
    int longest = rows.stream().mapToInt(row -> row.label.length()).max().orElse(0);
    return (int) (longest * CHARACTER) + 20;
  }

  private double bound(boolean low) {
    return rows.stream()
        .flatMap(row -> row.dots.stream())
        .mapToDouble(dot -> low ? dot.low : dot.high)
        .reduce((a, b) -> low ? Math.min(a, b) : Math.max(a, b))
        .orElse(1);
  }

  /** Powers of two, or of ten where these would be too many. */
  private static List<Double> ticks(double from, double to) {
    double base = to - from > 8 ? Math.log(10) / Math.log(2) : 1;
    List<Double> ticks = new ArrayList<>();
    for (double power = Math.ceil(from / base); power * base <= to + 1e-9; power++) {
      ticks.add(Math.pow(2, power * base));
    }
    return ticks;
  }

  /** Distance from the left end of the axis. */
  private static double x(double value, double from, double to) {
    return (log(value) - from) / (to - from) * PLOT;
  }

  private static double log(double value) {
    return Math.log(Math.max(value, 1e-3)) / Math.log(2);
  }

  static String number(double value) {
    String format = value >= 99.5 ? "%.0f" : value >= 9.95 ? "%.1f" : "%.2f";
    String text = String.format(Locale.ROOT, format, value);
    return text.contains(".") ? text.replaceAll("\\.?0+$", "") : text;
  }
}
