package io.millrace.reactor;

import java.util.BitSet;
import java.util.StringJoiner;

/**
 * Sets of cores as SPDK writes them: a hexadecimal mask ({@code 0x3}) or a list ({@code [0,2-3]}).
 */
public final class CoreMask {
  /** Cores that can be named: the kernel's own limit on x86-64. */
  public static final int MAX_CORES = 8192;

  private static final int BITS_PER_DIGIT = 4;

  private CoreMask() {}

  /**
   * Reads either form.
   *
   * @return at least one core
   * @throws IllegalArgumentException it is neither, or empty; the message says what is wrong
   */
  public static BitSet parse(String text) {
    String trimmed = text.strip();
    BitSet cores =
        trimmed.startsWith("[") && trimmed.endsWith("]") && trimmed.length() > 1
            ? list(text, trimmed.substring(1, trimmed.length() - 1))
            : mask(text, trimmed);
    if (cores.isEmpty()) {
      throw new IllegalArgumentException("'" + text + "' names no core");
    }
    return cores;
  }

  private static BitSet mask(String text, String trimmed) {
    boolean prefixed = trimmed.startsWith("0x") || trimmed.startsWith("0X");
    String digits = prefixed ? trimmed.substring(2) : trimmed;
    if (digits.isEmpty() || digits.length() > MAX_CORES / BITS_PER_DIGIT) {
      throw notOne(text);
    }
    BitSet cores = new BitSet();
    for (int i = 0; i < digits.length(); i++) {
      char c = digits.charAt(digits.length() - 1 - i);
      int digit = c < 0x80 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        throw notOne(text);
      }
      for (int bit = 0; bit < BITS_PER_DIGIT; bit++) {
        cores.set(i * BITS_PER_DIGIT + bit, (digit >> bit & 1) != 0);
      }
    }
    return cores;
  }

  private static BitSet list(String text, String inside) {
    BitSet cores = new BitSet();
    for (String part : inside.split(",", -1)) {
      int dash = part.indexOf('-');
      int first = core(text, dash < 0 ? part : part.substring(0, dash));
      int last = dash < 0 ? first : core(text, part.substring(dash + 1));
      if (last < first) {
        throw notOne(text);
      }
      cores.set(first, last + 1);
    }
    return cores;
  }

  private static int core(String text, String number) {
    try {
      int core = Integer.parseInt(number.strip());
      if (core >= 0 && core < MAX_CORES && number.strip().charAt(0) != '+') {
        return core;
      }
    } catch (NumberFormatException e) {
      throw notOne(text);
    }
    throw notOne(text);
  }

  private static IllegalArgumentException notOne(String text) {
    return new IllegalArgumentException(
        "'" + text + "' is not a core mask such as 0x3 nor a list such as [0,2-3]");
  }

  /** The cores as a list, {@code [0,2-3]}. */
  public static String list(BitSet cores) {
    StringJoiner parts = new StringJoiner(",", "[", "]");
    int first = cores.nextSetBit(0);
    while (first >= 0) {
      int last = cores.nextClearBit(first) - 1;
      parts.add(first == last ? String.valueOf(first) : first + "-" + last);
      first = cores.nextSetBit(last + 1);
    }
    return parts.toString();
  }

  /** The mask as hexadecimal number with {@code 0x}. */
  public static String format(BitSet cores) {
    StringBuilder digits = new StringBuilder();
    for (int i = Math.max(0, cores.length() - 1) / BITS_PER_DIGIT; i >= 0; i--) {
      int digit = 0;
      for (int bit = BITS_PER_DIGIT - 1; bit >= 0; bit--) {
        digit = digit << 1 | (cores.get(i * BITS_PER_DIGIT + bit) ? 1 : 0);
      }
      digits.append(Character.forDigit(digit, 16));
    }
    return "0x" + digits;
  }
}
