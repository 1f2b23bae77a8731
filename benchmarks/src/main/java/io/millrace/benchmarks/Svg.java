package io.millrace.benchmarks;

import java.util.Locale;

/**
 * The little of SVG that plots need. Background is transparent and colours are of middle lightness,
 * so that a plot reads on a light page and on a dark one.
 */
final class Svg {
  /** Of text, axes and grid. */
  static final String GREY = "#7d838c";

  private static final String[] SERIES = {"#3b82f6", "#e08a00", "#10a37f", "#b06ae8", "#e0565b"};

  private final StringBuilder body = new StringBuilder();
  private final int width;
  private final int height;

  /** An empty picture of so many pixels. */
  Svg(int width, int height) {
    this.width = width;
    this.height = height;
  }

  /** Colour of the {@code index}-th series. */
  static String series(int index) {
    return SERIES[index % SERIES.length];
  }

  /** Where text stands to its point. */
  enum Anchor {
    START,
    MIDDLE,
    END
  }

  void text(double x, double y, Anchor anchor, String text) {
    add(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
            x,
            y,
            anchor.name().toLowerCase(Locale.ROOT),
            escaped(text)));
  }

  /** Along the vertical axis, read from below. */
  void verticalText(double x, double y, String text) {
    add(
        String.format(
            Locale.ROOT,
            "<text transform=\"translate(%.1f,%.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>",
            x,
            y,
            escaped(text)));
  }

  void line(double x1, double y1, double x2, double y2, String colour, double strokeWidth) {
    add(
        String.format(
            Locale.ROOT,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%.1f\"/>",
            x1,
            y1,
            x2,
            y2,
            colour,
            strokeWidth));
  }

  /** A line of the grid, fainter than what it helps to read. */
  void grid(double x1, double y1, double x2, double y2) {
    add(
        String.format(
            Locale.ROOT,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-opacity=\"0.25\"/>",
            x1,
            y1,
            x2,
            y2,
            GREY));
  }

  void dot(double x, double y, double radius, String colour) {
    add(
        String.format(
            Locale.ROOT,
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"/>",
            x,
            y,
            radius,
            colour));
  }

  private void add(String element) {
    body.append(element).append('\n');
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  /** The whole file. */
  String text() {
    return String.format(
        Locale.ROOT,
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d"
          font-family="system-ui, sans-serif" font-size="12" fill="%s">
        %s</svg>
        """,
        width,
        height,
        width,
        height,
        GREY,
        body);
  }
}
