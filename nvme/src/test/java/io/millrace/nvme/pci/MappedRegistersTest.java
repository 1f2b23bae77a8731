package io.millrace.nvme.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.Mapping;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.RawMemory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Over a file that is truncated, as the registers of a device that the kernel cuts off fault. */
class MappedRegistersTest {
  private static final int BYTES = 4096;

  private FileDescriptor file;
  private Mapping mapping;
  private MappedRegisters registers;

  @BeforeEach
  void map() throws LinuxException {
    file = MemoryFile.create("registers", BYTES, false);
    mapping = Mapping.map(file, 0, BYTES, true);
    registers = new MappedRegisters(mapping.address(), mapping.size());
  }

  @AfterEach
  void unmap() {
    mapping.close();
    file.close();
  }

  @Test
  void registersAreWhatIsMapped() {
    registers.write32(0x14, 0x0046_0001);
    registers.write64(BYTES - 8, 0x0123_4567_89ab_cdefL);

    assertThat(registers.bytes()).isEqualTo(BYTES);
    assertThat(registers.read32(0x14)).isEqualTo(0x0046_0001);
    assertThat(registers.read64(BYTES - 8)).isEqualTo(0x0123_4567_89ab_cdefL);
    assertThat(registers.read32(BYTES - 8)).isEqualTo(0x89ab_cdef);
  }

  @Test
  void deviceThatIsCutOffReadsAsAllOnesAndIgnoresWrites() throws Exception {
    LinuxFiles.truncate(file, 0);

    assertThat(registers.read32(0)).isEqualTo(-1);
    assertThat(registers.read64(8)).isEqualTo(-1);
    registers.write32(0x14, 1);
    registers.write64(0x28, 1);
    assertThatCode(RawMemory::surfaceFault).doesNotThrowAnyException();
  }

  @Test
  void faultOfOtherMemoryIsNotTakenForTheDevices() throws Exception {
    try (FileDescriptor guest = MemoryFile.create("guest", BYTES, false);
        Mapping memory = Mapping.map(guest, 0, BYTES, true)) {
      LinuxFiles.truncate(guest, 0);

      assertThatThrownBy(
              () -> {
                RawMemory.putInt(memory.address(), 1);
                registers.write32(0, 1);
              })
          .isInstanceOf(InternalError.class);
    }
  }
}
