package io.millrace.nvme.qtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.Mapping;
import io.millrace.linux.OpenFlag;
import io.millrace.linux.RawMemory;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.nvme.pci.DmaSpace;
import io.millrace.nvme.pci.PciDevice;
import io.millrace.nvme.pci.Registers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QtestPciDeviceTest {
  private static final int CAP = 0;
  private static final int VS = 8;
  private static final int CC = 0x14;
  private static final int CSTS = 0x1c;
  private static final int AQA = 0x24;
  private static final int ASQ = 0x28;
  private static final int ACQ = 0x30;
  private static final int ENABLE = 4 << 20 | 6 << 16 | 1;
  private static final long DISK = 1 << 20;
  private static final long GUEST = 8 << 20;

  @TempDir Path directory;
  private EmulatedMachine qemu;

  @AfterEach
  void end() {
    if (qemu != null) {
      qemu.close();
    }
  }

  @Test
  void theControllerIsFoundAndItsRegistersAreRead() throws Exception {
    qemu = EmulatedMachine.in(directory).nvme("n0", DISK).start();

    try (PciDevice device = QtestPciDevice.open(directory, null)) {
      Registers registers = device.registers(0);

      assertThat(device.name()).isEqualTo(directory + ":00:01.0");
      assertThat(device.readConfig(PciDevice.CONFIG_CLASS) >>> 8).isEqualTo(0x010802);
      assertThat(registers.bytes()).isEqualTo(16384);
      assertThat(registers.read32(VS)).isEqualTo(0x00010400);
      assertThat(registers.read64(CAP) & 0xffff).isEqualTo(2047);
      assertThat((int) (registers.read64(CAP) >>> 32))
          .isNotZero()
          .isEqualTo(registers.read32(CAP + 4));
      assertThat(device.enableInterrupts(4)).isEmpty();
      assertThat(device.isGone()).isFalse();
    }
  }

  @Test
  void registersAndConfigurationSpaceKeepWhatIsWritten() throws Exception {
    qemu = EmulatedMachine.in(directory).nvme("n0", DISK).start();

    try (PciDevice device = QtestPciDevice.open(directory, "0000:00:01.0")) {
      Registers registers = device.registers(0);
      registers.write64(ASQ, 0x1_2345_6000L);
      registers.write32(AQA, 0x001f_000f);
      device.writeConfig(PciDevice.CONFIG_COMMAND, PciDevice.COMMAND_MEMORY);

      assertThat(registers.read64(ASQ)).isEqualTo(0x1_2345_6000L);
      assertThat(registers.read32(AQA)).isEqualTo(0x001f_000f);
      assertThat(device.readConfig(PciDevice.CONFIG_COMMAND) & 0xffff)
          .isEqualTo(PciDevice.COMMAND_MEMORY);
    }
  }

  @Test
  void whatAnEarlierUserWroteIsForgotten() throws Exception {
    qemu = EmulatedMachine.in(directory).nvme("n0", DISK).start();
    try (PciDevice device = QtestPciDevice.open(directory, null)) {
      Registers registers = device.registers(0);
      registers.write32(AQA, 0x001f_001f);
      registers.write64(ASQ, 0x10_0000);
      registers.write64(ACQ, 0x11_0000);
      registers.write32(CC, ENABLE);
      assertThat(registers.read32(CSTS)).isEqualTo(1);
    }

    try (PciDevice device = QtestPciDevice.open(directory, null)) {
      assertThat(device.registers(0).read32(CSTS)).isZero();
      assertThat(device.registers(0).read32(VS)).isEqualTo(0x00010400);
    }
  }

  @Test
  void twoControllersOfOneMachineAreUsedTogether() throws Exception {
    qemu = EmulatedMachine.in(directory).nvme("n0", DISK).nvme("n1", DISK).start();

    try (PciDevice one = QtestPciDevice.open(directory, "00:01.0");
        PciDevice two = QtestPciDevice.open(directory, "00:02.0")) {
      one.registers(0).write32(AQA, 0x0001_0001);
      two.registers(0).write32(AQA, 0x0002_0002);

      assertThat(one.registers(0).read32(AQA)).isEqualTo(0x0001_0001);
      assertThat(two.registers(0).read32(AQA)).isEqualTo(0x0002_0002);
    }
  }

  @Test
  void controllersBehindRootPortsAreFound() throws Exception {
    qemu =
        EmulatedMachine.in(directory)
            .arguments("-device", "pcie-root-port,id=p1,chassis=1,slot=1")
            .arguments("-device", "pcie-root-port,id=p2,chassis=2,slot=2")
            .nvme("n0", DISK, ",bus=p1")
            .nvme("n1", DISK, ",bus=p2")
            .start();

    try (PciDevice one = QtestPciDevice.open(directory, null);
        PciDevice two = QtestPciDevice.open(directory, "02:00.0")) {
      two.registers(0).write32(AQA, 0x0002_0002);

      assertThat(one.name()).endsWith(":01:00.0");
      assertThat(one.registers(0).read32(VS)).isEqualTo(0x00010400);
      assertThat(one.registers(0).read32(AQA)).isZero();
      assertThat(two.registers(0).read32(AQA)).isEqualTo(0x0002_0002);
    }
  }

  @Test
  void allocatedMemoryIsTheMachinesOwn() throws Exception {
    qemu = EmulatedMachine.in(directory).machine("pc").nvme("n0", DISK).start();

    try (PciDevice device = QtestPciDevice.open(directory, null);
        DmaMemory first = device.dma().allocate(1);
        DmaMemory second = device.dma().allocate(8192)) {
      RawMemory.putLong(second.address() + 8184, 0x1122_3344_5566_7788L);

      assertThat(first.bytes()).isEqualTo(4096);
      assertThat(second.iova()).isEqualTo(first.iova() + 4096);
      assertThat(qemu.physicalMemory(second.iova() + 8184, 8))
          .containsExactly(0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11);
      assertThat(device.dma().map(second.address(), 8192)).isEqualTo(second.iova());
    }
  }

  @Test
  void givenBackMemoryIsGivenOutAgainZeroed() throws Exception {
    qemu = EmulatedMachine.in(directory).nvme("n0", DISK).start();

    try (PciDevice device = QtestPciDevice.open(directory, null)) {
      DmaMemory old = device.dma().allocate(4096);
      RawMemory.putLong(old.address(), -1);
      old.close();
      old.close();
      DmaMemory fresh = device.dma().allocate(4096);

      assertThat(fresh.iova()).isEqualTo(old.iova());
      assertThat(RawMemory.getLong(fresh.address())).isZero();
      assertThatThrownBy(() -> device.dma().allocate(64 << 20))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no 67108864 bytes of memory left");
    }
  }

  @Test
  void aGuestsMemoryIsReachedWhereItIsPluggedIn() throws Exception {
    Path file = directory.resolve("guest");
    qemu = EmulatedMachine.in(directory).nvme("n0", DISK).guestMemory(file, GUEST).start();

    try (PciDevice device = QtestPciDevice.open(directory, null);
        Mapping part = map(file, 1 << 20, 1 << 20)) {
      long iova = device.dma().map(part.address() + 4096, 8192);
      RawMemory.putLong(part.address() + 4096, 0x0102_0304_0506_0708L);

      assertThat(iova).isEqualTo(0x1_0000_0000L + (1 << 20) + 4096);
      assertThat(qemu.physicalMemory(iova, 8)).containsExactly(8, 7, 6, 5, 4, 3, 2, 1);
      assertThat(device.dma().map(part.address() + (1 << 20) - 4096, 8192))
          .isEqualTo(DmaSpace.NOT_REACHABLE);
    }
  }

  @Test
  void whatIsMappedOfAFileBeyondThePluggedPartIsNotReached() throws Exception {
    Path file = directory.resolve("guest");
    try (FileDescriptor fd = LinuxFiles.open(file, OpenFlag.READ_WRITE, OpenFlag.CREATE)) {
      LinuxFiles.truncate(fd, 2 * GUEST);
    }
    qemu = EmulatedMachine.in(directory).nvme("n0", DISK).guestMemory(file, GUEST).start();

    try (PciDevice device = QtestPciDevice.open(directory, null);
        Mapping all = map(file, 0, 2 * GUEST)) {
      assertThat(device.dma().map(all.address(), GUEST)).isEqualTo(0x1_0000_0000L);
      assertThat(device.dma().map(all.address(), GUEST + 4096)).isEqualTo(DmaSpace.NOT_REACHABLE);
    }
  }

  @Test
  void memoryPluggedInLaterIsReachedAndOtherMemoryIsNot() throws Exception {
    Path file = directory.resolve("late");
    qemu = EmulatedMachine.in(directory).nvme("n0", DISK).start();

    try (PciDevice device = QtestPciDevice.open(directory, null);
        Mapping anonymous = Mapping.anonymous(4096, false)) {
      assertThat(device.dma().map(anonymous.address(), 4096)).isEqualTo(DmaSpace.NOT_REACHABLE);

      Map<String, Object> backend =
          Map.of(
              "qom-type",
              "memory-backend-file",
              "id",
              "late",
              "share",
              true,
              "size",
              128 << 20,
              "mem-path",
              file.toString());
      qemu.qmp("object-add", backend);
      qemu.qmp("device_add", Map.of("driver", "pc-dimm", "memdev", "late", "id", "dimm"));
      try (Mapping late = map(file, 0, GUEST)) {
        assertThat(device.dma().map(late.address(), GUEST)).isGreaterThanOrEqualTo(1L << 32);
      }
    }
  }

  @Test
  void aKilledMachineReadsAsOnesAndThrowsNothing() throws Exception {
    qemu = EmulatedMachine.in(directory).nvme("n0", DISK).start();

    try (PciDevice device = QtestPciDevice.open(directory, null)) {
      Registers registers = device.registers(0);
      qemu.kill();
      registers.write32(AQA, 1);

      assertThat(registers.read32(VS)).isEqualTo(-1);
      assertThat(registers.read64(CAP)).isEqualTo(-1);
      assertThat(device.readConfig(PciDevice.CONFIG_ID)).isEqualTo(-1);
      assertThat(device.isGone()).isTrue();
    }
  }

  @Test
  void aMachineThatDoesNotAnswerCountsAsGone() throws Exception {
    qemu = EmulatedMachine.in(directory).nvme("n0", DISK).start();
    long answerNanos = TimeUnit.MILLISECONDS.toNanos(500);

    try (PciDevice device =
        QtestPciDevice.open(QtestMachine.connect(directory, answerNanos), null)) {
      Registers registers = device.registers(0);
      qemu.stopResponding();

      assertThat(registers.read32(VS)).isEqualTo(-1);
      qemu.respondAgain();
      assertThat(registers.read32(VS)).isEqualTo(-1);
      assertThat(device.isGone()).isTrue();
    }
  }

  @Test
  void aMachineThatStopsReadingHoldsAWriterUpOnce() throws Exception {
    qemu = EmulatedMachine.in(directory).nvme("n0", DISK).start();
    long answerNanos = TimeUnit.MILLISECONDS.toNanos(500);

    try (PciDevice device =
        QtestPciDevice.open(QtestMachine.connect(directory, answerNanos), null)) {
      Registers registers = device.registers(0);
      qemu.stopResponding();
      long start = System.nanoTime();
      for (int i = 0; i < 20_000; i++) {
        registers.write32(AQA, i);
      }

      assertThat(device.isGone()).isTrue();
      assertThat(System.nanoTime() - start).isGreaterThan(answerNanos).isLessThan(9 * answerNanos);
    }
  }

  @Test
  void moreWritesThanTheSocketHoldsAreAllDone() throws Exception {
    qemu = EmulatedMachine.in(directory).nvme("n0", DISK).start();

    try (PciDevice device = QtestPciDevice.open(directory, null)) {
      Registers registers = device.registers(0);
      for (int i = 0; i < 20_000; i++) {
        registers.write32(AQA, i & 0xfff);
      }

      assertThat(registers.read32(AQA)).isEqualTo(19_999 & 0xfff);
    }
  }

  @Test
  void aControllerThatIsPulledOutIsGoneAndItsNeighbourIsNot() throws Exception {
    qemu = EmulatedMachine.in(directory).machine("pc").nvme("n0", DISK).nvme("n1", DISK).start();

    try (PciDevice pulled = QtestPciDevice.open(directory, "00:02.0");
        PciDevice stays = QtestPciDevice.open(directory, "00:03.0")) {
      Registers registers = pulled.registers(0);
      qemu.unplug("n0");

      assertThat(registers.read32(VS)).isEqualTo(-1);
      assertThat(registers.read64(CAP)).isEqualTo(-1);
      assertThat(pulled.isGone()).isTrue();
      assertThat(stays.isGone()).isFalse();
      assertThat(stays.registers(0).read32(VS)).isEqualTo(0x00010400);
    }
  }

  @Test
  void whereNobodyListensTheMessageSaysHowToStartQemu() {
    assertThatThrownBy(() -> QtestPciDevice.open(directory, null))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(directory.toString())
        .hasMessageContaining("start QEMU with -qtest unix:" + directory + "/qtest.sock");
  }

  @Test
  void anAddressWithoutFunctionIsRefusedWithThoseThereAre() throws Exception {
    qemu = EmulatedMachine.in(directory).nvme("n0", DISK).start();

    assertThatThrownBy(() -> QtestPciDevice.open(directory, "00:09.0"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no PCI function at 00:09.0; there are [")
        .hasMessageContaining("00:01.0 (010802)");
  }

  private static Mapping map(Path file, long offset, long bytes) throws IOException {
    try (FileDescriptor fd = LinuxFiles.open(file, OpenFlag.READ_WRITE)) {
      return Mapping.map(fd, offset, bytes, true);
    }
  }
}
