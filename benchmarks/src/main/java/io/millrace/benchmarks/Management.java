package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/** What managing a server costs its guests, and how soon a large configuration serves them. */
final class Management {
  private static final int CALLS_A_SECOND = 1000;
  private static final int DISKS = 1000;

  /** What monitoring asks for: short answers and long ones. */
  private static final List<String> METHODS =
      List.of("bdev_get_bdevs", "vhost_get_controllers", "rpc_get_methods", "spdk_get_version");

  private Management() {}

  /**
   * The longest safepoint pause of a server under load that is called all the time, and the time
   * from exec to the last socket of a file of many disks.
   *
   * @param time how long it is called
   */
  static List<Figure> measure(Peers peers, Duration time, int starts)
      throws IOException, InterruptedException {
    LongAdder calls = new LongAdder();
    Figure pause = Safepoints.measure(peers, time, (rpc, span) -> call(rpc, span, calls));
    double seconds = time.plus(Safepoints.WARM_UP).toMillis() / 1e3;
    Figure called =
        new Figure(
            "management: longest safepoint pause, called all the time",
            pause.value(),
            String.format(Locale.ROOT, "%s, %.0f calls/s", pause.text(), calls.sum() / seconds),
            Figure.Bar.below(3000, "< 3 ms"),
            List.of());
    return List.of(called, start(peers, starts));
  }

  /** Calls at an even pace; what could not be called in time is caught up with. */
  private static void call(Path socket, Duration time, LongAdder calls) throws IOException {
    long pause = Duration.ofSeconds(1).dividedBy(CALLS_A_SECOND).toNanos();
    long start = System.nanoTime();
    try (Rpc rpc = Rpc.connect(socket)) {
      for (long i = 0; i * pause < time.toNanos(); i++) {
        LockSupport.parkNanos(start + i * pause - System.nanoTime());
        rpc.call(METHODS.get((int) (i % METHODS.size())));
        calls.increment();
      }
    }
  }

  private static Figure start(Peers peers, int starts) throws IOException, InterruptedException {
    List<Double> millis = new ArrayList<>();
    for (int i = 0; i < starts; i++) {
      millis.add(StartTime.start(peers.millraceNulls("thousand", DISKS), peers.work()));
    }
    Spread spread = Spread.of(millis);
    return new Figure(
        "management: exec to the socket of the last of %d disks, %d starts"
            .formatted(DISKS, starts),
        spread.median(),
        spread.format(0) + " ms",
        Figure.Bar.below(5000, "< 5 s"),
        List.of());
  }
}
