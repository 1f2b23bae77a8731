package io.millrace.initiator.perf;

import java.util.Locale;

/** Numbers for people: three digits that count, and a prefix. */
public final class Quantity {
  private static final String[] PREFIXES = {"", "k", "M", "G", "T", "P"};
  private static final String[] BINARY = {"", "Ki", "Mi", "Gi", "Ti", "Pi"};

  private Quantity() {}

  /** With a prefix of thousands: {@code 17.7k}. */
  public static String decimal(double value) {
    return with(value, 1000, PREFIXES);
  }

  /** With a prefix of 1024: {@code 69.2Mi}. */
  public static String binary(double value) {
    return with(value, 1024, BINARY);
  }

  private static String with(double value, int base, String[] prefixes) {
    double left = value;
    int prefix = 0;
    while (left >= base && prefix < prefixes.length - 1) {
      left /= base;
      prefix++;
    }
    int decimals = prefix == 0 || left >= 99.95 ? 0 : left >= 9.995 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + decimals + "f", left) + prefixes[prefix];
  }
}
