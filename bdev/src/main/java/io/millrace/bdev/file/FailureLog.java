package io.millrace.bdev.file;

import io.millrace.bdev.BdevIo;
import io.millrace.linux.LinuxException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of a file's failed requests: one line, then at most one every ten seconds with how many
 * there were. Any thread; only what failed comes here.
 */
final class FailureLog {
  /** Instead of an errno: the file is shorter than the disk. */
  static final int END_OF_FILE = 0;

  private static final Logger LOG = LoggerFactory.getLogger(FailureLog.class);
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final String where;
  private long lastNanos = System.nanoTime() - PAUSE_NANOS;
  private long untold;
  private int heldCount;
  private long heldSinceNanos;
  private long heldSucceeded;
  private long heldCancelled;
  private boolean heldTold; // that requests are held
  private long heldToldNanos = System.nanoTime() - PAUSE_NANOS;

  FailureLog(String where) {
    this.where = where;
  }

  /**
   * A request failed.
   *
   * @param number a positive errno, or {@link #END_OF_FILE}
   */
  void failed(FileRequest request, int number) {
    BdevIo io = request.io();
    if (due()) {
      LOG.error(
          "{}: {} at {} failed: {}{}",
          where,
          io.type(),
          io.offsetBytes() + request.doneBytes,
          text(number),
          others());
    }
  }

  private static String text(int number) {
    return number == END_OF_FILE
        ? "the file ends before that; it was truncated below the server"
        : LinuxException.text(number);
  }

  /** A request takes longer than its disk allows. */
  void overdue(FileRequest request) {
    BdevIo io = request.io();
    if (due()) {
      LOG.error(
          "{}: {} at {} takes longer than {} s (io-timeout); it is cancelled, if the storage lets go of it{}",
          where,
          io.type(),
          io.offsetBytes(),
          request.channel().file().options().failures().timeoutSeconds(),
          others());
    }
  }

  /**
   * A request failed and is held, perhaps not for the first time. One line when the first is, even
   * if the last such line was less than ten seconds ago and so this one has to wait.
   *
   * @param number a positive errno, or {@link #END_OF_FILE}
   */
  synchronized void held(FileRequest request, int number) {
    long now = System.nanoTime();
    if (!request.held) {
      request.held = true;
      if (heldCount++ == 0) {
        heldSinceNanos = now;
        heldSucceeded = 0;
        heldCancelled = 0;
      }
    }
    if (!heldTold && now - heldToldNanos >= PAUSE_NANOS) {
      heldTold = true;
      heldToldNanos = now;
      BdevIo io = request.io();
      LOG.warn(
          "{}: {} at {} failed: {}; it is held and tried again until it succeeds (on-error=retry)",
          where,
          io.type(),
          io.offsetBytes() + request.doneBytes,
          text(number));
    }
  }

  /** A request that was held has ended. One line when it was the last, if there was one before. */
  synchronized void released(boolean success) {
    if (success) {
      heldSucceeded++;
    } else {
      heldCancelled++;
    }
    if (--heldCount == 0 && heldTold) {
      heldTold = false;
      LOG.warn(
          "{}: no request is held any more, after {} s: {} succeeded, {} were given up",
          where,
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - heldSinceNanos) / 1e3,
          heldSucceeded,
          heldCancelled);
    }
  }

  /** How many requests are held now. Any thread. */
  synchronized int heldCount() {
    return heldCount;
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
