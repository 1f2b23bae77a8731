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
  private static final int WARM_UP = 100_000;
  private static final int FAULTS = 200;

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

  /** Interpreted at first, compiled in the end: where a fault comes to light depends on it. */
  @Test
  void deviceThatIsCutOffReadsAsAllOnesAndIgnoresWrites() throws Exception {
    for (int i = 0; i < WARM_UP; i++) {
      access(i);
    }
    LinuxFiles.truncate(file, 0);

    for (int i = 0; i < FAULTS; i++) {
      assertThat(access(i)).isEqualTo(-1);
    }

    assertThatCode(RawMemory::surfaceFault).doesNotThrowAnyException();
  }

  private long access(int value) {
    registers.write32(0x14, value);
    long read = registers.read64(8);
    registers.write64(0x28, value);
    return read & registers.read32(0);
  }

  @Test
  void faultOfOtherMemoryIsNotTakenForTheDevices() throws Exception {
    try (FileDescriptor guest = MemoryFile.create("guest", BYTES, false);
        Mapping memory = Mapping.map(guest, 0, BYTES, true)) {
      for (int i = 0; i < WARM_UP; i++) {
        answerAndRing(memory.address(), i);
      }
      LinuxFiles.truncate(guest, 0);

      for (int i = 0; i < FAULTS; i++) {
        int value = i;
        assertThatThrownBy(() -> answerAndRing(memory.address(), value))
            .isInstanceOf(InternalError.class);
      }
    }
  }

  private void answerAndRing(long guest, int value) {
    RawMemory.putInt(guest, value);
    registers.write32(0, value);
  }
}
