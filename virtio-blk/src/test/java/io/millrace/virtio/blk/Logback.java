package io.millrace.virtio.blk;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import org.slf4j.LoggerFactory;

/** The loggers behind SLF4J's, for tests that read what is logged. */
final class Logback {
  private Logback() {}

  /**
   * A logger, once there are any: while another thread, a reactor's, makes the first one of the
   * process, SLF4J hands out substitutes.
   */
  static Logger logger(String name) {
    BlkTarget.await(
        "logback is there", () -> LoggerFactory.getILoggerFactory() instanceof LoggerContext);
    return (Logger) LoggerFactory.getLogger(name);
  }
}
