package io.millrace.server.top;

import io.millrace.server.top.TopState.View;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;

/** A frame as plain text, for files and pipes. */
final class TextReport {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss");
  private static final int WIDTH = 80;

  private TextReport() {}

  /** Tables of devices, bdevs and reactors; the first line tells when. */
  static String of(Frame frame, Sort sort, LocalDateTime when) {
    StringBuilder text = new StringBuilder();
    text.append(TIME.format(when)).append("  ").append(Figures.name(frame.version()));
    text.append("  IOPS ").append(Figures.rate(frame.total(Rates::operations)));
    text.append("  bytes/s ").append(Figures.bytes(frame.total(Rates::bytes)));
    text.append("  latency ").append(Figures.time(frame.latencyNanos())).append('\n');
    for (View view : View.values()) {
      table(frame, TopState.of(view, sort), text);
    }
    return text.toString();
  }

  private static void table(Frame frame, TopState state, StringBuilder text) {
    List<Row> rows = Rows.of(frame, state, new History());
    if (rows.isEmpty()) {
      return;
    }
    Table table = Rows.table(state, WIDTH);
    text.append('\n').append(table.heading()).append('\n');
    for (Row row : rows) {
      text.append(table.row(Figures.name(row.name()), row.cells(), "")).append('\n');
    }
  }
}
