package io.millrace.server.top;

import java.util.List;

/**
 * Columns side by side: the first one, of names, is on the left and takes what the others leave of
 * the width; the last one, of sparklines, goes without a heading of its own width.
 */
final class Table {
  /** A column on the right of others. */
  record Column(String heading, int width) {}

  private static final int LEAST_NAME = 12;
  private static final int MOST_NAME = 28;

  private final List<Column> columns;
  private final String name;
  private final int nameWidth;
  private final int rest;

  /**
   * A table.
   *
   * @param name heading of the first column
   * @param width of all together
   */
  Table(String name, int width, List<Column> columns) {
    this.name = name;
    this.columns = columns;
    int taken = columns.stream().mapToInt(column -> 1 + column.width).sum();
    this.nameWidth = Math.max(LEAST_NAME, Math.min(MOST_NAME, width / 4));
    this.rest = Math.max(0, width - taken - nameWidth - 1);
  }

  /** What is left for a sparkline at the end of a row. */
  int rest() {
    return rest;
  }

  String heading() {
    return row(name, columns.stream().map(Column::heading).toList(), "");
  }

  /**
   * A row.
   *
   * @param cells one for each column
   * @param last what stands in the rest
   */
  String row(String first, List<String> cells, String last) {
    StringBuilder line = new StringBuilder();
    line.append(first, 0, Math.min(first.length(), nameWidth));
    line.append(" ".repeat(nameWidth - line.length()));
    for (int i = 0; i < columns.size(); i++) {
      String cell = cells.get(i);
      line.append(" ".repeat(Math.max(1, 1 + columns.get(i).width - cell.length()))).append(cell);
    }
    return line.append(last.isEmpty() ? "" : " " + last).toString().stripTrailing();
  }
}
