package io.millrace.virtio.scsi;

import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * All queues of a controller are stopped with commands in flight, without waiting for them
 * (GET_VRING_BASE_SKIP_DRAIN), and go on: here, or at another connection as after a move.
 */
@Timeout(600)
class ScsiSuspendTest {
  /** For each ring format; more by {@code -Dmillrace.suspensions}. */
  private static final int SUSPENSIONS = Integer.getInteger("millrace.suspensions", 20);

  private static final long DELAY_MICROS = 8_000; // longer than a stop waits for what is in flight

  @ParameterizedTest
  @MethodSource("io.millrace.initiator.load.SlotLoad#formats")
  void everyCommandIsDoneOnceHoweverOftenItsQueuesAreSuspended(long features) throws Exception {
    Random random = new Random(features);
    try (ScsiHost host = new ScsiHost(2)) {
      Path socket = host.controller("vm");
      host.malloc("disk");
      host.slow("slow", "disk", DELAY_MICROS);
      host.add("vm", 0, 0, "slow");
      try (SurvivingLoad load = new SurvivingLoad(socket, features, 5)) {
        for (int i = 0; i < SUSPENSIONS; i++) {
          load.run(random.nextInt(40));
          load.driver.suspend();
          if (random.nextBoolean()) {
            load.driver.resume();
          } else {
            load.driver.reconnect(socket);
          }
        }
        load.compareAll();
      }
    }
  }
}
