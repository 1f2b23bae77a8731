package io.millrace.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Pictures of results, by file name; those only for which there are figures. */
final class Plots {
  private static final Pattern RATE = Pattern.compile("^CPU against IOPS.*, (\\d+) IOPS: (.*)$");
  private static final Pattern CURVE = Pattern.compile("^warm-up, (.*): the peak$");
  private static final Pattern POINT = Pattern.compile("^share_at_([\\d.]+)_s$");

  private Plots() {}

  static Map<String, String> of(List<Figure> figures) {
    Map<String, String> plots = new LinkedHashMap<>();
    ratios(figures, plots);
    latencies(figures, plots);
    cpu(figures, plots);
    warmUp(figures, plots);
    return plots;
  }

  private static void ratios(List<Figure> figures, Map<String, String> plots) {
    List<RowPlot.Row> rows = new ArrayList<>();
    for (Figure figure : figures) {
      boolean isOfIops = figure.what().contains(" / ") && !figure.what().contains("latency");
      if (isOfIops && figure.isMeasured() && !figure.values().isEmpty() && isAsked(figure)) {
        Spread spread = Spread.of(figure.values());
        RowPlot.Dot dot = new RowPlot.Dot(spread.median(), spread.low(), spread.high());
        rows.add(new RowPlot.Row(figure.what(), List.of(dot)));
      }
    }
    if (!rows.isEmpty()) {
      String axis = "ratio of IOPS, median and 95 % interval (more is better)";
      plots.put("ratios.svg", new RowPlot(axis, List.of(), 1, rows).svg());
    }
  }

  private static boolean isAsked(Figure figure) {
    return figure.bar() != null && !figure.what().startsWith("start");
  }

  private static void latencies(List<Figure> figures, Map<String, String> plots) {
    List<RowPlot.Row> rows = new ArrayList<>();
    for (Figure figure : figures) {
      Map<String, Double> details = figure.details();
      if (figure.what().contains("depth 1,") || figure.what().startsWith("latency")) {
        List<RowPlot.Dot> dots = new ArrayList<>();
        for (String key : List.of("p50_us", "p99_us", "p99.9_us")) {
          if (details.containsKey(key)) {
            dots.add(RowPlot.Dot.at(details.getOrDefault(key, 0.0)));
          }
        }
        if (dots.size() > 1) {
          rows.add(new RowPlot.Row(figure.what(), dots));
        }
      }
    }
    if (!rows.isEmpty()) {
      List<String> legend = List.of("p50", "p99", "p99.9");
      plots.put("latency.svg", new RowPlot("microseconds (less is better)", legend, 0, rows).svg());
    }
  }

  private static void cpu(List<Figure> figures, Map<String, String> plots) {
    Map<String, List<LinePlot.Point>> sides = new LinkedHashMap<>();
    for (Figure figure : figures) {
      Matcher rate = RATE.matcher(figure.what());
      Double busy = figure.details().get("server_busy_share");
      if (rate.matches() && busy != null) {
        sides
            .computeIfAbsent(rate.group(2), side -> new ArrayList<>())
            .add(new LinePlot.Point(figure.value(), busy * 100));
      }
    }
    put(plots, "cpu.svg", sides, "requests a second", "server, % of a core", true);
  }

  private static void warmUp(List<Figure> figures, Map<String, String> plots) {
    Map<String, List<LinePlot.Point>> curves = new LinkedHashMap<>();
    for (Figure figure : figures) {
      Matcher name = CURVE.matcher(figure.what());
      if (name.matches()) {
        Map<Double, Double> points = new TreeMap<>();
        figure
            .details()
            .forEach((key, value) -> {
              Matcher at = POINT.matcher(key);
              if (at.matches()) {
                points.put(Double.parseDouble(at.group(1)), value * 100);
              }
            });
        List<LinePlot.Point> line = new ArrayList<>();
        points.forEach((x, y) -> line.add(new LinePlot.Point(x, y)));
        curves.put(name.group(1), line);
      }
    }
    String xAxis = "seconds since the socket takes connections";
    put(plots, "warm-up.svg", curves, xAxis, "% of the peak", false);
  }

  private static void put(
      Map<String, String> plots,
      String file,
      Map<String, List<LinePlot.Point>> lines,
      String xAxis,
      String yAxis,
      boolean logarithmic) {
    List<LinePlot.Series> series = new ArrayList<>();
    lines.forEach((name, points) -> series.add(new LinePlot.Series(name, points)));
    if (!series.isEmpty()) {
      plots.put(file, new LinePlot(xAxis, yAxis, logarithmic, series).svg());
    }
  }
}
