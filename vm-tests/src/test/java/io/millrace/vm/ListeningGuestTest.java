package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** QEMU listens (server=on) and Millrace connects, whichever of the two is there first. */
class ListeningGuestTest {
  @RegisterExtension final Lab lab = new Lab();

  private static final long MIB = 1 << 20;
  private static final String REGION = " --offset %d --length %d ".formatted(MIB, 16 * MIB);

  @Test
  void diskComesToAGuestAgainAfterTheServersRestartAndToTheNextGuest() throws Exception {
    Path image = lab.image("disk.img", 64 * MIB);
    MillraceServer first = serve();
    Guest guest =
        Guest.named("guest")
            .listeningDisk("vm0.sock", 2)
            .script(
                """
                await_file /dev/vda
                blkload rounds /dev/vda %s --threads 8 >&3
                say "FAIL the load ended with exit code $?"
                """
                    .formatted(REGION))
            .start(lab);
    guest.await("durable");
    guest.await("durable");

    assertThat(first.terminate()).isZero(); // under load
    SectorPattern.assertHolds(image, MIB, 16 * MIB, 1, guest.durableGeneration());
    MillraceServer second = serve();
    long before = guest.durableGeneration();
    for (int i = 0; i < 3; i++) {
      guest.await("durable"); // the first may have been on its way
    }
    guest.kill();

    long durable = guest.durableGeneration();
    assertThat(durable).isGreaterThan(before);
    Guest next =
        Guest.named("next")
            .listeningDisk("vm0.sock", 2)
            .script(
                """
                await_file /dev/vda
                pass "data of the killed guest" blkload verify /dev/vda %s --generation %d
                """
                    .formatted(REGION, durable))
            .start(lab);
    next.await("PASS data of the killed guest");
    next.awaitEnd();
    SectorPattern.assertHolds(image, MIB, 16 * MIB, 1, durable);
    assertThat(second.terminate()).isZero();
  }

  private MillraceServer serve() throws Exception {
    return MillraceServer.serve(lab, List.of("--blk=connect:vm0.sock=disk.img"), List.of());
  }
}
