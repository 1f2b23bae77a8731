package io.millrace.server.top;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the user has chosen to see, and how keys change that. One thread. */
final class TopState {
  /** What the table lists. */
  enum View {
    DEVICES("Devices"),
    BDEVS("Bdevs"),
    REACTORS("Reactors");

    private final String title;

    View(String title) {
      this.title = title;
    }

    String title() {
      return title;
    }
  }

  private static final double[] INTERVALS = {0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60};

  private View view = View.DEVICES;
  private Sort sort;
  private boolean reversed;
  private boolean paused;
  private boolean helping;
  private double intervalSeconds;
  private @Nullable String selected;
  private @Nullable String opened;

  /** What a user sees first. */
  TopState(double intervalSeconds, Sort sort) {
    this.intervalSeconds = intervalSeconds;
    this.sort = sort;
  }

  /** A list in an order, and nothing more. */
  static TopState of(View view, Sort sort) {
    TopState state = new TopState(1, sort);
    state.view = view;
    return state;
  }

  /**
   * Takes a key.
   *
   * @param rows the names that stand in the table now, in their order
   * @param page rows that fit on the screen
   * @return false if it ends the program
   */
  boolean key(int key, List<String> rows, int page) {
    if (helping) {
      helping = false;
      return key != 'q';
    }
    switch (key) {
      case 'q' -> {
        return false;
      }
      case '?', 'h' -> helping = true;
      case Key.UP, 'k' -> move(-1, rows);
      case Key.DOWN, 'j' -> move(1, rows);
      case Key.PAGE_UP -> move(-page, rows);
      case Key.PAGE_DOWN -> move(page, rows);
      case Key.HOME -> move(-rows.size(), rows);
      case Key.END -> move(rows.size(), rows);
      case Key.ENTER, '\n' -> open(rows);
      case Key.BACK, 0x7f, '\b' -> close();
      case Key.TAB -> view(View.values()[(view.ordinal() + 1) % View.values().length]);
      case '1', '2', '3' -> view(View.values()[key - '1']);
      case 's' -> sort = Sort.values()[(sort.ordinal() + 1) % Sort.values().length];
      case 'i' -> sort = Sort.IOPS;
      case 'b' -> sort = Sort.BANDWIDTH;
      case 'l' -> sort = Sort.LATENCY;
      case 'n' -> sort = Sort.NAME;
      case 'r' -> reversed = !reversed;
      case 'p', ' ' -> paused = !paused;
      case '+' -> longer();
      case '-' -> shorter();
      default -> {}
    }
    return true;
  }

  private void move(int by, List<String> rows) {
    if (!rows.isEmpty()) {
      int at = index(rows) + by;
      selected = rows.get(Math.max(0, Math.min(rows.size() - 1, at)));
    }
  }

  /** Which of the rows is selected: the first one if the selected one is gone. */
  int index(List<String> rows) {
    return Math.max(0, rows.indexOf(selected));
  }

  private void open(List<String> rows) {
    if (opened == null && !rows.isEmpty()) {
      opened = rows.get(index(rows));
      selected = null;
    }
  }

  private void close() {
    if (opened != null) {
      selected = opened;
      opened = null;
    }
  }

  private void view(View other) {
    view = other;
    opened = null;
    selected = null;
  }

  private void longer() {
    for (double next : INTERVALS) {
      if (next > intervalSeconds) {
        intervalSeconds = next;
        return;
      }
    }
  }

  private void shorter() {
    for (int i = INTERVALS.length - 1; i >= 0; i--) {
      if (INTERVALS[i] < intervalSeconds) {
        intervalSeconds = INTERVALS[i];
        return;
      }
    }
  }

  View view() {
    return view;
  }

  Sort sort() {
    return sort;
  }

  boolean reversed() {
    return reversed;
  }

  /** Whether the picture stands still. */
  boolean paused() {
    return paused;
  }

  /** Whether keys are explained in place of the table. */
  boolean helping() {
    return helping;
  }

  /** Between two looks. */
  double intervalSeconds() {
    return intervalSeconds;
  }

  /** The device, bdev or reactor that is looked into; null for none. */
  @Nullable String opened() {
    return opened;
  }
}
