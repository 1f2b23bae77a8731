package io.millrace.server;

import java.util.Locale;
import org.slf4j.LoggerFactory;

/** How many log lines there are; {@link LogConfigurator} says where they go. */
final class Logging {
  /** Values of {@code --log-level}. */
  enum Level {
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE
  }

  private static final String OPTION = "--log-level";

  private static volatile Level level = Level.WARN;

  private Logging() {}

  /**
   * Sets the level, before the first logger is made.
   *
   * @param args the command line, of which only the level is looked at; what is wrong with it is
   *     said by those who read it
   */
  static void levelFrom(String[] args) {
    level = levelIn(args);
  }

  private static Level levelIn(String[] args) {
    for (int i = 0; i < args.length; i++) {
      String value =
          args[i].startsWith(OPTION + "=")
              ? args[i].substring(OPTION.length() + 1)
              : args[i].equals(OPTION) && i + 1 < args.length ? args[i + 1] : "";
      for (Level known : Level.values()) {
        if (known.name().equals(value.toUpperCase(Locale.ROOT))) {
          return known;
        }
      }
    }
    return Level.INFO;
  }

  /** Of this project's own lines; read once, when the first logger is made. */
  static Level level() {
    return level;
  }

  /** The stack of a failure, for those who asked for it; makes no logger for others. */
  static void debug(String command, Exception failure) {
    if (level.compareTo(Level.DEBUG) >= 0) {
      LoggerFactory.getLogger(Logging.class).debug("{} failed", command, failure);
    }
  }
}
