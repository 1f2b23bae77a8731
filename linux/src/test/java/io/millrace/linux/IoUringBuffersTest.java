package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Registered buffers on a real ring and a real file, byte for byte. */
class IoUringBuffersTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int EFAULT = -Errno.EFAULT.number();
  private static final int ENTRIES = 8;
  private static final int BYTES = 1 << 20;
  private static final int HOLE = LinuxFiles.FALLOC_FL_PUNCH_HOLE | LinuxFiles.FALLOC_FL_KEEP_SIZE;

  @TempDir Path directory;
  private Path image;
  private FileDescriptor file;
  private FileDescriptor shared;
  private Mapping mapping;
  private long memory;
  private IoUring ring;

  @BeforeEach
  void open() throws LinuxException {
    image = directory.resolve("disk.img");
    file = LinuxFiles.open(image, OpenFlag.READ_WRITE, OpenFlag.CREATE);
    shared = MemoryFile.create("guest", BYTES, true);
    mapping = Mapping.map(shared, 0, BYTES, true);
    memory = mapping.address();
    ring = IoUring.create(ENTRIES);
    ring.resources().registerBuffersSparse(16);
  }

  @AfterEach
  void close() {
    ring.close();
    mapping.close();
    shared.close();
    file.close();
  }

  private List<Integer> complete(int count) {
    List<Integer> results = new ArrayList<>();
    ring.submit();
    long deadline = System.nanoTime() + 20 * SECOND;
    while (results.size() < count && System.nanoTime() < deadline) {
      ring.waitForCompletion(SECOND);
      ring.reap((_, result, _) -> results.add(result), 64);
    }
    return results;
  }

  private int read(long address, int bytes, int slot) {
    ring.prepareReadFixed(file.number(), false, address, bytes, 0, slot, 1);
    return complete(1).getFirst();
  }

  @Test
  void bytesGoThroughTheBufferOfTheSlotNamed() throws Exception {
    byte[] data = new byte[9_999];
    new Random(9).nextBytes(data);
    RawMemory.put(data, 0, data.length, memory + 777);
    ring.resources().updateBuffer(3, memory, 65_536);
    ring.resources().updateBuffer(15, memory + 65_536, 65_536);

    ring.prepareWriteFixed(
        file.number(), false, memory + 777, data.length, 50, IoUring.RWF_DSYNC, 3, 1);
    assertThat(complete(1)).containsExactly(data.length);
    ring.prepareReadFixed(file.number(), false, memory + 70_001, data.length, 50, 15, 2);
    assertThat(complete(1)).containsExactly(data.length);

    byte[] back = new byte[data.length];
    RawMemory.get(memory + 70_001, back, 0, back.length);
    assertThat(back).isEqualTo(data);
    assertThat(Files.readAllBytes(image)).hasSize(50 + data.length).endsWith(data);
  }

  @Test
  void memoryThatIsNotAllInTheBufferIsRefused() throws Exception {
    LinuxFiles.truncate(file, 8192);
    ring.resources().updateBuffer(0, memory + 4096, 8192);

    assertThat(read(memory + 4096, 8192, 0)).isEqualTo(8192);
    assertThat(read(memory + 4095, 8192, 0)).isEqualTo(EFAULT);
    assertThat(read(memory + 4097, 8192, 0)).isEqualTo(EFAULT);
    assertThat(read(memory + 4096, 8192, 1)).isEqualTo(EFAULT);
    assertThat(read(memory + 4096, 8192, 16)).isEqualTo(EFAULT);
  }

  @Test
  void emptiedSlotIsNoBufferAnyMore() throws Exception {
    LinuxFiles.truncate(file, 4096);
    ring.resources().updateBuffer(0, memory, 4096);
    ring.resources().removeBuffer(0);

    assertThat(read(memory, 4096, 0)).isEqualTo(EFAULT);
    ring.resources().removeBuffer(0); // an empty one may be emptied
  }

  @Test
  void bufferIsThePagesThatWereThereWhenItWasRegistered() throws Exception {
    Files.write(image, new byte[] {7});
    ring.resources().updateBuffer(0, memory, 4096);
    LinuxFiles.allocate(shared, HOLE, 0, 4096);

    assertThat(read(memory, 1, 0)).isEqualTo(1);

    assertThat(RawMemory.getByte(memory)).as("the byte is in a page nobody sees").isZero();
  }

  @Test
  void entriesAfterFixedOnesNameNoBuffer() throws Exception {
    LinuxFiles.truncate(file, 4096);
    ring.resources().updateBuffer(5, memory, 4096);
    for (int i = 0; i < ENTRIES; i++) {
      ring.prepareReadFixed(file.number(), false, memory, 4096, 0, 5, i);
    }
    assertThat(complete(ENTRIES)).containsOnly(4096);

    for (int i = 0; i < ENTRIES; i++) {
      ring.prepareFsync(file.number(), false, true, i); // EINVAL with a buffer
    }
    assertThat(complete(ENTRIES)).containsOnly(0).hasSize(ENTRIES);
  }

  @Test
  void whatCannotBeRegisteredIsRefusedByName() throws Exception {
    IoUringResources resources = ring.resources();

    assertThatThrownBy(() -> resources.registerBuffersSparse(16)).hasMessageContaining("EBUSY");
    assertThatThrownBy(() -> resources.updateBuffer(16, memory, 4096))
        .hasMessageContaining("buffer slot 16: EINVAL");
    assertThatThrownBy(
            () -> resources.updateBuffer(0, memory, IoUringResources.MAX_BUFFER_BYTES + 1))
        .hasMessageContaining("buffer slot 0: EFAULT");
    assertThatThrownBy(() -> resources.updateBuffer(0, 4096, 4096))
        .hasMessageContaining("buffer slot 0: EFAULT");
    try (IoUring other = IoUring.create(1)) {
      assertThatThrownBy(
              () -> other.resources().registerBuffersSparse(IoUringResources.MAX_BUFFERS + 1))
          .hasMessageContaining("16385 buffer slots: EINVAL");
    }
  }

  @Test
  void pagesAreMadeResidentWhereTheFileHasSome() throws Exception {
    assertThat(LinuxFiles.status(shared).allocatedBytes()).isZero();

    assertThat(Mapping.populate(memory + 4096, 8192)).isZero();

    assertThat(LinuxFiles.status(shared).allocatedBytes()).isEqualTo(8192);
    LinuxFiles.truncate(shared, 4096);
    assertThat(Mapping.populate(memory, BYTES)).isEqualTo(EFAULT);
  }
}
