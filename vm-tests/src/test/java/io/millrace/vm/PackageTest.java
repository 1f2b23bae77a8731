package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What {@code make package} makes, installed by dpkg on a machine without a JDK where systemd is
 * process 1 ({@code package/machine.sh}); {@code package/install.sh} does what an administrator
 * does, and this judges what was seen.
 */
@Timeout(value = 260, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PackageTest {
  @RegisterExtension static final Lab lab = new Lab();

  private static final Path PACKAGE = DocumentedPage.ROOT.resolve("server/src/package/package.sh");
  private static final int CANNOT_RUN = 3; // machine.sh's exit code

  private static final Map<String, String> seen = new HashMap<>();
  private static Path deb;

  @BeforeAll
  static void installOnAMachineOfItsOwn() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/dpkg-deb")), "needs dpkg");
    deb = Path.of(packaged("deb"));
    Process machine =
        lab.start(
            List.of(
                Lab.MODULE.resolve("package/machine.sh").toString(),
                lab.folder().toString(),
                deb.toString(),
                Lab.MODULE.resolve("package/install.sh").toString()),
            "machine.log",
            false);
    assertThat(machine.waitFor(220, TimeUnit.SECONDS)).isTrue();
    String said = Lab.read(lab.path("machine.log"));
    String last = said.lines().reduce("", (before, line) -> line);
    assumeTrue(machine.exitValue() != CANNOT_RUN, "needs " + last);
    for (String section : said.split("(?m)^== ", -1)) {
      int end = section.indexOf('\n');
      if (end >= 0) {
        seen.put(section.substring(0, end), section.substring(end + 1).strip());
      }
    }
  }

  @Test
  void packageNeedsNoJdkAndSystemdFindsNothingWrongWithItsUnits() {
    assertThat(seen.get("java")).isEqualTo("none");
    assertThat(seen.get("install")).doesNotContain("rror", "ould not");
    assertThat(seen.get("files")).isEmpty();
    assertThat(seen.get("verify")).isEmpty();
    assertThat(seen.get("exposure")).contains("OK");
    assertThat(seen.get("units").lines()).containsExactly("enabled", "enabled", "active", "active");
  }

  @Test
  void serverRunsAsItsOwnUserWithoutACapabilityAndOwnsWhatItNeeds() {
    assertThat(seen.get("user")).startsWith("millrace:").endsWith(":/usr/sbin/nologin");
    assertThat(seen.get("modes").lines())
        .containsExactly(
            "millrace:millrace 750 /var/lib/millrace",
            "millrace:millrace 755 /run/millrace",
            "millrace:millrace 660 /run/millrace.sock");
    assertThat(seen.get("process"))
        .doesNotContainPattern("Uid: 0")
        .contains("CapEff: 0000000000000000", "CapBnd: 0000000000000000")
        .contains("NoNewPrivs: 1", "Seccomp: 2");
  }

  @Test
  void serverTellsSystemdThatItServesAndWhat() {
    assertThat(seen.get("watch"))
        .startsWith("0 disks on 1 core, JSON-RPC at fd:rpc\n[ ]\n[ ]\n")
        .contains("\"reactors\"", "ready: 0 disks on 1 core");
  }

  @Test
  void systemdFindsNothingWrongWithTheDropInsOfThePage() {
    assertThat(seen.get("drop-ins").lines())
        .containsExactly("cores.conf", "devices.conf", "images.conf", "memlock.conf", "vfio.conf");
  }

  @Test
  void diskIsServedByIoUringToAMemberOfTheGroupAndToNobodyElse() {
    assertThat(seen.get("guest")).startsWith("bad=0,").contains("\"engine\" : \"io_uring\"");
    assertThat(seen.get("stranger").lines())
        .hasSize(2)
        .allMatch(line -> line.contains("ermission"));
  }

  @Test
  void upgradeLeavesTheRunningServerAloneUntilItIsRestarted() {
    assertThat(seen.get("upgrade"))
        .contains("the server that runs is still version", "systemctl restart millrace")
        .endsWith("\nactive");
  }

  @Test
  void diskIsThereAgainFromTheStateThatWasBackedUpAndPutBack() {
    assertThat(seen.get("restored")).contains("\"ctrlr\" : \"vm0.sock\",");
  }

  @Test
  void serverThatHangsIsStartedAnew() {
    assertThat(seen.get("watchdog")).isEqualTo("started anew");
  }

  @Test
  void warningsAreWarningsInTheJournal() {
    assertThat(seen.get("priorities"))
        .startsWith("-m: cores [60-62] do not exist or are forbidden");
  }

  @Test
  void stoppedServerEndsCleanlyAndTheNextCallStartsIt() {
    assertThat(seen.get("stop")).endsWith("success\n0");
    assertThat(seen.get("activation")).contains("\"version\"").endsWith("\nactive");
  }

  @Test
  void removalKeepsTheConfigurationAndPurgeNothingButImages() {
    assertThat(seen.get("remove"))
        .contains("/etc/default/millrace", "millrace.json", "cannot access '/usr/bin/millrace'")
        .endsWith("inactive\ninactive");
    assertThat(seen.get("purge").lines().toList())
        .contains("millrace: /var/lib/millrace is not empty and stays")
        .noneMatch(line -> line.startsWith("/") || line.startsWith("millrace:x:"))
        .endsWith("precious.img", "vm0.img");
  }

  @Test
  void everyFileOfThePackageIsRootsAndNobodyElseMayWriteIt() throws Exception {
    List<String> files = lab.output("dpkg-deb", "--contents", deb.toString()).lines().toList();

    assertThat(files).hasSizeGreaterThan(50);
    assertThat(files).allMatch(line -> line.contains(" root/root "));
    assertThat(files).noneMatch(line -> line.charAt(0) != 'l' && line.charAt(5) == 'w');
    assertThat(files).noneMatch(line -> line.charAt(0) != 'l' && line.charAt(8) == 'w');
    for (String part :
        List.of(
            "./usr/bin/millrace",
            "./lib/systemd/system/millrace.service",
            "./usr/share/man/man1/millrace-serve.1.gz",
            "./usr/share/bash-completion/completions/millrace",
            "./usr/share/qemu/vhost-user/50-millrace-blk.json")) {
      assertThat(files).anyMatch(line -> line.contains(" " + part));
    }
    assertThat(lab.output("dpkg-deb", "--field", deb.toString(), "Depends"))
        .matches("libc6 \\(>= 2\\.\\d+\\)\n");
  }

  @Test
  void tarballRunsWhereItIsUnpacked() throws Exception {
    String tarball = packaged("tar");
    lab.output("tar", "-xzf", tarball);
    String folder = Path.of(tarball).getFileName().toString().replace("-linux-x86_64.tar.gz", "");

    // With AOTMode=on a cache that does not fit its place is an error, not a slow start.
    String version =
        lab.output(
            "env",
            "JDK_JAVA_OPTIONS=-XX:AOTMode=on",
            lab.path(folder) + "/bin/millrace",
            "version");

    assertThat(version).contains("Millrace " + folder.substring("millrace-".length()) + " (JDK");
  }

  private static String packaged(String kind) throws Exception {
    String image = MillraceServer.PROGRAM.getParent().getParent().toString();
    return lab.output(PACKAGE.toString(), image, lab.folder().toString(), kind).strip();
  }
}
