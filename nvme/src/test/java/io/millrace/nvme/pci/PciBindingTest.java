package io.millrace.nvme.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PciBindingTest {
  private static final String DRIVE = "0000:01:00.0";
  private static final String MATE = "0000:01:00.1";
  private static final PciAddress ADDRESS = PciAddress.parse(DRIVE);

  @TempDir Path root;
  private MadeUpMachine machine;
  private PciBinding binding;

  @BeforeEach
  void machineWithOneDrive() throws IOException {
    machine = new MadeUpMachine(root);
    machine.function(DRIVE, MadeUpMachine.NVME_CLASS, "nvme", 5);
    machine.disk(DRIVE, "nvme0n1", "nvme0n1", "259:0");
    binding = new PciBinding(machine.files, machine, Duration.ZERO);
  }

  private List<String> bind(PciAddress... addresses) throws IOException {
    List<String> done = new ArrayList<>();
    binding.bind(Set.of(addresses), done::add);
    return done;
  }

  private void refusal(String message) throws IOException {
    assertThatThrownBy(() -> bind(ADDRESS)).isInstanceOf(IOException.class).hasMessage(message);
    assertThat(driverOf(DRIVE)).isEqualTo("nvme");
    assertThat(machine.override(DRIVE)).isEqualTo("(null)\n");
  }

  private @Nullable String driverOf(String address) throws IOException {
    return machine.functions().find(PciAddress.parse(address)).driver();
  }

  @Test
  void freeDriveGoesToVfioAndBack() throws IOException {
    assertThat(bind(ADDRESS)).containsExactly("0000:01:00.0: nvme -> vfio-pci");
    assertThat(driverOf(DRIVE)).isEqualTo("vfio-pci");
    assertThat(machine.override(DRIVE)).isEqualTo("vfio-pci\n");

    assertThat(binding.unbind(ADDRESS)).isEqualTo("0000:01:00.0: vfio-pci -> nvme");
    assertThat(driverOf(DRIVE)).isEqualTo("nvme");
    assertThat(machine.override(DRIVE)).isEqualTo("(null)\n");
  }

  @Test
  void driveWithoutDriverGoesToVfio() throws IOException {
    machine.function("0000:02:00.0", MadeUpMachine.NVME_CLASS, "", 6);

    assertThat(bind(PciAddress.parse("02:00.0")))
        .containsExactly("0000:02:00.0: no driver -> vfio-pci");
  }

  @Test
  void driveThatIsThereAlreadyStays() throws IOException {
    bind(ADDRESS);

    assertThat(bind(ADDRESS)).containsExactly("0000:01:00.0: vfio-pci has it already");
    binding.unbind(ADDRESS);
    assertThat(binding.unbind(ADDRESS)).isEqualTo("0000:01:00.0: driver nvme has it already");
  }

  @Test
  void driveInUseIsRefusedWithAllItsUses() throws IOException {
    machine.mount("30 22 259:0 / /data rw - ext4 /dev/nvme0n1 rw");
    machine.mount("31 22 259:0 / /more rw - ext4 /dev/nvme0n1 rw");

    refusal(
        "0000:01:00.0 is in use: nvme0n1 mounted at /data, nvme0n1 mounted at /more; end that first");
  }

  @Test
  void driveWithoutIommuIsRefused() throws IOException {
    machine.function("0000:02:00.0", MadeUpMachine.NVME_CLASS, "nvme", -1);

    assertThatThrownBy(() -> bind(PciAddress.parse("02:00.0")))
        .hasMessage(
            "0000:02:00.0 has no IOMMU group; switch the IOMMU on: VT-d or AMD-Vi in the firmware,"
                + " and intel_iommu=on on the kernel's command line");
    assertThat(driverOf("0000:02:00.0")).isEqualTo("nvme");
  }

  @Test
  void driveInGroupWithAnothersFunctionIsRefused() throws IOException {
    machine.driver("e1000e");
    machine.function(MATE, "0x020000", "e1000e", 5);

    refusal(
        "0000:01:00.0 shares IOMMU group 5 with 0000:01:00.1, which is with driver e1000e, and a"
            + " group goes as a whole; put the drive into another slot");
  }

  @Test
  void bridgeAndDriverlessFunctionInTheGroupDoNotMatter() throws IOException {
    machine.driver("pcieport");
    machine.function("0000:00:01.0", "0x060400", "pcieport", 5);
    machine.function(MATE, "0x020000", "", 5);

    assertThat(bind(ADDRESS)).hasSize(1);
  }

  @Test
  void drivesOfOneGroupGoTogether() throws IOException {
    machine.function(MATE, MadeUpMachine.NVME_CLASS, "nvme", 5);

    refusal(
        "0000:01:00.0 shares IOMMU group 5 with 0000:01:00.1, which is with driver nvme, and a"
            + " group goes as a whole; give both: millrace nvme bind 0000:01:00.0 0000:01:00.1");
    assertThat(bind(ADDRESS, PciAddress.parse(MATE)))
        .containsExactly("0000:01:00.0: nvme -> vfio-pci", "0000:01:00.1: nvme -> vfio-pci");
  }

  @Test
  void nothingMovesWhenOneOfThemMustNot() throws IOException {
    machine.function(MATE, MadeUpMachine.NVME_CLASS, "nvme", 5);
    machine.disk(MATE, "nvme1n1", "nvme1n1", "259:5");
    machine.swap("/dev/nvme1n1 partition 1 0 -2");

    assertThatThrownBy(() -> bind(ADDRESS, PciAddress.parse(MATE)))
        .hasMessage("0000:01:00.1 is in use: nvme1n1 used as swap; end that first");
    assertThat(driverOf(DRIVE)).isEqualTo("nvme");
  }

  @Test
  void functionThatIsNoDriveIsRefused() throws IOException {
    machine.function("0000:02:00.0", "0x030000", "", 6);

    assertThatThrownBy(() -> bind(PciAddress.parse("02:00.0")))
        .hasMessage(
            "0000:02:00.0 is no NVMe controller: its class is 0x030000, not 0x010802; millrace nvme"
                + " list shows them");
  }

  @Test
  void kernelWithoutVfioIsAskedToLoadIt() throws IOException {
    machine.removeDriver("vfio-pci");
    refusal("the kernel has no driver vfio-pci; load it: modprobe vfio-pci");

    machine.loadable.add("vfio-pci");
    bind(ADDRESS);

    assertThat(machine.loaded).contains("vfio-pci", "vfio_iommu_type1");
    assertThat(driverOf(DRIVE)).isEqualTo("vfio-pci");
  }

  @Test
  void driveThatVfioDoesNotTakeGoesBack() throws IOException {
    machine.failing.add("vfio-pci");

    refusal("0000:01:00.0: vfio-pci did not take it within 0 s; the kernel's log (dmesg) says why");
  }

  @Test
  void driveWhoseDriverDoesNotLetGoStays() throws IOException {
    machine.readOnly = "unbind";

    refusal("cannot write " + machine.files.driver("nvme").resolve("unbind") + ": run as root");
  }

  @Test
  void whoMayNotWriteSysfsIsTold() throws IOException {
    machine.readOnly = "driver_override";

    refusal(
        "cannot write "
            + machine.files.function(ADDRESS).resolve("driver_override")
            + ": run as root");
  }

  @Test
  void driveThatSomebodyTakesJustNowIsRefused() throws IOException {
    machine.onClaim = () -> machine.claimed.add("nvme0n1"); // after the look at it

    refusal("0000:01:00.0 is in use just now: nvme0n1");
  }

  @Test
  void disksAreClaimedWhileTheyGoAndNotLonger() throws IOException {
    bind(ADDRESS);

    assertThat(machine.claims).hasSize(2).allMatch(claim -> claim.toString().equals("closed fd"));
  }

  @Test
  void driverThatComesLateIsWaitedFor() throws IOException {
    machine.probesLate = true;
    binding = new PciBinding(machine.files, machine, Duration.ofSeconds(60));

    assertThat(bind(ADDRESS)).containsExactly("0000:01:00.0: nvme -> vfio-pci");
    assertThat(binding.unbind(ADDRESS)).isEqualTo("0000:01:00.0: vfio-pci -> nvme");
  }

  @Test
  void driveOfRunningProgramIsNotTakenFromIt() throws IOException {
    bind(ADDRESS);
    machine.process(4711, "java", "/dev/vfio/5");

    assertThatThrownBy(() -> binding.unbind(ADDRESS))
        .hasMessage("0000:01:00.0 is in use: process 4711 (java); end that first");
    assertThat(driverOf(DRIVE)).isEqualTo("vfio-pci");
    assertThat(machine.override(DRIVE)).isEqualTo("vfio-pci\n");
  }

  @Test
  void driveOfProgramThatCannotBeLookedIntoIsNotTakenFromIt() throws IOException {
    bind(ADDRESS);
    machine.claimed.add("5");

    assertThatThrownBy(() -> binding.unbind(ADDRESS))
        .hasMessage("0000:01:00.0 is in use by a program that has IOMMU group 5; end that first");
    assertThat(driverOf(DRIVE)).isEqualTo("vfio-pci");
  }

  @Test
  void driveThatNoDriverTakesBackIsSaidToBeFree() throws IOException {
    bind(ADDRESS);
    machine.failing.add("nvme");

    assertThatThrownBy(() -> binding.unbind(ADDRESS))
        .hasMessage(
            "0000:01:00.0: no driver took it within 0 s; the kernel's log (dmesg) says why");
    assertThat(machine.override(DRIVE)).isEqualTo("(null)\n");
  }
}
