package io.millrace.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import org.slf4j.LoggerFactory;

/** What the server's guards caught and logged: no history may lead there. */
final class Defects extends AppenderBase<ILoggingEvent> {
  private String first;

  /** Logs go here and nowhere else from now on. */
  static Defects install() {
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.detachAndStopAllAppenders();
    root.setLevel(Level.WARN);
    Defects defects = new Defects();
    root.addAppender(defects);
    defects.start();
    return defects;
  }

  @Override
  protected void append(ILoggingEvent event) {
    String text = event.getFormattedMessage();
    boolean caught = event.getThrowableProxy() != null || text.contains(" cannot start: ");
    if (first == null && caught) {
      first = text + "\n" + ThrowableProxyUtil.asString(event.getThrowableProxy());
    }
  }

  /** The first since the last call, or null. */
  String take() {
    String taken = first;
    first = null;
    return taken;
  }
}
