package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.nvme.pci.PciAddress;
import io.millrace.nvme.pci.PciFunction;
import io.millrace.nvme.pci.PciFunctions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

class NvmeCommandTest {
  private static final NvmeListCommand.Listed MOUNTED =
      new NvmeListCommand.Listed(
          function("0000:01:00.0", "nvme", 5, List.of(PciAddress.parse("01:00.1")), 1),
          List.of("nvme0n1p1 mounted at /boot", "nvme0n1p2 used as swap"));
  private static final NvmeListCommand.Listed BARE =
      new NvmeListCommand.Listed(function("10000:e1:00.0", null, null, List.of(), -1), List.of());

  private static PciFunction function(
      String address, String driver, Integer group, List<PciAddress> mates, int node) {
    return new PciFunction(
        PciAddress.parse(address),
        0x1b36,
        0x0010,
        PciFunctions.NVME_CLASS,
        driver,
        group,
        mates,
        node);
  }

  @Test
  void tableHasALineForEachControllerAndDashesForWhatThereIsNot() {
    assertThat(NvmeListCommand.table(List.of(MOUNTED, BARE)).lines())
        .containsExactly(
            "ADDRESS        IDS        DRIVER  GROUP  NODE  IN USE BY",
            "0000:01:00.0   1b36:0010  nvme    5      1     nvme0n1p1 mounted at /boot, nvme0n1p2"
                + " used as swap",
            "10000:e1:00.0  1b36:0010  -       -      -     -");
  }

  @Test
  void machineWithoutControllersIsSaidToHaveNone() {
    assertThat(NvmeListCommand.table(List.of())).isEqualToIgnoringNewLines("no NVMe controllers");
    assertThat(NvmeListCommand.json(List.of())).isEqualToIgnoringWhitespace("[]");
  }

  @Test
  void jsonHasAllOfIt() {
    assertThat(new JsonMapper().readTree(NvmeListCommand.json(List.of(MOUNTED, BARE))))
        .hasToString(
            """
            [{"address":"0000:01:00.0","vendor_id":6966,"device_id":16,"driver":"nvme",\
            "iommu_group":5,"iommu_group_others":["0000:01:00.1"],"numa_node":1,\
            "in_use_by":["nvme0n1p1 mounted at /boot","nvme0n1p2 used as swap"]},\
            {"address":"10000:e1:00.0","vendor_id":6966,"device_id":16,"driver":null,\
            "iommu_group":null,"iommu_group_others":[],"numa_node":-1,"in_use_by":[]}]\
            """);
  }

  @Test
  void listOfThisMachineIsPrinted() {
    Cli cli = Cli.run("nvme", "list");

    assertThat(cli.exitCode()).as(cli.err()).isZero();
    assertThat(cli.out()).matches("(?s)(ADDRESS .*|no NVMe controllers\\R)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "nvme|millrace nvme: which command? list, id, health, bind or unbind (see millrace nvme --help)",
        "nvme lsit|millrace nvme: Unmatched argument at index 0: 'lsit'",
        "nvme list --output-format=xml|millrace nvme list: Invalid value for option",
        "nvme bind|millrace nvme bind: Missing required parameter: 'ADDRESS'",
        "nvme bind 01:00.0 1:0|millrace nvme bind: '1:0' is no PCI address; one looks like",
        "nvme unbind x|millrace nvme unbind: 'x' is no PCI address; one looks like 0000:01:00.0",
      })
  void wrongCommandLineIsOneLineAndExitCode2(String line, String message) {
    Cli cli = Cli.run(line.split(" ", -1));

    assertThat(cli.exitCode()).as(cli.err()).isEqualTo(2);
    assertThat(cli.err()).startsWith(message).hasLineCount(1);
    assertThat(cli.out()).isEmpty();
  }

  @Test
  void functionThatIsNotThereFailsWithOneLine() {
    Cli cli = Cli.run("nvme", "bind", "ffff:ff:1f.7");

    assertThat(cli.exitCode()).isEqualTo(1);
    assertThat(cli.err())
        .isEqualToIgnoringNewLines(
            "millrace nvme bind: there is no PCI function ffff:ff:1f.7; millrace nvme list shows"
                + " NVMe controllers");
  }
}
