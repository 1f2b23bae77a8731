package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A guest with a SCSI controller that moves between QEMUs under load, all of them at one socket of
 * one server, as {@link MigrationTest} has one with a block device.
 */
class ScsiMigrationTest {
  @RegisterExtension final Lab lab = new Lab();

  /** More by {@code -Dmillrace.vm.moves}. */
  private static final int MOVES = Integer.getInteger("millrace.vm.moves", 5);

  private static final long MIB = 1 << 20;

  private static final String LOAD =
      "modules sd_mod virtio_scsi\n"
          + MovingLoad.on("/dev/sda", "/sys/bus/virtio/drivers/virtio_scsi/virtio*/features");

  private Path memory;
  private Path image;
  private MillraceServer server;

  @BeforeEach
  void serveOneTarget() throws IOException {
    memory = Files.createTempFile(Path.of("/dev/shm"), "millrace-guest", ".ram");
    image = lab.image("disk.img", 64 * MIB);
    server = MillraceServer.serve(lab, List.of("--scsi=vm0.sock=disk.img"), List.of("vm0.sock"));
  }

  @AfterEach
  void removeMemory() throws IOException {
    Files.delete(memory);
  }

  @ParameterizedTest
  @ValueSource(strings = {"packed=off", "packed=on"})
  void theGuestGoesOnWhereverItMoves(String ring) throws Exception {
    MovingGuest guest =
        new MovingGuest(
            lab,
            (builder, properties) -> builder.scsi("vm0.sock", 2, properties),
            ring,
            2,
            memory,
            LOAD);
    assertThat(guest.hasPackedRings()).isEqualTo(ring.equals("packed=on"));
    guest.awaitMore("durable");

    for (int i = 0; i < MOVES; i++) {
      guest.moveTo(guest.destination(memory));
      guest.awaitMore("durable");
    }

    MovingLoad.assertGoesOn(guest, image, server);
  }
}
