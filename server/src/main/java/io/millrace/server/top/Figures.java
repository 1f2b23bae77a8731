package io.millrace.server.top;

import io.millrace.initiator.perf.Quantity;
import java.util.List;
import java.util.Locale;
import org.jline.utils.WCWidth;

/** Numbers as they stand in tables: short, and nothing where there is nothing. */
final class Figures {
  private static final String NONE = "-";
  private static final String BARS = "▁▂▃▄▅▆▇█";
  private static final double MICRO = 1e3;
  private static final double MILLI = 1e6;
  private static final double SECOND = 1e9;

  private Figures() {}

  /** A count a second. */
  static String rate(double value) {
    return value < 0.05 ? NONE : value < 9.95 ? fixed(1, value) : Quantity.decimal(value);
  }

  /** Bytes a second, prefixes of 1024. */
  static String bytes(double value) {
    return value < 0.5 ? NONE : Quantity.binary(value);
  }

  /** A time with its unit. */
  static String time(double nanos) {
    if (Double.isNaN(nanos)) {
      return NONE;
    }
    return nanos < MICRO
        ? digits(nanos) + "ns"
        : nanos < MILLI
            ? digits(nanos / MICRO) + "us"
            : nanos < SECOND ? digits(nanos / MILLI) + "ms" : digits(nanos / SECOND) + "s";
  }

  /** A number, or nothing for 0. */
  static String count(long value) {
    return value == 0 ? NONE : Quantity.decimal((double) value);
  }

  /** A share from 0 to 1. */
  static String percent(double share) {
    return Math.round(100 * share) + "%";
  }

  private static String digits(double value) {
    return fixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2, value);
  }

  private static String fixed(int decimals, double value) {
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  /** The last values, oldest first, by the largest that is shown; as wide as asked for. */
  static String sparkline(List<Double> values, int width) {
    int shown = Math.min(width, values.size());
    List<Double> last = values.subList(values.size() - shown, values.size());
    double most = 0;
    for (double value : last) {
      most = value > most ? value : most; // what is not known is NaN
    }
    StringBuilder line = new StringBuilder(" ".repeat(Math.max(0, width - shown)));
    for (double value : last) {
      line.append(bar(value, most));
    }
    return line.toString();
  }

  private static char bar(double value, double most) {
    if (Double.isNaN(value) || value <= 0) {
      return ' ';
    }
    int level = (int) Math.ceil(value / most * BARS.length()) - 1;
    return BARS.charAt(Math.max(0, Math.min(BARS.length() - 1, level)));
  }

  /** A meter with its number in it: {@code [||| 30%]}. */
  static String meter(double share, int width) {
    String number = percent(share);
    int room = Math.max(number.length(), width - 2);
    int filled = (int) Math.round(Math.min(1, share) * room);
    String bars = "|".repeat(filled) + " ".repeat(room - filled);
    return "[" + bars.substring(0, room - number.length()) + number + "]";
  }

  /** A name that somebody else chose: what would move the cursor, or take two columns, does not. */
  static String name(String name) {
    StringBuilder safe = new StringBuilder(name.length());
    name.codePoints().forEach(c -> safe.appendCodePoint(WCWidth.wcwidth(c) == 1 ? c : '?'));
    return safe.toString();
  }
}
