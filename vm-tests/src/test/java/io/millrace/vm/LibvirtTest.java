package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** libvirt starts the domain of docs/getting-started.md with the commands that stand there. */
class LibvirtTest {
  @Order(1)
  @RegisterExtension
  static final Lab LAB = new Lab();

  @Order(2)
  @RegisterExtension
  static final Daemon LIBVIRT = new Daemon(LAB, "libvirt/daemon.sh");

  private static final long MIB = 1 << 20;

  /** The guest waits for a line where the test does something outside of it. */
  private static final String SCRIPT =
      """
      await_file /dev/vda
      say "INFO queues $(ls /sys/block/vda/mq | wc -l)"
      pass "data from outside" blkload verify /dev/vda --length 1048576 --seed 7 --exact
      pass "load" blkload load /dev/vda --offset 1048576 --length 8388608 --bytes 16777216 --threads 8 --seed 8
      say "READY for a restart of the server"
      read -r go </dev/ttyS1
      pass "the load read back" blkload verify /dev/vda --offset 1048576 --length 8388608 --seed 8
      pass "load on another server" blkload load /dev/vda --offset 16777216 --length 8388608 --bytes 16777216 --threads 8 --seed 9
      say "READY for the end"
      read -r go </dev/ttyS1
      """;

  @Test
  void documentedDomainWorksOnItsDiskAndFindsItAgainAfterARestartOfTheServer() throws Exception {
    Path image = LAB.image("disk.img", 32 * MIB);
    SectorPattern.fill(image, 0, MIB, 7, 1);
    Path socket = LAB.shortPath("vm0.sock");
    Path reportSocket = LAB.shortPath("report.sock");
    DocumentedPage page = DocumentedPage.of("docs/getting-started.md");
    Files.writeString(LAB.path("test.sh"), SCRIPT);
    Files.writeString(LAB.path("vm0.xml"), testGuest(page.block("xml"), socket, reportSocket));
    GuestLog report = GuestLog.listen(reportSocket, LAB.folder(), "guest");
    MillraceServer server = MillraceServer.serve(LAB, socket + "=disk.img");

    for (String line : page.commands("virsh ")) {
      LAB.output("sh", "-c", line.replaceFirst("^virsh ", "virsh -c '" + LIBVIRT.address() + "' "));
    }
    report.await("READY for a restart of the server", Guest.LIMIT);
    assertThat(server.terminate()).isZero();
    server = MillraceServer.serve(LAB, socket + "=disk.img");
    Path log = LAB.path("server.log");
    Await.until(
        "QEMU to connect again", Guest.LIMIT, () -> Lab.read(log).contains("front-end connected"));
    report.tell("go");
    report.await("READY for the end", Guest.LIMIT);
    LAB.output("virsh", "-c", LIBVIRT.address(), "destroy", "vm0");
    LAB.output("virsh", "-c", LIBVIRT.address(), "undefine", "vm0");

    assertThat(report.lines())
        .contains("INFO queues 2")
        .anyMatch(line -> line.startsWith("PASS data from outside"))
        .anyMatch(line -> line.startsWith("PASS the load read back"))
        .anyMatch(line -> line.startsWith("PASS load on another server: verified"));
    SectorPattern.assertHolds(image, MIB, 8 * MIB, 8, 1);
    SectorPattern.assertHolds(image, 16 * MIB, 8 * MIB, 9, 1);
    assertThat(server.terminate()).isZero();
  }

  /**
   * The domain as it stands in the document, but for KVM and its socket's path, with the test
   * guest's kernel and serial ports.
   */
  private static String testGuest(String domain, Path socket, Path reportSocket) {
    GuestImage guest = GuestImage.get();
    String kernel =
        """
          <kernel>%s</kernel>
          <initrd>%s</initrd>
          <cmdline>console=ttyS0 quiet no_timer_check panic=-1</cmdline>
        </os>
        <sysinfo type='fwcfg'><entry name='opt/millrace/test.sh' file='%s'/></sysinfo>
        """
            .formatted(guest.kernel(), guest.initrd(), LAB.path("test.sh"));
    String ports =
        """
        <serial type='file'><source path='%s'/></serial>
        <serial type='unix'><source mode='connect' path='%s'/></serial>
        """
            .formatted(LAB.path("guest-console.log"), reportSocket);
    String changed = domain;
    changed = DocumentedPage.replace(changed, "<domain type='kvm'>", "<domain type='qemu'>");
    changed = DocumentedPage.replace(changed, "/run/millrace/vm0.sock", socket.toString());
    changed = DocumentedPage.replace(changed, "</os>", kernel);
    return DocumentedPage.replace(changed, "<serial type='pty'/>", ports);
  }
}
