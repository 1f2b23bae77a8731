package io.millrace.initiator.load;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import org.slf4j.LoggerFactory;

/** The loggers behind SLF4J's, for tests that read what is logged. */
public final class Logback {
  private Logback() {}

  /**
   * A logger, once there are any: while another thread, a reactor's, makes the first one of the
   * process, SLF4J hands out substitutes.
   */
  public static Logger logger(String name) {
    Await.until(
        "logback is there", () -> LoggerFactory.getILoggerFactory() instanceof LoggerContext);
    return (Logger) LoggerFactory.getLogger(name);
  }
}
