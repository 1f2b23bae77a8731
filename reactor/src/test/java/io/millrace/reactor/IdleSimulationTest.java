package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.reactor.IdleSimulation.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the rule of sleeping costs guests and the core, on a virtual clock. */
class IdleSimulationTest {
  private static final long MILLIS = 1_000_000;
  private static final long FIXED_NANOS = 50_000; // the rule that there was before
  private static final Path PAGE = Path.of("../docs/hot-path.md");

  /** The patterns of the documented table. */
  private static Map<String, long[]> patterns() {
    Map<String, long[]> patterns = new LinkedHashMap<>();
    patterns.put("steady, 100 a second", Arrivals.steady(100, 5_000 * MILLIS));
    patterns.put("steady, 1,000", Arrivals.steady(1_000, 1_000 * MILLIS));
    patterns.put("steady, 10,000", Arrivals.steady(10_000, 500 * MILLIS));
    patterns.put("steady, 12,500", Arrivals.steady(12_500, 500 * MILLIS));
    patterns.put("steady, 50,000", Arrivals.steady(50_000, 300 * MILLIS));
    patterns.put("random, 1,000", Arrivals.poisson(1_000, 1_000 * MILLIS, 1));
    patterns.put("random, 10,000", Arrivals.poisson(10_000, 500 * MILLIS, 2));
    patterns.put("random, 50,000", Arrivals.poisson(50_000, 300 * MILLIS, 3));
    patterns.put("1 ms of 100,000, each 10 ms", Arrivals.bursts(10_000, MILLIS, 10 * MILLIS, 50));
    patterns.put("20 µs, then 1 ms", Arrivals.alternating(1_000, 20_000, MILLIS));
    patterns.put(
        "1,000, then 50,000",
        Arrivals.then(Arrivals.steady(1_000, 200 * MILLIS), Arrivals.steady(50_000, 200 * MILLIS)));
    return patterns;
  }

  @Test
  void noPatternCostsMoreThanTheBound() {
    patterns()
        .forEach((name, arrivals) -> {
          Outcome product = IdleSimulation.product(arrivals);

          long bound =
              (long) (PollWindow.WORST_RATIO * IdleSimulation.clairvoyant(arrivals).cost());
          // A window ends with a tick.
          long ticks = product.wakeUps * 2 * IdleSimulation.TICK_NANOS;
          assertThat(product.cost()).as(name).isLessThanOrEqualTo(bound + ticks);
        });
  }

  @Test
  void steadyRatesCostHardlyMoreThanAClairvoyantWouldPay() {
    for (long perSecond : new long[] {100, 1_000, 5_000, 12_500, 50_000}) {
      long[] arrivals = Arrivals.steady(perSecond, 1_000 * MILLIS);

      long product = IdleSimulation.product(arrivals).cost();

      assertThat((double) product / IdleSimulation.clairvoyant(arrivals).cost())
          .as("%d a second", perSecond)
          .isBetween(0.8, 1.1);
    }
  }

  @Test
  void queueWithRareRequestsTakesNoCoreAndOneWithDenseOnesIsNeverWokenUp() {
    Outcome rare = IdleSimulation.product(Arrivals.steady(100, 5_000 * MILLIS));
    Outcome dense = IdleSimulation.product(Arrivals.steady(12_500, 500 * MILLIS));

    assertThat(rare.cpuPercent()).isLessThan(0.2);
    assertThat(dense.arms).isEqualTo(2); // before the first request and after the last
    assertThat(dense.p99Micros()).isLessThanOrEqualTo(4);
  }

  @Test
  void guestThatWaitsForEachAnswerIsNotTakenForSlowBecauseItHadToBeWokenUpFor() {
    long[] pauses = new long[300];
    Arrays.fill(pauses, 0, 100, 10 * MILLIS);
    Arrays.fill(pauses, 100, 300, 80_000);

    Outcome outcome = IdleSimulation.depthOne(pauses);

    assertThat(outcome.wakeUps).isBetween(100L, 140L);
  }

  @Test
  void manySlowQueuesAreTogetherABusyReactor() {
    long[][] fifty =
        IntStream.range(0, 50)
            .mapToObj(i -> Arrivals.poisson(1_000, 200 * MILLIS, i))
            .toArray(long[][]::new);

    Outcome outcome = IdleSimulation.product(fifty);

    assertThat(outcome.wakeUps).isLessThan(20); // of 10,000 requests
    assertThat(outcome.meanMicros()).isLessThan(5);
  }

  @Test
  void neighbourWithLongPausesDoesNotTakeAwayTheWindowOfOneInBursts() {
    long[] bursts = Arrivals.bursts(30_000, MILLIS, 10 * MILLIS, 100);
    long[] hostile = Arrivals.steady(4_900, 1_000 * MILLIS); // not worth being looked for

    Outcome outcome = IdleSimulation.beside(hostile, bursts);

    assertThat(outcome.meanMicros()).isLessThan(6); // a burst of 34 is woken up for once or twice
  }

  @Test
  void documentedTableIsWhatTheSimulationGives() throws IOException {
    String table = table();

    assertThat(Files.readString(PAGE)).as("%s has to have%n%s", PAGE, table).contains(table);
  }

  private static String table() {
    List<String> lines = new ArrayList<>();
    patterns()
        .forEach((name, arrivals) -> {
          Outcome before = IdleSimulation.fixed(FIXED_NANOS, arrivals);
          Outcome now = IdleSimulation.product(arrivals);
          Outcome best = IdleSimulation.clairvoyant(arrivals);
          lines.add(
              String.format(
                  Locale.ROOT,
                  "| %s | %.1f / %.1f / %.1f | %.0f / %.0f / %.0f | %.0f / %.0f / %.0f | %.2f / %.2f |",
                  name,
                  before.cpuPercent(),
                  now.cpuPercent(),
                  best.cpuPercent(),
                  before.meanMicros(),
                  now.meanMicros(),
                  best.meanMicros(),
                  before.p99Micros(),
                  now.p99Micros(),
                  best.p99Micros(),
                  (double) before.cost() / best.cost(),
                  (double) now.cost() / best.cost()));
        });
    return lines.stream().collect(Collectors.joining("\n"));
  }
}
