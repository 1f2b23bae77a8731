package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A server that is killed again and again while a guest writes: the guest goes on, its data too.
 */
class ServerKillTest {
  @RegisterExtension final Lab lab = new Lab();

  /** For each ring format; more by {@code -Dmillrace.vm.kills}. */
  private static final int KILLS = Integer.getInteger("millrace.vm.kills", 4);

  private static final long MIB = 1 << 20;
  private static final int RING_PACKED = 34;

  /** Fills the region again and again, and says so after each flush. */
  private static final String LOAD =
      """
      await_file /dev/vda
      say "INFO features $(cat /sys/block/vda/device/features)"
      blkload rounds /dev/vda --offset %1$d --length %2$d --threads 8 >&3
      say "FAIL the load ended with exit code $?"
      """
          .formatted(MIB, 16 * MIB);

  @ParameterizedTest
  @ValueSource(strings = {"packed=off", "packed=on"})
  void theGuestGoesOnWithTheNextServer(String ring) throws Exception {
    Path image = lab.image("disk.img", 64 * MIB);
    MillraceServer server = MillraceServer.serve(lab, "vm0.sock=disk.img");
    Guest guest =
        Guest.named("guest").reconnectingDisk("vm0.sock", 2, ring).script(LOAD).start(lab);
    guest.await("durable");
    assertThat(guest.info("features").charAt(RING_PACKED))
        .isEqualTo(ring.equals("packed=on") ? '1' : '0');

    for (int i = 0; i < KILLS; i++) {
      server.kill();
      server = MillraceServer.serve(lab, "vm0.sock=disk.img");
      awaitMoreLoad(guest);
    }

    assertThat(guest.report()).noneMatch(line -> line.startsWith("FAIL"));
    guest.kill();
    SectorPattern.assertHolds(image, MIB, 16 * MIB, 1, guest.durableGeneration());
    assertThat(server.terminate()).isZero();
  }

  /**
   * The guest goes on. What it reported before is not counted, nor what the report may be behind: a
   * flush that was done before a kill.
   */
  private static void awaitMoreLoad(Guest guest) {
    long before = guest.durableGeneration();
    Await.until(
        "the guest to flush three times more",
        Guest.LIMIT,
        () -> guest.durableGeneration() > before + 2);
  }
}
