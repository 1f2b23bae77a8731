package io.millrace.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.joran.spi.ConsoleTarget;
import ch.qos.logback.core.spi.ContextAwareBase;

/**
 * Log lines: one plain line per event on stderr; stdout belongs to the commands. A class and not
 * logback's XML, which takes 70 ms of the start to read.
 */
public final class LogConfigurator extends ContextAwareBase implements Configurator {
  private static final String STDERR = "stderr";
  private static final String LINE = "%-5level %msg%n";

  /** For logback, which finds it as a service. */
  public LogConfigurator() {}

  @Override
  public ExecutionStatus configure(LoggerContext loggers) {
    ConsoleAppender<ILoggingEvent> stderr = new ConsoleAppender<>();
    stderr.setName(STDERR);
    stderr.setContext(loggers);
    stderr.setTarget(ConsoleTarget.SystemErr.getName());
    stderr.setEncoder(encoder(loggers, true));
    stderr.start();
    Logger root = loggers.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(stderr);
    loggers.getLogger("io.millrace").setLevel(Level.valueOf(Logging.level().name()));
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  /** Says whether lines begin with date and time. */
  static void timestamps(LoggerContext loggers, boolean wanted) {
    Logger root = loggers.getLogger(Logger.ROOT_LOGGER_NAME);
    if (root.getAppender(STDERR) instanceof ConsoleAppender<ILoggingEvent> stderr) {
      stderr.setEncoder(encoder(loggers, wanted));
    }
  }

  private static PatternLayoutEncoder encoder(LoggerContext loggers, boolean timestamps) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(loggers);
    encoder.setPattern(timestamps ? "%d{yyyy-MM-dd'T'HH:mm:ss.SSS} " + LINE : LINE);
    encoder.start();
    return encoder;
  }
}
