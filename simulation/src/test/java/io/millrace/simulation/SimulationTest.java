package io.millrace.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Histories by seed. {@code -Dmillrace.seeds=N} plays more of them, {@code -Dmillrace.seed=N} that
 * one alone.
 */
class SimulationTest {
  private static final int SEEDS = Integer.getInteger("millrace.seeds", 150);
  private static final Long SEED = Long.getLong("millrace.seed");

  @TempDir private Path folder;

  @Test
  void whateverCrashesTheDiskIsARegisterAndKeepsWhatWasFlushed() throws Exception {
    Player player = new Player(folder);
    long first = SEED == null ? 1 : SEED;
    long last = SEED == null ? SEEDS : SEED;
    for (long seed = first; seed <= last; seed++) {
      Player.Failure failure = player.play(Plan.of(seed));
      if (failure != null) {
        throw new AssertionError(player.shorten(failure).report());
      }
    }
    System.out.println(player.tally());
    assertThat(player.tally().unchecked).isLessThan(1 + player.tally().sectors / 1000);
  }

  @Test
  void storageThatLiesIsFoundAndItsShortestHistoryToldOf() throws Exception {
    Player player = new Player(folder);
    Player.Failure failure = null;
    for (long seed = 1; failure == null && seed < 50; seed++) {
      failure = player.play(lying(seed));
    }

    Player.Failure shortest = player.shorten(failure);
    assertThat(shortest.plan().actions().size()).isLessThan(failure.plan().actions().size() / 2);
    assertThat(shortest.report())
        .contains("-Dmillrace.seed=" + failure.plan().setup().seed())
        .contains("older than what was durable", "WRITE", "FLUSH", "PowerLoss");
  }

  private static Plan lying(long seed) {
    Plan plan = Plan.of(seed);
    return new Plan(plan.setup().lying(), plan.actions());
  }

  @Test
  void aPlanTakesTheSameWayEachTime() throws Exception {
    Player player = new Player(folder);
    for (long seed = 1; seed <= 20; seed++) {
      assertThat(player.trace(Plan.of(seed))).isEqualTo(player.trace(Plan.of(seed)));
    }
  }
}
