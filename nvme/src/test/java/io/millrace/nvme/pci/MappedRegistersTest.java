package io.millrace.nvme.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

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
  private static final int ROUNDS = 6_000;

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

    int answers = 0;
    for (int i = 0; i < ROUNDS; i++) { // interpreted at first, compiled in the end
      answers += registers.read32(0) == -1 ? 0 : 1;
      answers += registers.read64(8) == -1 ? 0 : 1;
      registers.write32(0x14, i);
      registers.write64(0x28, i);
    }

    assertThat(answers).isZero();
    assertThatCode(RawMemory::surfaceFault).doesNotThrowAnyException();
  }

  @Test
  void faultOfOtherMemoryIsNotTakenForTheDevices() throws Exception {
    try (FileDescriptor guest = MemoryFile.create("guest", BYTES, false);
        Mapping memory = Mapping.map(guest, 0, BYTES, true)) {
      LinuxFiles.truncate(guest, 0);

      int taken = 0;
      for (int i = 0; i < ROUNDS; i++) {
        try {
          RawMemory.putInt(memory.address(), i);
          registers.write32(0, i);
        } catch (InternalError _) {
          taken++;
        }
      }

      assertThat(taken).isEqualTo(ROUNDS);
    }
  }
}
