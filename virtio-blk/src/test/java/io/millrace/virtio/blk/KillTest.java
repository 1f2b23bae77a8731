package io.millrace.virtio.blk;

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

/** Targets that are killed amid their requests: the next one finishes them. */
@Timeout(value = 3, unit = TimeUnit.HOURS)
class KillTest {
  /** For each ring format; more by {@code -Dmillrace.kills}. */
  private static final int KILLS = Integer.getInteger("millrace.kills", 2);

  @TempDir private Path folder;

  @ParameterizedTest
  @MethodSource("io.millrace.virtio.blk.SurvivingLoad#formats")
  void everyRequestIsDoneOnceHoweverOftenTheTargetIsKilled(long features) throws Exception {
    Path socket = folder.resolve("disk.sock");
    Path image = DoomedTarget.image(folder);
    Path log = folder.resolve("log");
    Random random = new Random(features + KILLS);
    DoomedTarget target = DoomedDisk.start(socket, image, log);
    try (SurvivingLoad load = new SurvivingLoad(socket, features, 7)) {
      for (int i = 0; i < KILLS; i++) {
        load.run(random.nextInt(1_000));
        pause(random.nextInt(200_000));
        target.kill();
        target = DoomedDisk.start(socket, image, log);
        load.driver.reconnect(socket);
      }
      load.compareAll();
      assertThat(load.completed()).isGreaterThan(KILLS);
    } catch (Exception | AssertionError e) {
      throw new AssertionError(e + "; the targets said: " + Files.readString(log), e);
    } finally {
      target.kill();
    }
  }

  /** Lets the target come to any point of its work. */
  private static void pause(int nanos) {
    long until = System.nanoTime() + nanos;
    while (System.nanoTime() < until) {
      Thread.onSpinWait();
    }
  }
}
