package io.millrace.benchmarks;

import io.millrace.benchmarks.Svg.Anchor;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Lines through points.
 *
 * @param xAxis title with its unit
 * @param yAxis title with its unit
 * @param logarithmic whether x is, in powers of ten
 */
record LinePlot(String xAxis, String yAxis, boolean logarithmic, List<Series> series) {
  private static final int LEFT = 70;
  private static final int PLOT = 560;
  private static final int HEIGHT = 260;
  private static final int TOP = 34;
  private static final int BOTTOM = 50;
  private static final int RIGHT = 30;
  private static final int LEGEND = 170;
  private static final int STEPS = 5;

  /** A place. */
  record Point(double x, double y) {}

  /** A line and its name in the legend. */
  record Series(String name, List<Point> points) {}

  /** The picture. */
  String svg() {
    double fromX = logarithmic ? Math.floor(bound(this::placeX, true)) : 0;
    double toX = bound(this::placeX, false);
    double toY = niceTop(bound(Point::y, false));
    int bottom = TOP + HEIGHT;
    Svg svg = new Svg(LEFT + PLOT + RIGHT, bottom + BOTTOM);
    for (int i = 0; i <= STEPS; i++) {
      double y = bottom - HEIGHT * (double) i / STEPS;
      svg.grid(LEFT, y, LEFT + PLOT, y);
      svg.text(LEFT - 8, y + 4, Anchor.END, RowPlot.number(toY * i / STEPS));
    }
    double stepX = logarithmic ? 1 : niceTop(toX) / STEPS;
    for (double tick = fromX; tick <= toX + 1e-9; tick += stepX) {
      double x = LEFT + (tick - fromX) / (toX - fromX) * PLOT;
      svg.text(
          x, bottom + 18, Anchor.MIDDLE, RowPlot.number(logarithmic ? Math.pow(10, tick) : tick));
      svg.grid(x, TOP, x, bottom);
    }
    svg.text(LEFT + PLOT / 2.0, bottom + 40, Anchor.MIDDLE, xAxis);
    svg.verticalText(20, TOP + HEIGHT / 2.0, yAxis);
    for (int i = 0; i < series.size(); i++) {
      svg.dot(LEFT + i * (double) LEGEND, TOP - 18, 4, Svg.series(i));
      svg.text(LEFT + i * (double) LEGEND + 9, TOP - 14, Anchor.START, series.get(i).name);
      double before = Double.NaN;
      double above = Double.NaN;
      for (Point point : series.get(i).points) {
        double x = LEFT + (placeX(point) - fromX) / (toX - fromX) * PLOT;
        double y = bottom - point.y / toY * HEIGHT;
        if (!Double.isNaN(before)) {
          svg.line(before, above, x, y, Svg.series(i), 2);
        }
        svg.dot(x, y, 3, Svg.series(i));
        before = x;
        above = y;
      }
    }
    return svg.text();
  }

  private double placeX(Point point) {
    return logarithmic ? Math.log10(point.x) : point.x;
  }

  private double bound(ToDoubleFunction<Point> of, boolean low) {
    return series.stream()
        .flatMap(line -> line.points.stream())
        .mapToDouble(of)
        .reduce((a, b) -> low ? Math.min(a, b) : Math.max(a, b))
        .orElse(1);
  }

  /** The next of 1, 1.5, 2, 2.5, 5, 10, ... */
  private static double niceTop(double value) {
    double power = Math.pow(10, Math.floor(Math.log10(Math.max(value, 1e-9))));
    for (double nice : new double[] {1, 1.5, 2, 2.5, 5}) {
      if (value <= nice * power * 1.0001) {
        return nice * power;
      }
    }
    return 10 * power;
  }
}
