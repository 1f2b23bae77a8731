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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Log lines: one plain line per event on stderr; stdout belongs to the commands. A class and not
 * logback's XML, which takes 70 ms of the start to read.
 */
public final class LogConfigurator extends ContextAwareBase implements Configurator {
  private static final String STDERR = "stderr";
  private static final String LINE = "%-5level %msg%n";
  private static final String TIMED_LINE = "%d{yyyy-MM-dd'T'HH:mm:ss.SSS} " + LINE;

  /** sd-daemon(3): the journal takes the number for a line's priority, and has a clock itself. */
  private static final String JOURNAL_LINE =
      "%replace(%replace(%replace(%replace(%level){'ERROR','<3>'}){'WARN','<4>'})"
          + "{'INFO','<6>'}){'DEBUG|TRACE','<7>'}%msg%n";

  /** For logback, which finds it as a service. */
  public LogConfigurator() {}

  @Override
  public ExecutionStatus configure(LoggerContext loggers) {
    ConsoleAppender<ILoggingEvent> stderr = new ConsoleAppender<>();
    stderr.setName(STDERR);
    stderr.setContext(loggers);
    stderr.setTarget(ConsoleTarget.SystemErr.getName());
    stderr.setEncoder(encoder(loggers, isTheJournals() ? JOURNAL_LINE : TIMED_LINE));
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
      stderr.setEncoder(encoder(loggers, wanted ? TIMED_LINE : LINE));
    }
  }

  /** The variable is inherited by many that write elsewhere; so the file itself is compared. */
  private static boolean isTheJournals() {
    String stream = System.getenv("JOURNAL_STREAM");
    if (stream == null) {
      return false;
    }
    try {
      Map<String, Object> file = Files.readAttributes(Path.of("/proc/self/fd/2"), "unix:dev,ino");
      return stream.equals(file.get("dev") + ":" + file.get("ino"));
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  private static PatternLayoutEncoder encoder(LoggerContext loggers, String pattern) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(loggers);
    encoder.setPattern(pattern);
    encoder.start();
    return encoder;
  }
}
