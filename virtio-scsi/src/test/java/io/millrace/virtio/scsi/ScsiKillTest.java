package io.millrace.virtio.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.load.DoomedTarget;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Targets that are killed amid their commands: the next one finishes them. */
@Timeout(value = 3, unit = TimeUnit.HOURS)
class ScsiKillTest {
  /** For each ring format; more by {@code -Dmillrace.scsi.kills}. */
  private static final int KILLS = Integer.getInteger("millrace.scsi.kills", 2);

  @TempDir private Path folder;

  @ParameterizedTest
  @MethodSource("io.millrace.initiator.load.SlotLoad#formats")
  void everyCommandIsDoneOnceHoweverOftenTheTargetIsKilled(long features) throws Exception {
    long seed = Long.getLong("millrace.seed", System.nanoTime());
    Path socket = folder.resolve("vm.sock");
    Path image = DoomedTarget.image(folder);
    Path log = folder.resolve("log");
    Random random = new Random(seed);
    int kills = 0;
    int unfinished = 0;
    DoomedTarget target = DoomedScsi.start(socket, image, log);
    try (SurvivingLoad load = new SurvivingLoad(socket, features, seed)) {
      for (; kills < KILLS; kills++) {
        load.run(random.nextInt(1_000));
        target.kill();
        unfinished += load.unfinished();
        target = DoomedScsi.start(socket, image, log);
        load.driver.reconnect(socket);
      }
      load.compareAll();
      assertThat(load.attentions()).isBetween(1, 1 + KILLS);
      assertThat(unfinished).as("commands in flight when it was killed").isPositive();
    } catch (Exception | AssertionError e) {
      throw new AssertionError(
          "%d kills went well: %s; -Dmillrace.seed=%d; the targets said: %s"
              .formatted(kills, e, seed, Files.readString(log)),
          e);
    } finally {
      target.kill();
    }
  }
}
