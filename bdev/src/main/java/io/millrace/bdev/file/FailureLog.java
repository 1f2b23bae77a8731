package io.millrace.bdev.file;

import io.millrace.bdev.IoType;
import io.millrace.linux.LinuxException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of a file's failed requests: one line, then at most one every ten seconds with how many
 * there were.
 */
final class FailureLog {
  private static final Logger LOG = LoggerFactory.getLogger(FailureLog.class);
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final String where;
  private long lastNanos = System.nanoTime() - PAUSE_NANOS;
  private long untold;

  FailureLog(String where) {
    this.where = where;
  }

  /** A request failed with a positive errno. */
  void failed(IoType type, long offsetBytes, int errno) {
    if (due()) {
      LOG.error(
          "{}: {} at {} failed: {}{}",
          where,
          type,
          offsetBytes,
          LinuxException.text(errno),
          others());
    }
  }

  /** A read or write found the end of the file where the disk goes on. */
  void truncated(IoType type, long offsetBytes) {
    if (due()) {
      LOG.error(
          "{}: {} at {} failed: the file ends before that; it was truncated below the server{}",
          where,
          type,
          offsetBytes,
          others());
    }
  }

  /** Once for a bdev: data may be lost. */
  synchronized void lost(String operation, int errno) {
    LOG.error(
        "{}: {} failed: {}; what was written before may be lost, so it takes no more writes; find the cause, then"
            + " remove the bdev and create it again",
        where,
        operation,
        LinuxException.text(errno));
  }

  private synchronized boolean due() {
    long now = System.nanoTime();
    if (now - lastNanos < PAUSE_NANOS) {
      untold++;
      return false;
    }
    lastNanos = now;
    return true;
  }

  private synchronized String others() {
    long count = untold;
    untold = 0;
    return count == 0 ? "" : " (and " + count + " requests since the last line)";
  }
}
