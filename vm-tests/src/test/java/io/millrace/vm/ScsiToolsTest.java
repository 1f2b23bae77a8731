package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.vm.Transcript.Area;
import io.millrace.vm.Transcript.Section;
import io.millrace.vm.Transcript.Step;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every SCSI command by a tool of sg3_utils, in one Linux guest with two controllers for one disk.
 * What a tool has to print, to the letter, and why, is in the transcripts of {@code
 * src/test/resources/io/millrace/vm/scsi}; {@code docs/scsi.md} has its proofs from their headings.
 */
class ScsiToolsTest {
  @RegisterExtension static final Lab LAB = new Lab();

  private static final Transcript TRANSCRIPT =
      Transcript.of(Lab.MODULE.resolve("src/test/resources/io/millrace/vm/scsi"));

  /** A row of sg_opcodes: operation code, service action if any, bytes of the CDB, and more. */
  private static final Pattern LISTED =
      Pattern.compile(" +(\\p{XDigit}{2} +(?:\\p{XDigit}{1,2} +)?\\d+) +\\d,\\d .*");

  /** What another version prints may differ: then the transcripts are to be compared anew. */
  private static final String DEBIAN_12 = "Debian 12's, 1.46: 'Version string: 2.10 20210328'";

  private static final int BLOCK = 512;
  private static final int BLOCKS = 32768;

  private static final String CONFIGURATION =
      """
      {"subsystems": [
        {"subsystem": "bdev", "config": [
          {"method": "bdev_aio_create", "params": {
            "name": "disk", "filename": "disk.img", "block_size": 512, "fallocate": true,
            "uuid": "4d696c6c-7261-4365-8053-435349746f6f"}}]},
        {"subsystem": "vhost_scsi", "config": [
          {"method": "vhost_create_scsi_controller", "params": {"ctrlr": "vm0.sock"}},
          {"method": "vhost_scsi_controller_add_target", "params": {
            "ctrlr": "vm0.sock", "scsi_target_num": 0, "bdev_name": "disk"}},
          {"method": "vhost_create_scsi_controller", "params": {"ctrlr": "vm1.sock"}},
          {"method": "vhost_scsi_controller_add_target", "params": {
            "ctrlr": "vm1.sock", "scsi_target_num": 0, "bdev_name": "disk"}}]}]}
      """;

  // Without randomized addresses QEMU translates each program once, and not each time it runs.
  // Functions and not the commands of init's tools, which take a shell more for each call.
  private static final String SCRIPT =
      """
      echo 0 >/proc/sys/kernel/randomize_va_space
      modules sd_mod sg virtio_scsi
      for disk in sda sdb sg0 sg1 vda; do await_file /dev/$disk; done
      for host in 0 1; do
        equal "sg$host" $host:0:0:0 "$(ls /sys/class/scsi_generic/sg$host/device/scsi_device)"
      done
      mkdir /tmp/tools /tmp/work
      cd /tmp/work
      pass "a mount of the disk with sg3_utils" mount -t ext4 -o ro,noload /dev/vda /tmp/tools
      for tool in /tmp/tools/bin/*; do
        eval "${tool##*/}() { /tmp/tools/lib/ld.so --library-path /tmp/tools/lib $tool \\"\\$@\\"; }"
      done
      say "INFO sg_inq $(sg_inq --version 2>&1)"
      text() { yes "$1" | head -c $(($2 * 512)); }

      tracing=/sys/kernel/tracing
      pass "a mount of the kernel's trace" mount -t tracefs tracefs $tracing
      echo 1 >$tracing/events/scsi/scsi_dispatch_cmd_start/enable
      section() { echo "section $1" >$tracing/trace_marker; }
      run() {
        local code=0
        say "RUN $1"
        (eval "$2") >&3 2>&1 </dev/null || code=$?
        printf '\\nEXIT %s %s\\n' $1 $code >&3
      }
      """
          + TRANSCRIPT.script()
          + """
          sed -n 's/.*: section /SECTION /p; s/.*scsi_dispatch_cmd_start.* raw=\\(.*\\))/CDB \\1/p' \\
            $tracing/trace >&3
          """;

  private static Path image;
  private static byte[] before;
  private static List<String> report;
  private static String version;

  @BeforeAll
  static void guestRunsEveryTool() throws Exception {
    image = LAB.image("disk.img", (long) BLOCKS * BLOCK);
    SectorPattern.fill(image, 0, (long) BLOCKS * BLOCK, 1, 1);
    before = Files.readAllBytes(image);
    Files.writeString(LAB.path("config.json"), CONFIGURATION);
    Files.createDirectory(LAB.path("state"));
    MillraceServer server =
        MillraceServer.serve(
            LAB,
            List.of(
                "--config=config.json",
                "--state=state",
                "--blk=tools.sock=" + GuestImage.run("sg3.sh") + ",readonly"),
            List.of("vm0.sock", "vm1.sock", "tools.sock"));
    Guest guest =
        Guest.named("guest")
            .scsi("vm0.sock", 2)
            .scsi("vm1.sock", 2)
            .disk("tools.sock", 1)
            .script(SCRIPT)
            .start(LAB);
    guest.awaitEnd();
    report = guest.report();
    version = guest.info("sg_inq");
    assertThat(server.terminate()).isZero();
  }

  static Stream<Section> sections() {
    return TRANSCRIPT.sections().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("sections")
  void aToolPrintsWhatTheStandardSays(Section section) {
    assertThat(section.text(step -> Transcript.printed(report, step)))
        .as(
            "by the sg3_utils whose sg_inq says '%s'; the transcripts are of %s",
            version, DEBIAN_12)
        .isEqualTo(section.text(Step::expected));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("sections")
  void theCommandsOfASectionAreWhatItsToolsSent(Section section) throws IOException {
    List<byte[]> sent = Transcript.sent(report, section);

    for (String subject : section.subjects()) {
      assertThat(command(subject)).as(subject).isNotNull();
      assertThat(sent).as(subject).anyMatch(command(subject)::isOf);
    }
    for (String tool : section.tools()) {
      assertThat(section.steps()).as(tool).anyMatch(step -> step.command().contains(tool + " "));
    }
  }

  private static ScsiReference.Command command(String name) throws IOException {
    return ScsiReference.commands().stream()
        .filter(command -> command.name().equals(name))
        .findFirst()
        .orElse(null);
  }

  @Test
  void everyCommandOfTheReferenceGoesThroughATool() throws IOException {
    List<String> proved = sections().flatMap(section -> section.subjects().stream()).toList();

    assertThat(ScsiReference.commands())
        .hasSizeGreaterThan(60)
        .allMatch(command -> proved.contains(command.name()));
  }

  @Test
  void everyCommandOfTheReferenceIsReportedAsSupportedAndNoneElse() throws IOException {
    Step listing =
        sections()
            .flatMap(section -> section.steps().stream())
            .filter(step -> step.command().equals("sg_opcodes /dev/sg0"))
            .findFirst()
            .orElseThrow();

    List<String> listed =
        Transcript.printed(report, listing).stream()
            .map(LISTED::matcher)
            .filter(Matcher::matches)
            .map(row -> row.group(1).replaceAll(" +", " "))
            .toList();

    assertThat(listed)
        .containsExactlyInAnyOrderElementsOf(
            ScsiReference.commands().stream().map(ScsiReference.Command::listed).toList());
  }

  @Test
  void theImageHoldsWhatTheToolsWroteAndElseWhatItHeld() throws IOException {
    byte[] expected = before.clone();
    sections().flatMap(section -> section.areas().stream()).forEach(area -> put(area, expected));

    byte[] holds = Files.readAllBytes(image);

    assertThat(holds).hasSameSizeAs(expected);
    int different = Arrays.mismatch(expected, holds);
    assertThat(different)
        .as("the first byte that differs, in block %d", different / BLOCK)
        .isEqualTo(-1);
  }

  private static void put(Area area, byte[] into) {
    byte[] line = (area.text() + "\n").getBytes(StandardCharsets.UTF_8);
    boolean zeroes = area.text().equals("zeroes");
    int from = area.first() * BLOCK;
    for (int at = from; at < (area.last() + 1) * BLOCK; at++) {
      int within = area.each() ? (at - from) % BLOCK : at - from;
      into[at] = zeroes ? 0 : line[within % line.length];
    }
  }
}
