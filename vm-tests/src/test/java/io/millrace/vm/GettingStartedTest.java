package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Goes the way of docs/getting-started.md from the distribution to a guest: the guest's image is
 * the one of {@link FirmwareTest}, in the format and by the name that the page has.
 */
class GettingStartedTest {
  @RegisterExtension final Lab lab = new Lab();

  private static final long MIB = 1 << 20;
  private static final long FIRST = 48 * MIB; // bootsector.s copies it to the next two
  private static final long THIRD = 50 * MIB;

  @Test
  void guestBootsFromItsConvertedImageByTheCommandsOfThePage() throws Exception {
    DocumentedPage page = DocumentedPage.of("docs/getting-started.md");
    Path bootable = Path.of(GuestImage.run("bootdisk.sh"));
    lab.output("cp", bootable.resolve("disk.img").toString(), "original.img");
    SectorPattern.fill(lab.path("original.img"), FIRST, MIB, 5, 1);
    lab.output("qemu-img", "convert", "-O", "qcow2", "original.img", "debian.qcow2");
    String installed = lab.shortPath("millrace").toString();

    lab.output("sh", "-c", elsewhere(page.command("cp -r "), installed));
    lab.output("sh", "-c", page.command("qemu-img convert "));
    Process server = start(elsewhere(page.command("/opt/millrace/bin/"), installed), "server.log");
    Await.until(
        "the server to be ready",
        Guest.LIMIT,
        () -> Lab.read(lab.path("server.log")).contains("ready: 1 disk on 1 core"));
    String qemu = page.command("qemu-system-x86_64 ");
    qemu = DocumentedPage.replace(qemu, "accel=kvm", "accel=" + GuestImage.get().accelerator());
    Process guest = start(qemu + " -serial null -serial file:report.log", "qemu.log");

    assertThat(guest.waitFor(Guest.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(Lab.read(lab.path("report.log")).lines())
        .containsExactly(
            "BOOT by the BIOS from the disk",
            "PASS first copy",
            "BOOT after the reset",
            "PASS second copy",
            "END");
    lab.output(
        "cmp", "--bytes=" + MIB, "vm0.img", "vm0.img", Long.toString(FIRST), Long.toString(THIRD));
    server.destroy();
    assertThat(server.waitFor(Guest.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(server.exitValue()).isZero();
  }

  /** The page's folders in the place where they are in a test. */
  private static String elsewhere(String command, String installed) {
    return DocumentedPage.replace(command, "/opt/millrace", installed)
        .replace("server/target/", DocumentedPage.ROOT.resolve("server/target") + "/");
  }

  private Process start(String command, String log) throws Exception {
    return lab.start(List.of("sh", "-c", "exec " + command), log, false);
  }
}
