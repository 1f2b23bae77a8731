package io.millrace.server;

import io.millrace.initiator.perf.PerfProgress;
import io.millrace.initiator.perf.Quantity;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** fio's line that tells how far a run is: redrawn in place on a terminal. One thread. */
final class ProgressLine implements Consumer<PerfProgress> {
  /** fio's {@code --eta}. */
  enum When {
    ALWAYS,
    NEVER,
    AUTO;

    /** As a user writes it, for help and completion. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final String CLEAR = "\r\033[K"; // to the start of the line, and erase it

  private final PrintWriter to;
  private final boolean shown;
  private final boolean inPlace;

  ProgressLine(PrintWriter to, boolean shown, boolean inPlace) {
    this.to = to;
    this.shown = shown;
    this.inPlace = inPlace;
  }

  static ProgressLine on(PrintWriter to, When when) {
    boolean terminal = StandardStream.ERROR.isTerminal();
    return new ProgressLine(to, when == When.ALWAYS || (when == When.AUTO && terminal), terminal);
  }

  @Override
  public void accept(PerfProgress progress) {
    if (shown) {
      String line = text(progress);
      to.print(inPlace ? CLEAR + line : line + System.lineSeparator());
      to.flush();
    }
  }

  /** Takes the line away, so that what follows stands where it stood. */
  void clear() {
    if (shown && inPlace) {
      to.print(CLEAR);
      to.flush();
    }
  }

  static String text(PerfProgress progress) {
    List<String> bandwidth = new ArrayList<>();
    List<String> iops = new ArrayList<>();
    add("r", progress.readIops(), progress, bandwidth, iops);
    add("w", progress.writeIops(), progress, bandwidth, iops);
    add("t", progress.trimIops(), progress, bandwidth, iops);
    String rates =
        iops.isEmpty()
            ? "[0 IOPS]"
            : "[" + String.join(",", bandwidth) + "][" + String.join(",", iops) + " IOPS]";
    return String.format(
        Locale.ROOT,
        "Jobs: %d: %s[%.1f%%]%s[eta %s]",
        progress.runningJobs(),
        progress.verifying() ? "[V]" : "",
        100 * progress.fraction(),
        rates,
        time(progress.etaSeconds()));
  }

  private static void add(
      String name, double rate, PerfProgress progress, List<String> bandwidth, List<String> iops) {
    if (rate > 0) {
      bandwidth.add(name + "=" + Quantity.binary(rate * progress.blockBytes()) + "B/s");
      iops.add(name + "=" + Quantity.decimal(rate));
    }
  }

  private static String time(long seconds) {
    if (seconds < 0) {
      return "unknown";
    }
    String text = String.format(Locale.ROOT, "%02dm:%02ds", seconds / 60 % 60, seconds % 60);
    long hours = seconds / 3600;
    return hours == 0 ? text : String.format(Locale.ROOT, "%02dh:%s", hours, text);
  }
}
