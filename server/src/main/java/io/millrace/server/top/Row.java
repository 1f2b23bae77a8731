package io.millrace.server.top;

import io.millrace.server.top.Frame.QueueRates;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A row of a table, before it is text.
 *
 * @param name what it is called, and selected by
 * @param cells as the table's columns
 * @param trend for its sparkline; may be empty
 * @param queue what it is of, if that is a queue
 */
record Row(
    String name,
    List<String> cells,
    List<Double> trend,
    double iops,
    double bytes,
    double latency,
    @Nullable QueueRates queue) {

  /** The largest first and names from a to z, unless reversed. */
  static Comparator<Row> order(Sort sort, boolean reversed) {
    Comparator<Row> byName = Comparator.comparing(Row::name, Row::compareNames);
    Comparator<Row> order =
        switch (sort) {
          case IOPS -> Comparator.comparingDouble(Row::iops).reversed().thenComparing(byName);
          case BANDWIDTH -> Comparator.comparingDouble(Row::bytes).reversed().thenComparing(byName);
          case LATENCY ->
              Comparator.comparingDouble((Row row) -> known(row.latency))
                  .reversed()
                  .thenComparing(byName);
          case NAME -> byName;
        };
    return reversed ? order.reversed() : order;
  }

  private static double known(double latency) {
    return Double.isNaN(latency) ? -1 : latency;
  }

  /** As people count: vm2 before vm10. */
  private static int compareNames(String one, String other) {
    int same = 0;
    int most = Math.min(one.length(), other.length());
    while (same < most && one.charAt(same) == other.charAt(same)) {
      same++;
    }
    int ones = digits(one, same);
    int others = digits(other, same);
    return ones != others && ones > 0 && others > 0
        ? Integer.compare(ones, others)
        : one.compareTo(other);
  }

  private static int digits(String name, int from) {
    int end = from;
    while (end < name.length() && Character.isDigit(name.charAt(end))) {
      end++;
    }
    return end - from;
  }
}
