package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The script of {@code make run}: green as it is, red when the guest's data is changed behind its
 * back.
 */
class DemoTest {
  @RegisterExtension final Lab lab = new Lab();

  private static final long LIMIT_SECONDS = 240;
  private static final String DEMO = Lab.MODULE.resolve("run/demo.sh").toString();

  @Test
  void demoPassesAndShowsTheCommandsAndTheFigures() throws Exception {
    int exitCode = run(List.of(DEMO));

    assertThat(Files.readString(lab.path("demo.log")))
        .contains("millrace serve --blk vm0.sock=disk.img", "-device vhost-user-blk-pci")
        .contains("verified:")
        .endsWith("PASS\n");
    assertThat(exitCode).isZero();
  }

  @Test
  void demoOnAnEmulatedNvmeControllerPassesWithoutACopy() throws Exception {
    int exitCode = run(List.of("env", "DISK=nvme", DEMO));

    assertThat(Files.readString(lab.path("demo.log")))
        .contains("millrace serve -r rpc.sock -c nvme.json", "-device nvme,drive=disk")
        .contains("verified:", "bounced_bytes 0")
        .endsWith("PASS\n");
    assertThat(exitCode).isZero();
  }

  @Test
  void demoRefusesADiskThatItDoesNotKnow() throws Exception {
    int exitCode = run(List.of("env", "DISK=floppy", DEMO));

    assertThat(Files.readString(lab.path("demo.log")))
        .isEqualTo(
            "make run: there is no DISK=floppy; give DISK=nvme, or no DISK for an image file\n");
    assertThat(exitCode).isEqualTo(1);
  }

  @Test
  void demoFailsWhenAByteOfTheDiskIsChangedBehindTheGuestsBack() throws Exception {
    int exitCode = run(List.of("env", "SABOTAGE=1", DEMO));

    assertThat(Files.readString(lab.path("demo.log")))
        .contains("FAIL: the guest says: FAIL read-back")
        .doesNotContain("\nPASS\n");
    assertThat(exitCode).isEqualTo(1);
  }

  private int run(List<String> command) throws IOException, InterruptedException {
    Process demo = lab.start(command, "demo.log", false);
    assertThat(demo.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as("demo.sh ended").isTrue();
    return demo.exitValue();
  }
}
