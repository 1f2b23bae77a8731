package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.vm.MovingGuest.Qemu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A guest under load that moves between QEMUs, all of them at one socket of one server. Where a
 * busy guest moves, both QEMUs have its memory (x-ignore-shared): QEMU 7.2 under TCG breaks a busy
 * guest whose memory it copies, with disks of its own too. {@link MigrationByCopyTest} has a quiet
 * one.
 */
class MigrationTest {
  @RegisterExtension final Lab lab = new Lab();

  /** For each ring format; more by {@code -Dmillrace.vm.moves}. */
  private static final int MOVES = Integer.getInteger("millrace.vm.moves", 20);

  private static final long MIB = 1 << 20;
  private static final long CRAWL = MIB; // bytes a second: no move ends before the test stops it

  private static final String LOAD = MovingLoad.on("/dev/vda", "/sys/block/vda/device/features");

  private Path memory;
  private Path image;
  private MillraceServer server;

  @BeforeEach
  void serveOneDisk() throws IOException {
    memory = Files.createTempFile(Path.of("/dev/shm"), "millrace-guest", ".ram");
    image = lab.image("disk.img", 64 * MIB);
    server = MillraceServer.serve(lab, "vm0.sock=disk.img");
  }

  @AfterEach
  void removeMemory() throws IOException {
    Files.delete(memory);
  }

  @ParameterizedTest
  @ValueSource(strings = {"packed=off", "packed=on"})
  void theGuestGoesOnWhereverItMoves(String ring) throws Exception {
    MovingGuest guest = new MovingGuest(lab, ring, 2, memory, LOAD);
    assertThat(guest.hasPackedRings()).isEqualTo(ring.equals("packed=on"));
    guest.awaitMore("durable");

    for (int i = 0; i < MOVES; i++) {
      guest.moveTo(guest.destination(memory));
      guest.awaitMore("durable");
    }

    MovingLoad.assertGoesOn(guest, image, server);
  }

  @Test
  void theGuestStaysWhenItsMoveIsCancelledAndMovesLater() throws Exception {
    MovingGuest guest = new MovingGuest(lab, "packed=off", 2, memory, LOAD);
    guest.awaitMore("durable");
    Qemu source = guest.here();
    source.limitBandwidth(CRAWL);
    Qemu refused = guest.destination(null);
    guest.begin(refused);
    source.awaitSent(MIB);
    guest.awaitMore("durable"); // while the log is kept
    assertThatThrownBy(() -> source.execute("device_add", Map.of("driver", "pc-dimm")))
        .hasMessageContaining("device_add not allowed while migrating");

    source.execute("migrate_cancel");

    assertThat(source.awaitMigration(Set.of("cancelled", "completed"))).isEqualTo("cancelled");
    refused.awaitEnd();
    assertThat(source.runs()).isTrue();
    guest.awaitMore("durable");
    guest.moveTo(guest.destination(memory));
    MovingLoad.assertGoesOn(guest, image, server);
  }

  @ParameterizedTest
  @ValueSource(strings = {"packed=off", "packed=on"})
  void theGuestStaysWhenTheQemuItMovesToIsKilled(String ring) throws Exception {
    MovingGuest guest = new MovingGuest(lab, ring, 2, memory, LOAD);
    guest.awaitMore("durable");
    Qemu source = guest.here();
    source.limitBandwidth(CRAWL);
    Qemu killed = guest.destination(null);
    guest.begin(killed);
    source.awaitSent(MIB);

    killed.kill();

    assertThat(source.awaitMigration(Set.of("failed", "completed"))).isEqualTo("failed");
    assertThat(source.runs()).isTrue();
    guest.awaitMore("durable");
    MovingLoad.assertGoesOn(guest, image, server);
  }

  @Test
  void postCopyAndOtherRingsAreRefusedAndTheGuestStays() throws Exception {
    MovingGuest guest = new MovingGuest(lab, "packed=on", 2, memory, LOAD);
    guest.awaitMore("durable");
    Qemu other = guest.destination(memory, "packed=off");

    assertThatThrownBy(() -> other.setCapability("postcopy-ram", true))
        .hasMessageContaining("Postcopy is not supported");
    guest.begin(other);
    other.awaitEnd();

    String said = Lab.read(lab.path(other.name() + "-qemu.log"));
    assertThat(said).contains("vhost-user backend not capable of postcopy", "Features 0x");
    if (!guest.here().runs()) { // the source had sent all, and cannot know
      guest.here().execute("cont");
    }
    guest.awaitMore("durable");
    MovingLoad.assertGoesOn(guest, image, server);
  }
}
