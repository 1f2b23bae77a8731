package io.millrace.virtio.blk;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.millrace.initiator.load.Logback;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The warnings of the sessions while it is open. */
final class LogLines implements AutoCloseable {
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final Logger logger = Logback.logger("io.millrace.vhost.user.server");
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
            lines.add(event.getFormattedMessage());
          }
        }
      };

  LogLines() {
    appender.start();
    logger.addAppender(appender);
  }

  List<String> all() {
    return lines;
  }

  void await(String part) {
    BlkTarget.await("the log says " + part, () -> lines.stream().anyMatch(l -> l.contains(part)));
  }

  @Override
  public void close() {
    logger.detachAppender(appender);
  }
}
