package io.millrace.server;

import java.util.Locale;
import org.slf4j.LoggerFactory;

/** Where log lines go is in {@code logback.xml}; how many there are, here. */
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

  /** Read by logback.xml, once, when the first logger is made. */
  private static final String LEVEL = "millrace.log.level";

  private Logging() {}

  /**
   * Sets the level, before the first logger is made.
   *
   * @param args the command line, of which only the level is looked at; what is wrong with it is
   *     said by those who read it
   */
  static void levelFrom(String[] args) {
    System.setProperty(LEVEL, levelIn(args).name());
  }

  private static Level levelIn(String[] args) {
    for (int i = 0; i < args.length; i++) {
      String value =
          args[i].startsWith(OPTION + "=")
              ? args[i].substring(OPTION.length() + 1)
              : args[i].equals(OPTION) && i + 1 < args.length ? args[i + 1] : "";
      for (Level level : Level.values()) {
        if (level.name().equals(value.toUpperCase(Locale.ROOT))) {
          return level;
        }
      }
    }
    return Level.INFO;
  }

  /** The stack of a failure, for those who asked for it; makes no logger for others. */
  static void debug(String command, Exception failure) {
    String level = System.getProperty(LEVEL, Level.WARN.name());
    if (Level.valueOf(level).compareTo(Level.DEBUG) >= 0) {
      LoggerFactory.getLogger(Logging.class).debug("{} failed", command, failure);
    }
  }
}
