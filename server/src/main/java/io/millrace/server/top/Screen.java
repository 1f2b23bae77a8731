package io.millrace.server.top;

import io.millrace.server.top.Frame.DeviceRates;
import io.millrace.server.top.Frame.QueueRates;
import io.millrace.server.top.Frame.ReactorRates;
import io.millrace.server.top.History.Figure;
import io.millrace.server.top.Line.Style;
import io.millrace.server.top.Table.Column;
import io.millrace.server.top.TopState.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** From a frame and what the user chose to the lines of a screen. Pure functions. */
final class Screen {
  private static final int FIGURE = 18;
  private static final int METER = 12;

  /** Lines that are not the table's rows. */
  private static final int AROUND_ROWS = 9;

  private static final List<Column> STAGE_COLUMNS =
      List.of(
          new Column("COUNT", 7),
          new Column("P50", 7),
          new Column("P90", 7),
          new Column("P99", 7),
          new Column("P99.9", 7));

  private static final List<String> HELP =
      List.of(
          "  up, down, j, k     selects a row; page up, page down, home, end too",
          "  Enter              looks into it: a device's queues, a bdev's devices, a reactor's"
              + " queues",
          "  Esc, Backspace     back",
          "  Tab, 1, 2, 3       devices, bdevs, reactors",
          "  i, b, l, n         sorts by IOPS, bandwidth, latency, name; s by the next of them",
          "  r                  turns the order round",
          "  +, -               looks less often, more often",
          "  p, space           stands still, goes on",
          "  q                  ends",
          "",
          "  LATENCY is the bdevs' mean time from submission to completion; QD the requests under",
          "  way; EMPTY the share of polls that found nothing. The stages of the selected queue's",
          "  requests are shown where vhost_enable_histogram has them counted.");

  private final TopState state;
  private final History history;
  private final int width;
  private final List<Line> lines = new ArrayList<>();

  private Screen(TopState state, History history, int width) {
    this.state = state;
    this.history = history;
    this.width = width;
  }

  /** Rows of the table that a screen has room for. */
  static int page(int height) {
    return Math.max(1, height - AROUND_ROWS);
  }

  /**
   * Draws.
   *
   * @param frame null before there is one
   * @param waiting what is waited for; null for nothing
   * @return exactly {@code height} lines, none wider than {@code width}
   */
  static List<Line> draw(
      @Nullable Frame frame,
      TopState state,
      History history,
      @Nullable String waiting,
      int width,
      int height) {
    Screen screen = new Screen(state, history, width);
    screen.title(frame, waiting);
    if (state.helping()) {
      HELP.forEach(line -> screen.lines.add(Line.plain(line)));
    } else if (frame != null) {
      screen.figures(frame);
      screen.reactors(frame.reactors());
      screen.tabs(frame);
      screen.table(frame, page(height));
    }
    return screen.fitted(height);
  }

  private List<Line> fitted(int height) {
    List<Line> fitted = new ArrayList<>();
    int body = Math.max(0, height - 1);
    for (int i = 0; i < body; i++) {
      fitted.add(i < lines.size() ? lines.get(i).cut(width) : Line.plain(""));
    }
    String hints =
        state.helping()
            ? "any key: back"
            : "q quit  ? help  Enter look into  Tab next list  s sort  r reverse  +/- interval";
    fitted.add(new Line(hints, Style.HINT).cut(width));
    return fitted.subList(0, Math.min(height, fitted.size()));
  }

  private void title(@Nullable Frame frame, @Nullable String waiting) {
    String left = frame == null ? "millrace top" : Figures.name(frame.version());
    String right =
        waiting != null
            ? waiting
            : (state.paused() ? "paused, " : "")
                + "every "
                + seconds(state.intervalSeconds())
                + " s, by "
                + state.sort().title()
                + (state.reversed() ? " reversed" : "");
    int gap = Math.max(2, width - left.length() - right.length());
    lines.add(new Line(left + " ".repeat(gap) + right, Style.TITLE));
  }

  private static String seconds(double interval) {
    return interval == Math.rint(interval)
        ? Long.toString((long) interval)
        : String.format(Locale.ROOT, "%.1f", interval);
  }

  /** Of what is looked into, or of all. */
  private void figures(Frame frame) {
    String name = state.opened();
    String of = History.ALL;
    Rates shown = null;
    if (name != null && state.view() == View.DEVICES) {
      of = History.device(name);
      shown = device(frame, name).map(DeviceRates::io).orElse(null);
    } else if (name != null && state.view() == View.BDEVS) {
      of = History.bdev(name);
      shown =
          frame.bdevs().stream()
              .filter(bdev -> bdev.name().equals(name))
              .findFirst()
              .map(Frame.BdevRates::io)
              .orElse(null);
    }
    double iops = shown == null ? frame.total(Rates::operations) : shown.operations();
    double bytes = shown == null ? frame.total(Rates::bytes) : shown.bytes();
    double latency = shown == null ? frame.latencyNanos() : shown.latencyNanos();
    figure("IOPS", Figures.rate(iops), of, Figure.IOPS);
    figure("Bytes/s", Figures.bytes(bytes), of, Figure.BYTES);
    figure("Latency", Figures.time(latency), of, Figure.LATENCY);
  }

  private static Optional<DeviceRates> device(Frame frame, String name) {
    return frame.devices().stream().filter(device -> device.name().equals(name)).findFirst();
  }

  private void figure(String name, String value, String of, Figure figure) {
    String text = name + " ".repeat(Math.max(1, FIGURE - name.length() - value.length())) + value;
    String trend = Figures.sparkline(history.of(of, figure), Math.max(0, width - FIGURE - 2));
    lines.add(Line.plain((text + "  " + trend).stripTrailing()));
  }

  /** As many as there is room for, and how many there are more. */
  private void reactors(List<ReactorRates> reactors) {
    StringBuilder line = new StringBuilder("Reactors ");
    int shown = 0;
    for (ReactorRates reactor : reactors) {
      String next = " " + reactor.name() + " " + Figures.meter(reactor.busy(), METER);
      String more = " +" + (reactors.size() - shown);
      if (line.length() + next.length() + (shown < reactors.size() - 1 ? more.length() : 0)
          > width) {
        line.append(more);
        break;
      }
      line.append(next);
      shown++;
    }
    lines.add(Line.plain(line.toString()));
  }

  private void tabs(Frame frame) {
    StringBuilder line = new StringBuilder();
    for (View view : View.values()) {
      int count =
          switch (view) {
            case DEVICES -> frame.devices().size();
            case BDEVS -> frame.bdevs().size();
            case REACTORS -> frame.reactors().size();
          };
      String text = view.title() + " " + count;
      line.append(view == state.view() ? "[" + text + "] " : " " + text + "  ");
    }
    String opened = state.opened();
    lines.add(Line.plain(""));
    if (opened != null) {
      line.append(" > ").append(Figures.name(opened)).append(about(frame, opened));
    }
    lines.add(Line.plain(line.toString().stripTrailing()));
  }

  private String about(Frame frame, String opened) {
    return state.view() == View.DEVICES
        ? device(frame, opened)
            .map(device -> ": " + Figures.name(String.join(", ", device.bdevs())))
            .orElse(" is gone")
        : "";
  }

  private void table(Frame frame, int page) {
    List<Row> rows = Rows.of(frame, state, history);
    Table table = Rows.table(state, width);
    lines.add(new Line(table.heading(), Style.HEADING));
    int selected = state.index(rows.stream().map(Row::name).toList());
    List<Snapshot.Stage> stages = rows.isEmpty() ? List.of() : stages(rows.get(selected));
    int room = stages.isEmpty() ? page : Math.max(1, page - stages.size() - 2);
    int first = Math.max(0, Math.min(selected - room / 2, rows.size() - room));
    for (int i = first; i < Math.min(rows.size(), first + room); i++) {
      Row row = rows.get(i);
      String trend = Figures.sparkline(row.trend(), table.rest());
      String text = table.row(Figures.name(row.name()), row.cells(), trend.stripTrailing());
      String wide = text + " ".repeat(Math.max(0, width - text.length()));
      lines.add(i == selected ? new Line(wide, Style.SELECTED) : Line.plain(text));
    }
    if (!stages.isEmpty()) {
      stages(stages);
    }
  }

  /** Of the queue that a row is of. */
  private static List<Snapshot.Stage> stages(Row row) {
    QueueRates queue = row.queue();
    return queue == null ? List.of() : queue.stages();
  }

  private void stages(List<Snapshot.Stage> stages) {
    Table table = new Table("STAGE", width, STAGE_COLUMNS);
    lines.add(Line.plain(""));
    lines.add(new Line(table.heading(), Style.HEADING));
    for (Snapshot.Stage stage : stages) {
      List<String> cells =
          List.of(
              Figures.count(stage.count()),
              Figures.time((double) stage.p50()),
              Figures.time((double) stage.p90()),
              Figures.time((double) stage.p99()),
              Figures.time((double) stage.p999()));
      lines.add(Line.plain(table.row(stage.name(), cells, "")));
    }
  }
}
