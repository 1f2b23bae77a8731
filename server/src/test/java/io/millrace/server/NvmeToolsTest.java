package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Commands that take a controller for as long as they run: QEMU's. */
@Timeout(120)
class NvmeToolsTest {
  @TempDir Path dir;
  private EmulatedNvme qemu;

  @BeforeEach
  void startMachine() throws Exception {
    qemu = EmulatedNvme.start(dir);
  }

  @AfterEach
  void stopMachine() {
    qemu.close();
  }

  @Test
  void idSaysWhatTheControllerIs() {
    Cli id = Cli.run("nvme", "id", "qtest:" + dir);

    assertThat(id.exitCode()).as(id.err()).isZero();
    assertThat(id.out().lines())
        .contains(
            "model             QEMU NVMe Ctrl",
            "serial number     n0",
            "write cache       volatile")
        .anyMatch(line -> line.startsWith("namespace 1       32768 blocks of 512 bytes"));
  }

  @Test
  void healthSaysHowItIs() {
    Cli health = Cli.run("nvme", "health", "qtest:" + dir);

    assertThat(health.exitCode()).as(health.err()).isZero();
    assertThat(health.out().lines())
        .contains("warnings          none", "temperature       50 C", "media errors      0");
  }

  @Test
  void aDeviceThatIsNotThereIsOneLine() {
    Cli id = Cli.run("nvme", "id", "qtest:" + dir.resolve("nowhere"));

    assertThat(id.exitCode()).isEqualTo(2);
    assertThat(id.err()).startsWith("millrace nvme id: ").contains("nowhere").hasLineCount(1);
  }

  private Cli perf(String disk, String... arguments) {
    List<String> all = new ArrayList<>(List.of("perf", "--bdev", disk, "--bs=4k", "--iodepth=16"));
    all.addAll(List.of("--verify", "--verify-state=" + dir.resolve("state")));
    all.addAll(List.of(arguments));
    return Cli.run(all.toArray(String[]::new));
  }

  @Test
  void perfWritesAndAnotherRunVerifies() {
    String disk = "pcie:qtest:" + dir;
    Cli written = perf(disk, "--rw=randwrite", "--size=4m");
    assertThat(written.exitCode()).as(written.err()).isZero();

    Cli read = perf(disk + ",nsid=1", "--rw=randread", "--size=4m");

    assertThat(read.exitCode()).as(read.err()).isZero();
    assertThat(read.out()).contains("verify");
  }

  @Test
  void aNamespaceThatIsNotThereIsOneLine() {
    Cli run = perf("pcie:qtest:" + dir + ",nsid=7", "--rw=randread", "--size=4k");

    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("has no namespace 7; it has 1").hasLineCount(1);
  }

  @Test
  void whatIsNoControllerIsRefused() {
    assertThat(perf("pcie:", "--rw=read").err())
        .contains("--bdev pcie: is not pcie:ADDRESS or pcie:ADDRESS,nsid=NUMBER");
    assertThat(perf("pcie:01:00.0,nsid=0", "--rw=read").err()).contains("is not pcie:ADDRESS");
  }
}
