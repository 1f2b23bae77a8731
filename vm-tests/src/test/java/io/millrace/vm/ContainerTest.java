package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.testcontainers.containers.GenericContainer;

/**
 * QEMU in a container, Millrace outside of it. They share nothing but a folder that is mounted into
 * the container: the socket in it carries the guest's memory and its eventfds.
 */
class ContainerTest {
  @Order(1)
  @RegisterExtension
  static final Lab LAB = new Lab();

  @Order(2)
  @RegisterExtension
  static final Daemon ENGINE = new Daemon(LAB, "container/engine.sh");

  private static final long MIB = 1 << 20;
  private static final String SCRIPT =
      """
      await_file /dev/vda
      say "INFO queues $(ls /sys/block/vda/mq | wc -l)"
      pass "data from outside" blkload verify /dev/vda --length 1048576 --seed 7 --exact
      pass "load" blkload load /dev/vda --offset 1048576 --length 16777216 --bytes 33554432 --threads 8 --seed 8
      """;

  @Test
  void guestInAContainerWorksOnADiskThatIsServedOutsideOfIt() throws Exception {
    Path image = LAB.image("disk.img", 32 * MIB);
    SectorPattern.fill(image, 0, MIB, 7, 1);
    MillraceServer server = MillraceServer.serve(LAB, "vm0.sock=disk.img");
    Path socket = LAB.shortPath("report.sock");
    GuestLog report = GuestLog.listen(socket, LAB.folder(), "guest");
    List<String> command =
        Guest.named("guest")
            .disk("vm0.sock", 2)
            .script(SCRIPT)
            .command(LAB, "tcg", "unix:" + socket);
    Path kernel = GuestImage.get().kernel().getParent();

    try (GenericContainer<?> qemu =
        QemuContainer.of(ENGINE, command, LAB.folder(), socket.getParent(), kernel)) {
      qemu.start();
      report.await("PASS data from outside", Guest.LIMIT);
      report.await("PASS load: verified", Guest.LIMIT);
      report.await("END", Guest.LIMIT);
    }

    assertThat(report.lines()).contains("INFO queues 2");
    SectorPattern.assertHolds(image, MIB, 16 * MIB, 8, 1);
    assertThat(server.terminate()).isZero();
  }
}
