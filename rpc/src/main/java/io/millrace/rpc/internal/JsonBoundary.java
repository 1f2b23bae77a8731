package io.millrace.rpc.internal;

/**
 * Finds where a JSON value (RFC 8259) ends in bytes that come piecemeal, and refuses what is not
 * JSON at its first wrong byte.
 *
 * <p>There is no delimiter between requests on the wire, so a request is known to be complete only
 * by its own grammar. A number at top level ends with the first byte that is not part of it; that
 * byte is not consumed. Nothing is allocated: the bytes stay with the caller.
 */
public final class JsonBoundary {
  /** Deepest nesting of arrays and objects (SPDK's). */
  public static final int MAX_DEPTH = 64;

  /** What {@link #scan} found. */
  public enum Outcome {
    /** All bytes are good so far, the value goes on. */
    MORE,
    /** The value ends at {@link #position()}. */
    COMPLETE,
    /** Not JSON, or beyond a limit; {@link #problem()} says what. */
    MALFORMED
  }

  private enum State {
    BEFORE_VALUE,
    FIRST_ELEMENT, // after '[': a value or ']'
    FIRST_NAME, // after '{': a name or '}'
    NEXT_NAME, // after ',' in an object
    COLON,
    AFTER_ELEMENT, // ',' or the end of the container
    STRING,
    ESCAPE,
    HEX,
    LOW_SURROGATE_BACKSLASH,
    LOW_SURROGATE_U,
    UTF8,
    LITERAL,
    MINUS,
    ZERO,
    INTEGER,
    POINT,
    FRACTION,
    EXPONENT,
    EXPONENT_SIGN,
    EXPONENT_DIGITS
  }

  private static final byte[] TRUE = {'t', 'r', 'u', 'e'};
  private static final byte[] FALSE = {'f', 'a', 'l', 's', 'e'};
  private static final byte[] NULL = {'n', 'u', 'l', 'l'};

  private final int maxBytes;
  private final int maxValues;

  private State state;
  private int depth;
  private long objects; // bit d: the container at depth d is an object
  private boolean name; // the string being read is a name
  private byte[] literal = TRUE;
  private int matched; // bytes of the literal, or hex digits
  private int unit; // UTF-16 unit of a \\u escape
  private boolean lowSurrogateDue;
  private int continuations; // UTF-8 continuation bytes due
  private int lowest; // range of the next continuation byte
  private int highest;
  private int values;
  private int bytes;
  private int position;
  private String problem = "";

  /**
   * A scanner at the start of a value.
   *
   * @param maxBytes longest value in bytes, white space before it not counted
   * @param maxValues most values, counted as SPDK does: each scalar, name, and start and end of an
   *     array or object
   */
  public JsonBoundary(int maxBytes, int maxValues) {
    this.maxBytes = maxBytes;
    this.maxValues = maxValues;
    this.state = State.BEFORE_VALUE;
  }

  /** Makes it ready for the next value. */
  public void reset() {
    state = State.BEFORE_VALUE;
    depth = 0;
    objects = 0;
    lowSurrogateDue = false;
    values = 0;
    bytes = 0;
    problem = "";
  }

  /** Whether a value has begun: more than white space was seen. */
  public boolean begun() {
    return bytes > 0;
  }

  /** Index after the last byte that was consumed by the last scan. */
  public int position() {
    return position;
  }

  /** Why the last outcome was {@link Outcome#MALFORMED}. */
  public String problem() {
    return problem;
  }

  /** Goes on with the bytes from {@code from} to {@code to} (excluded) until the value ends. */
  public Outcome scan(byte[] buffer, int from, int to) {
    for (int i = from; i < to; i++) {
      int b = buffer[i] & 0xff;
      if (bytes == 0 && isSpace(b)) {
        continue;
      }
      if (endsNumberAtTop(b)) {
        position = i;
        return Outcome.COMPLETE;
      }
      if (++bytes > maxBytes) {
        return malformed(i, "longer than " + maxBytes + " bytes");
      }
      if (!accept(b)) {
        return malformed(i, problem.isEmpty() ? unexpected(b) : problem);
      }
      if (values > maxValues) {
        return malformed(i, "more than " + maxValues + " values");
      }
      if (depth == 0 && state == State.AFTER_ELEMENT) {
        position = i + 1;
        return Outcome.COMPLETE;
      }
    }
    position = to;
    return Outcome.MORE;
  }

  private static String unexpected(int b) {
    return b > ' ' && b < 0x7f
        ? "unexpected '" + (char) b + "'"
        : "unexpected byte 0x" + Integer.toHexString(b);
  }

  private Outcome malformed(int at, String why) {
    position = at;
    problem = why;
    return Outcome.MALFORMED;
  }

  private boolean endsNumberAtTop(int b) {
    return depth == 0 && numberMayEnd() && !isNumberByte(b);
  }

  private boolean numberMayEnd() {
    return switch (state) {
      case ZERO, INTEGER, FRACTION, EXPONENT_DIGITS -> true;
      default -> false;
    };
  }

  private static boolean isNumberByte(int b) {
    return isDigit(b) || b == '.' || b == 'e' || b == 'E' || b == '+' || b == '-';
  }

  private boolean accept(int b) {
    return switch (state) {
      case BEFORE_VALUE -> isSpace(b) || startValue(b);
      case FIRST_ELEMENT -> isSpace(b) || (b == ']' ? close(false) : startValue(b));
      case FIRST_NAME -> isSpace(b) || (b == '}' ? close(true) : startName(b));
      case NEXT_NAME -> isSpace(b) || startName(b);
      case COLON -> isSpace(b) || (b == ':' && to(State.BEFORE_VALUE));
      case AFTER_ELEMENT -> isSpace(b) || afterElement(b);
      case STRING -> inString(b);
      case ESCAPE -> escape(b);
      case HEX -> hex(b);
      case LOW_SURROGATE_BACKSLASH -> b == '\\' && to(State.LOW_SURROGATE_U);
      case LOW_SURROGATE_U -> b == 'u' && startHex();
      case UTF8 -> continuation(b);
      case LITERAL -> b == literal[matched++] && (matched < literal.length || endValue());
      case MINUS, ZERO, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, EXPONENT_DIGITS ->
          number(b);
    };
  }

  private boolean to(State next) {
    state = next;
    return true;
  }

  private boolean startValue(int b) {
    values++;
    return switch (b) {
      case '{' -> open(true);
      case '[' -> open(false);
      case '"' -> {
        name = false;
        yield to(State.STRING);
      }
      case 't' -> startLiteral(TRUE);
      case 'f' -> startLiteral(FALSE);
      case 'n' -> startLiteral(NULL);
      case '-' -> to(State.MINUS);
      case '0' -> to(State.ZERO);
      default -> isDigit(b) && to(State.INTEGER);
    };
  }

  private boolean startName(int b) {
    values++;
    name = true;
    return b == '"' && to(State.STRING);
  }

  private boolean startLiteral(byte[] word) {
    literal = word;
    matched = 1;
    return to(State.LITERAL);
  }

  private boolean open(boolean object) {
    if (depth == MAX_DEPTH) {
      problem = "nested deeper than " + MAX_DEPTH;
      return false;
    }
    long bit = 1L << depth;
    objects = object ? objects | bit : objects & ~bit;
    depth++;
    return to(object ? State.FIRST_NAME : State.FIRST_ELEMENT);
  }

  private boolean close(boolean object) {
    if (inObject() != object) {
      return false;
    }
    values++;
    depth--;
    return endValue();
  }

  private boolean inObject() {
    return (objects >>> (depth - 1) & 1) != 0;
  }

  private boolean afterElement(int b) {
    return switch (b) {
      case ',' -> to(inObject() ? State.NEXT_NAME : State.BEFORE_VALUE);
      case '}' -> close(true);
      case ']' -> close(false);
      default -> false;
    };
  }

  private boolean endValue() {
    return to(State.AFTER_ELEMENT);
  }

  private boolean inString(int b) {
    if (b == '"') {
      return name ? to(State.COLON) : endValue();
    }
    if (b == '\\') {
      return to(State.ESCAPE);
    }
    return b >= 0x80 ? startUtf8(b) : b >= ' ';
  }

  private boolean escape(int b) {
    return switch (b) {
      case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> to(State.STRING);
      case 'u' -> startHex();
      default -> false;
    };
  }

  private boolean startHex() {
    matched = 0;
    unit = 0;
    return to(State.HEX);
  }

  private boolean hex(int b) {
    int digit = b < 0x80 ? Character.digit(b, 16) : -1;
    if (digit < 0) {
      return false;
    }
    unit = unit << 4 | digit;
    if (++matched < 4) {
      return true;
    }
    boolean low = Character.isLowSurrogate((char) unit);
    if (low != lowSurrogateDue) {
      problem = "half a surrogate pair";
      return false;
    }
    lowSurrogateDue = Character.isHighSurrogate((char) unit);
    return to(lowSurrogateDue ? State.LOW_SURROGATE_BACKSLASH : State.STRING);
  }

  /** Well-formed sequences only (Unicode 15, table 3-7): no overlong form, no surrogate. */
  private boolean startUtf8(int b) {
    lowest = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
    highest = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
    if (b >= 0xc2 && b <= 0xdf) {
      continuations = 1;
    } else if (b >= 0xe0 && b <= 0xef) {
      continuations = 2;
    } else if (b >= 0xf0 && b <= 0xf4) {
      continuations = 3;
    } else {
      return false;
    }
    return to(State.UTF8);
  }

  private boolean continuation(int b) {
    if (b < lowest || b > highest) {
      return false;
    }
    lowest = 0x80;
    highest = 0xbf;
    return --continuations > 0 || to(State.STRING);
  }

  private boolean number(int b) {
    return switch (state) {
      case MINUS -> b == '0' ? to(State.ZERO) : isDigit(b) && to(State.INTEGER);
      case ZERO -> pointOrExponent(b);
      case INTEGER -> isDigit(b) || pointOrExponent(b);
      case POINT -> isDigit(b) && to(State.FRACTION);
      case FRACTION -> isDigit(b) || exponent(b);
      case EXPONENT -> (b == '+' || b == '-') ? to(State.EXPONENT_SIGN) : exponentDigit(b);
      case EXPONENT_SIGN -> exponentDigit(b);
      case EXPONENT_DIGITS -> isDigit(b) || afterNumber(b);
      default -> throw new IllegalStateException(state + " is not within a number");
    };
  }

  private boolean pointOrExponent(int b) {
    return b == '.' ? to(State.POINT) : exponent(b);
  }

  private boolean exponent(int b) {
    return (b == 'e' || b == 'E') ? to(State.EXPONENT) : afterNumber(b);
  }

  private boolean exponentDigit(int b) {
    return isDigit(b) && to(State.EXPONENT_DIGITS);
  }

  private boolean afterNumber(int b) {
    return depth > 0 && endValue() && (isSpace(b) || afterElement(b));
  }

  private static boolean isSpace(int b) {
    return b == ' ' || b == '\n' || b == '\r' || b == '\t';
  }

  private static boolean isDigit(int b) {
    return b >= '0' && b <= '9';
  }
}
