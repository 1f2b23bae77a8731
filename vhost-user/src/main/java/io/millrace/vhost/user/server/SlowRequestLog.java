package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs the requests that take too long, those that hang included, {@value #MOST_LINES} a second at
 * most: how many are left out is said. Looks ten times a second, as long as any controller wants
 * it. Control thread.
 */
final class SlowRequestLog {
  private static final Logger LOG = LoggerFactory.getLogger(SlowRequestLog.class);

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int MOST_LINES = 10;
  private static final int SECTOR_BYTES = 512;
  private static final double MILLI_NANOS = 1e6;

  private final Reactor control;
  private final Collection<VhostController> controllers;
  private boolean looking;
  private long windowStart;
  private int lines; // in this window
  private long leftOut;

  /**
   * Rests until {@link #start}.
   *
   * @param controllers as there are at each time
   */
  SlowRequestLog(Reactor control, Collection<VhostController> controllers) {
    this.control = control;
    this.controllers = controllers;
  }

  /** A controller has its slow requests reported from now on. */
  void start() {
    if (!looking) {
      looking = true;
      control.schedule(LOOK_NANOS, this::look);
    }
  }

  private void look() {
    looking = false;
    long now = control.nanoTime();
    if (now - windowStart >= WINDOW_NANOS) {
      windowStart = now;
      lines = 0;
      tellLeftOut();
    }
    boolean wanted = leftOut > 0;
    for (VhostController controller : controllers) {
      wanted |= look(controller, now);
    }
    if (wanted) {
      start();
    }
  }

  private void tellLeftOut() {
    if (leftOut > 0) {
      LOG.warn("{} more slow requests in the last second are left out here", leftOut);
      leftOut = 0;
    }
  }

  private boolean look(VhostController controller, long now) {
    DeviceStatistics statistics = controller.statistics();
    long slowNanos = statistics.observation().slowNanos();
    for (QueueStatistics queue : statistics.queues()) {
      long noRoom =
          queue.takeSlow((kind, offset, length, ring, bdev, completion, hangs) -> {
            if (lines >= MOST_LINES) {
              leftOut++;
              return;
            }
            lines++;
            String request =
                "%s queue %d: %s of %d bytes at LBA %d"
                    .formatted(
                        controller.name(),
                        queue.index(),
                        kind.name().toLowerCase(Locale.ROOT),
                        length,
                        offset / SECTOR_BYTES);
            if (hangs) {
              LOG.warn("{}", hanging(request, controller.bdevNames(), ring, bdev, completion));
            } else {
              LOG.warn("{}", slow(request, controller.bdevNames(), ring, bdev, completion));
            }
          });
      leftOut += noRoom; // in a line of its own: the taker above adds to it as well
      if (slowNanos > 0) {
        queue.askForHanging(now - slowNanos);
      }
    }
    return slowNanos > 0;
  }

  private static String hanging(
      String request, List<String> bdevs, long ring, long bdev, long completion) {
    return "%s hangs for %.1f ms now; look at the storage of %s"
        .formatted(request, millis(ring + bdev + completion), String.join(", ", bdevs));
  }

  private static String slow(
      String request, List<String> bdevs, long ring, long bdev, long completion) {
    String advice =
        bdev >= ring + completion
            ? "look at the storage of " + String.join(", ", bdevs)
            : "its reactor has too much to do; look at framework_get_reactors";
    return "%s took %.1f ms: %.1f in the ring, %.1f in the bdev, %.1f until the driver was told; %s"
        .formatted(
            request,
            millis(ring + bdev + completion),
            millis(ring),
            millis(bdev),
            millis(completion),
            advice);
  }

  private static double millis(long nanos) {
    return nanos / MILLI_NANOS;
  }
}
