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
  private static final int SEEDS = Integer.getInteger("millrace.seeds", 200);
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
    assertThat(player.tally().histories).isPositive();
  }
}
