package io.millrace.bdev;

import io.millrace.reactor.Sampler;
import io.millrace.reactor.StretchClock;
import java.util.Arrays;

/**
 * What requests of one channel take, from submission to completion. Data-path code, on the
 * channel's reactor.
 *
 * <p>A request that waits for something, the medium above all, begins in one stretch of the reactor
 * and ends in another, so that two looks at the clock do for all requests of a batch. One that a
 * disk in memory does at once takes less than a look: of those one in 64 is measured, and every
 * long one; the others are taken to be as quick as the last that was.
 */
final class RequestTimer {
  /** Of a request that is not measured; no clock shows it. */
  private static final long UNTIMED = Long.MIN_VALUE;

  /** From here on a copy takes so much longer than a look that each is measured. */
  private static final int LONG_BYTES = 16 << 10;

  private static final int GAP_BITS = 7; // requests between two that are measured: 0 to 127

  private final StretchClock clock;
  private final long[] lastNanos = new long[IoType.values().length];
  private final boolean[] due = new boolean[IoType.values().length]; // the next is measured
  private final Sampler sampler = new Sampler(GAP_BITS);
  private boolean atOnce;

  RequestTimer(StretchClock clock) {
    this.clock = clock;
    measureNext();
  }

  /** The next request of each type is measured. */
  void measureNext() {
    Arrays.fill(due, true);
  }

  /** Requests are done when they are started, as a rule, and wait for nothing. */
  void atOnce() {
    atOnce = true;
  }

  boolean isAtOnce() {
    return atOnce;
  }

  /** The request was submitted. */
  void begin(BdevIo io) {
    if (!atOnce) {
      io.submittedNanos = clock.nanos();
    } else if (isMeasured(io)) {
      io.submittedNanos = clock.look();
    } else {
      io.submittedNanos = UNTIMED;
    }
  }

  /** It is not started yet, so that it takes longer than the others. */
  void waits(BdevIo io) {
    if (io.submittedNanos == UNTIMED) {
      io.submittedNanos = clock.nanos();
    }
  }

  private boolean isMeasured(BdevIo io) {
    return due[io.type().ordinal()] || io.lengthBytes() >= LONG_BYTES || sampler.picks();
  }

  /** Whether a request has a time of its own, and not the last one's. */
  boolean measures(BdevIo io) {
    return io.submittedNanos != UNTIMED;
  }

  /** What a request takes that is not measured; 0 until one was. */
  long lastNanos(IoType type) {
    return lastNanos[type.ordinal()];
  }

  /** What a request took that is done, in nanoseconds. */
  long end(BdevIo io) {
    long from = io.submittedNanos;
    int type = io.type().ordinal();
    if (from == UNTIMED) {
      return lastNanos[type];
    }
    long took = Math.max(0, (atOnce ? clock.look() : clock.nanos()) - from);
    if (io.lengthBytes() < LONG_BYTES) {
      lastNanos[type] = took;
      due[type] = false;
    }
    return took;
  }
}
