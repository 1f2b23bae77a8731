package io.millrace.initiator.perf;

import java.time.Duration;
import java.util.BitSet;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers as fio writes them on its command line. Each method refuses in one line. */
public final class FioUnits {
  private static final Pattern NUMBER = Pattern.compile("(\\d{1,18})([a-z]*)");
  private static final Map<String, Integer> SIZE_SHIFT =
      Map.ofEntries(
          Map.entry("", 0),
          Map.entry("b", 0),
          Map.entry("k", 10),
          Map.entry("kb", 10),
          Map.entry("kib", 10),
          Map.entry("m", 20),
          Map.entry("mb", 20),
          Map.entry("mib", 20),
          Map.entry("g", 30),
          Map.entry("gb", 30),
          Map.entry("gib", 30),
          Map.entry("t", 40),
          Map.entry("tb", 40),
          Map.entry("tib", 40));
  private static final Map<String, Duration> TIME =
      Map.of(
          "us", Duration.ofNanos(1000),
          "ms", Duration.ofMillis(1),
          "", Duration.ofSeconds(1),
          "s", Duration.ofSeconds(1),
          "m", Duration.ofMinutes(1),
          "h", Duration.ofHours(1),
          "d", Duration.ofDays(1));

  private FioUnits() {}

  /**
   * A size: {@code 4k}, {@code 1M}, {@code 512}; k is 1024, as fio has it.
   *
   * @return bytes
   */
  public static long size(String text) {
    Matcher matcher = NUMBER.matcher(text.toLowerCase(Locale.ROOT));
    Integer shift = matcher.matches() ? SIZE_SHIFT.get(matcher.group(2)) : null;
    if (shift != null) {
      long number = Long.parseLong(matcher.group(1));
      if (number <= Long.MAX_VALUE >> shift) {
        return number << shift;
      }
    }
    throw new IllegalArgumentException(
        "'" + text + "' is no size; give a number with k, m, g or t behind it");
  }

  /** A time: {@code 10}, {@code 500ms}, {@code 2m}; seconds without a unit. */
  public static Duration time(String text) {
    Matcher matcher = NUMBER.matcher(text.toLowerCase(Locale.ROOT));
    Duration unit = matcher.matches() ? TIME.get(matcher.group(2)) : null;
    if (unit != null && matcher.group(1).length() <= 9) {
      return unit.multipliedBy(Long.parseLong(matcher.group(1)));
    }
    throw new IllegalArgumentException(
        "'" + text + "' is no time; give a number with us, ms, s, m, h or d behind it");
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
