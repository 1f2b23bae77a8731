package io.millrace.server;

import org.slf4j.LoggerFactory;

/** Where log lines go is in {@code logback.xml}; how many there are, here. */
final class Logging {
  /** Read by logback.xml, once, when the first logger is made. */
  private static final String LEVEL = "millrace.log.level";

  /** Values of {@code --log-level}. */
  enum Level {
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE
  }

  private Logging() {}

  /** To be called before any logger is made. */
  static void level(Level level) {
    System.setProperty(LEVEL, level.name());
  }

  /** The stack of a failure, for those who asked for it; makes no logger for others. */
  static void debug(String command, Exception failure) {
    String level = System.getProperty(LEVEL, Level.INFO.name());
    if (Level.valueOf(level).compareTo(Level.DEBUG) >= 0) {
      LoggerFactory.getLogger(Logging.class).debug("{} failed", command, failure);
    }
  }
}
