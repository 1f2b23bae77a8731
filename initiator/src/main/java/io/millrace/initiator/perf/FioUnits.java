package io.millrace.initiator.perf;

import java.time.Duration;
import java.util.BitSet;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Values as fio's manual has them on its command line ("Parameter types", {@code kb_base} 1024).
 * Each method refuses in one line.
 */
public final class FioUnits {
  private static final Pattern NUMBER = Pattern.compile("(0x[0-9a-f]{1,15}|\\d{1,18})([a-z]*)");
  private static final Pattern PERCENT = Pattern.compile("(\\d{1,3})%");
  private static final String PREFIXES = "kmgtp";
  private static final Map<String, Duration> TIME =
      Map.ofEntries(
          Map.entry("us", Duration.ofNanos(1000)),
          Map.entry("usec", Duration.ofNanos(1000)),
          Map.entry("ms", Duration.ofMillis(1)),
          Map.entry("msec", Duration.ofMillis(1)),
          Map.entry("", Duration.ofSeconds(1)),
          Map.entry("s", Duration.ofSeconds(1)),
          Map.entry("sec", Duration.ofSeconds(1)),
          Map.entry("m", Duration.ofMinutes(1)),
          Map.entry("h", Duration.ofHours(1)),
          Map.entry("d", Duration.ofDays(1)));

  private FioUnits() {}

  /**
   * An amount of data: {@code 4k}, {@code 1M}, {@code 512}, {@code 0x1000}. k, kb is 1024 and ki,
   * kib 1000, as fio has it.
   *
   * @return bytes
   */
  public static long size(String text) {
    Matcher matcher = NUMBER.matcher(text.toLowerCase(Locale.ROOT));
    long unit = matcher.matches() ? unit(matcher.group(2)) : 0;
    if (unit > 0) {
      String digits = matcher.group(1);
      long number =
          digits.startsWith("0x")
              ? Long.parseLong(digits, 2, digits.length(), 16)
              : Long.parseLong(digits);
      if (number <= Long.MAX_VALUE / unit) {
        return number * unit;
      }
    }
    throw new IllegalArgumentException(
        "'" + text + "' is no size; give a number with k, m, g, t or p behind it");
  }

  /** Bytes of a unit, 0 for none that fio has. */
  private static long unit(String suffix) {
    String rest = suffix.endsWith("b") ? suffix.substring(0, suffix.length() - 1) : suffix;
    boolean decimal = rest.endsWith("i");
    String prefix = decimal ? rest.substring(0, rest.length() - 1) : rest;
    if (prefix.isEmpty()) {
      return decimal ? 0 : 1;
    }
    int power = prefix.length() == 1 ? PREFIXES.indexOf(prefix) + 1 : 0;
    if (power == 0) {
      return 0;
    }
    long unit = 1;
    for (int i = 0; i < power; i++) {
      unit *= decimal ? 1000 : 1024;
    }
    return unit;
  }

  /** An amount of data, or a part of the disk: {@code 64m}, {@code 20%}. */
  public static Amount amount(String text) {
    Matcher percent = PERCENT.matcher(text);
    if (!percent.matches()) {
      return Amount.bytes(size(text));
    }
    int value = Integer.parseInt(percent.group(1));
    if (value > 100) {
      throw new IllegalArgumentException("'" + text + "' is more than the disk; 100% is all of it");
    }
    return new Amount(value, true);
  }

  /** A time: {@code 10}, {@code 500ms}, {@code 2m}; seconds without a unit. */
  public static Duration time(String text) {
    Matcher matcher = NUMBER.matcher(text.toLowerCase(Locale.ROOT));
    Duration unit = matcher.matches() ? TIME.get(matcher.group(2)) : null;
    if (unit != null && matcher.group(1).matches("\\d{1,9}")) {
      Duration time = unit.multipliedBy(Long.parseLong(matcher.group(1)));
      if (time.compareTo(PerfOptions.MAX_TIME) <= 0) {
        return time;
      }
    }
    throw new IllegalArgumentException(
        "'" + text + "' is no time; give a number with us, ms, s, m, h or d behind it");
  }

  /** A truth: {@code 1} or {@code 0}. */
  public static boolean bool(String text) {
    if (text.equals("1") || text.equals("0")) {
      return text.equals("1");
    }
    throw new IllegalArgumentException("'" + text + "' is neither 0 nor 1");
  }

  /** A list of processors: {@code 0-2,5}. */
  public static BitSet cpus(String text) {
    BitSet cpus = new BitSet();
    for (String part : text.split(",", -1)) {
      String[] ends = part.split("-", 2);
      boolean numbers = ends[0].matches("\\d{1,4}") && ends[ends.length - 1].matches("\\d{1,4}");
      if (!numbers || Integer.parseInt(ends[0]) > Integer.parseInt(ends[ends.length - 1])) {
        throw new IllegalArgumentException(
            "'" + text + "' is no list of processors; give numbers and ranges such as 0-2,5");
      }
      cpus.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
    }
    return cpus;
  }
}
