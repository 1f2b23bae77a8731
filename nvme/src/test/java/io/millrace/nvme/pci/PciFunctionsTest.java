package io.millrace.nvme.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PciFunctionsTest {
  private static final String DRIVE = "0000:01:00.0";
  private static final PciAddress ADDRESS = PciAddress.parse(DRIVE);

  @TempDir Path root;
  private MadeUpMachine machine;

  @BeforeEach
  void machineWithOneDrive() throws IOException {
    machine = new MadeUpMachine(root);
    machine.function(DRIVE, MadeUpMachine.NVME_CLASS, "nvme", 5);
    machine.disk(DRIVE, "nvme0n1", "nvme0n1", "259:0");
    machine.partition("nvme0n1", "nvme0n1p1", "259:1");
  }

  private Iterable<String> uses() throws IOException {
    return machine.functions().uses(machine.functions().find(ADDRESS));
  }

  @Test
  void nvmeControllersAreListedAndNothingElse() throws IOException {
    machine.function("0000:00:1f.2", "0x010601", "", 3);
    machine.function("0000:02:00.0", MadeUpMachine.NVME_CLASS, "", -1);

    assertThat(machine.functions().nvme())
        .extracting(PciFunction::address)
        .containsExactly(ADDRESS, PciAddress.parse("02:00.0"));
  }

  @Test
  void machineWithoutPciHasNone() throws IOException {
    MadeUpMachine bare = new MadeUpMachine(root.resolve("bare"));
    Files.delete(bare.files.sys().resolve("bus/pci/devices"));

    assertThat(bare.functions().nvme()).isEmpty();
  }

  @Test
  void functionIsWhatSysfsSays() throws IOException {
    machine.function("0000:01:00.1", "0x030000", "", 5);
    Files.writeString(machine.files.function(ADDRESS).resolve("numa_node"), "1\n");

    PciFunction function = machine.functions().find(ADDRESS);

    assertThat(function.ids()).isEqualTo("1b36:0010");
    assertThat(function.classCode()).isEqualTo(PciFunctions.NVME_CLASS);
    assertThat(function.driver()).isEqualTo("nvme");
    assertThat(function.iommuGroup()).isEqualTo(5);
    assertThat(function.groupMates()).containsExactly(PciAddress.parse("01:00.1"));
    assertThat(function.numaNode()).isEqualTo(1);
  }

  @Test
  void functionWithoutDriverAndIommuHasNone() throws IOException {
    machine.function("0000:02:00.0", MadeUpMachine.NVME_CLASS, "", -1);

    PciFunction function = machine.functions().find(PciAddress.parse("02:00.0"));

    assertThat(function.driver()).isNull();
    assertThat(function.iommuGroup()).isNull();
    assertThat(function.groupMates()).isEmpty();
  }

  @Test
  void functionThatIsNotThereIsSaid() {
    assertThatThrownBy(() -> machine.functions().find(PciAddress.parse("7f:00.0")))
        .hasMessage(
            "there is no PCI function 0000:7f:00.0; millrace nvme list shows NVMe controllers");
  }

  @Test
  void freeDriveIsUsedByNobody() throws IOException {
    assertThat(uses()).isEmpty();
  }

  @Test
  void mountIsFoundByTheNumberOfItsDevice() throws IOException {
    machine.mount("30 22 259:1 / /boot rw,relatime shared:1 - ext4 /dev/root rw");
    machine.mount("31 22 259:10 / /other rw - ext4 /dev/nvme0n10 rw");

    assertThat(uses()).containsExactly("nvme0n1p1 mounted at /boot");
  }

  @Test
  void mountOfFileSystemsWithNumbersOfTheirOwnIsFoundBySource() throws IOException {
    machine.mount("30 22 0:40 / /data rw - btrfs /dev/nvme0n1 rw");

    assertThat(uses()).containsExactly("nvme0n1 mounted at /data");
  }

  @Test
  void swapIsFound() throws IOException {
    machine.swap("/dev/nvme0n1p1                          partition\t1048572\t0\t-2");
    machine.swap("/dev/nvme0n1p10                         partition\t1048572\t0\t-2");

    assertThat(uses()).containsExactly("nvme0n1p1 used as swap");
  }

  @Test
  void holdersOfDiskAndPartitionAreFound() throws IOException {
    Files.createDirectory(machine.block("nvme0n1").resolve("holders/dm-0"));
    Files.createDirectory(machine.block("nvme0n1").resolve("nvme0n1p1/holders/md127"));

    assertThat(uses()).containsExactly("nvme0n1 held by dm-0", "nvme0n1p1 held by md127");
  }

  @Test
  void diskThatIsClaimedAndNothingSaysByWhomIsInUse() throws IOException {
    machine.claimed.add("nvme0n1");

    assertThat(uses()).containsExactly("nvme0n1 opened for exclusive use");
  }

  @Test
  void diskWithoutFileIsNotTakenForClaimed() throws IOException {
    Files.delete(machine.files.dev().resolve("nvme0n1")); // as in a container

    assertThat(uses()).isEmpty();
  }

  @Test
  void usesOfDiskWithSeveralPathsAreThoseOfItsHead() throws IOException {
    machine.function("0000:03:00.0", MadeUpMachine.NVME_CLASS, "nvme", 7);
    machine.disk("0000:03:00.0", "nvme3c1n2", "nvme3n2", "259:7");
    machine.mount("30 22 259:7 / /srv rw - xfs /dev/nvme3n2 rw");

    PciFunction function = machine.functions().find(PciAddress.parse("03:00.0"));

    assertThat(machine.functions().uses(function)).containsExactly("nvme3n2 mounted at /srv");
  }

  @Test
  void functionWithVfioIsUsedByTheProcessesThatHaveItsGroup() throws IOException {
    machine.function("0000:04:00.0", MadeUpMachine.NVME_CLASS, "vfio-pci", 9);
    machine.process(4711, "java", "/dev/vfio/9");
    machine.process(4712, "java", "/dev/vfio/99");

    PciFunction function = machine.functions().find(PciAddress.parse("04:00.0"));

    assertThat(machine.functions().uses(function)).containsExactly("process 4711 (java)");
  }
}
