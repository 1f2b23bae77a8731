package io.millrace.bdev.file;

import io.millrace.reactor.Reactor;
import io.millrace.reactor.Timer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Looks for requests of one disk on one reactor that take too long ({@code io-timeout=}). It looks
 * now and then while there are any, so a request pays one reading of the clock, and an idle disk
 * wakes nobody. The reactor's thread.
 */
final class Watchdog {
  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Reactor reactor;
  private final FileChannel channel;
  private final long timeoutNanos;
  private final long periodNanos;
  private @Nullable Timer timer;

  Watchdog(Reactor reactor, FileChannel channel, int timeoutSeconds) {
    this.reactor = reactor;
    this.channel = channel;
    timeoutNanos = TimeUnit.SECONDS.toNanos(timeoutSeconds);
    periodNanos = Math.min(timeoutNanos / 4, MOST_NANOS);
  }

  /** A request begins, or begins again: its time counts from now on. */
  void watch(FileRequest request) {
    request.sinceNanos = reactor.nanoTime();
    if (timer == null) {
      timer = reactor.schedule(periodNanos, this::look); // allocates, once a period
    }
  }

  private void look() {
    timer = null;
    channel.expire(reactor.nanoTime() - timeoutNanos);
    if (timer == null && channel.inFlightCount() > 0) {
      timer = reactor.schedule(periodNanos, this::look);
    }
  }

  void close() {
    Timer pending = timer;
    if (pending != null) {
      pending.cancel();
      timer = null;
    }
  }
}
