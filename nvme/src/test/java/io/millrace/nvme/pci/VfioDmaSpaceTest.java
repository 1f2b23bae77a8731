package io.millrace.nvme.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.Errno;
import io.millrace.linux.IovaRange;
import io.millrace.linux.RawMemory;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Two devices of one container, before an IOMMU that keeps what it is told. */
class VfioDmaSpaceTest {
  private static final long PAGE = 4096;
  private static final long ADDRESS = 0x7f00_0000_0000L;

  private final RecordingTable table = new RecordingTable();
  private final DmaMappings mappings =
      new DmaMappings(table, List.of(new IovaRange(0, 16 * PAGE - 1)));
  private final VfioDmaSpace one = new VfioDmaSpace("0000:01:00.0", mappings);
  private final VfioDmaSpace other = new VfioDmaSpace("0000:02:00.0", mappings);

  @Test
  void sameMemoryOfTwoDevicesIsMappedOnceUntilBothLetGo() {
    long iova = one.map(ADDRESS, 4 * PAGE);

    assertThat(other.map(ADDRESS, 4 * PAGE)).isEqualTo(iova);
    assertThat(table.mapped).containsOnlyKeys(iova);
    one.unmap(ADDRESS, 4 * PAGE);
    assertThat(table.mapped).containsOnlyKeys(iova);
    other.unmap(ADDRESS, 4 * PAGE);
    assertThat(table.mapped).isEmpty();
  }

  @Test
  void partOfMemoryThatIsMappedIsAMappingOfItsOwn() {
    long whole = one.map(ADDRESS, 4 * PAGE);
    long part = one.map(ADDRESS, 2 * PAGE);

    one.unmap(ADDRESS, 4 * PAGE);

    assertThat(part).isNotEqualTo(whole);
    assertThat(table.mapped).containsOnlyKeys(part);
  }

  @Test
  void addressesAreUsedAgain() {
    for (int i = 0; i < 100; i++) {
      assertThat(one.map(ADDRESS, 15 * PAGE)).isEqualTo(PAGE);
      one.unmap(ADDRESS, 15 * PAGE);
    }
  }

  @Test
  void memoryThatTheIommuRefusesIsNotReachableAndTakesNoAddresses() {
    table.refusal = Errno.EFAULT;
    assertThat(one.map(ADDRESS, 15 * PAGE)).isEqualTo(DmaSpace.NOT_REACHABLE);

    table.refusal = Errno.UNKNOWN;
    assertThat(one.map(ADDRESS, 15 * PAGE)).isEqualTo(PAGE);
  }

  @Test
  void memoryBeyondTheAddressesOfTheIommuIsNotReachable() {
    assertThat(one.map(ADDRESS, 16 * PAGE)).isEqualTo(DmaSpace.NOT_REACHABLE);
    assertThat(table.mapped).isEmpty();
  }

  @Test
  void whatMayNotBeLockedIsSaidWithItsLimitAndWithWhatToDo() {
    table.refusal = Errno.ENOMEM;

    assertThatThrownBy(() -> one.allocate(PAGE + 1))
        .hasMessageMatching(
            "0000:01:00\\.0: 8192 bytes cannot be locked in memory; this process may lock (\\d+ bytes|any amount):"
                + " raise ulimit -l, or LimitMEMLOCK= of its systemd unit");
  }

  @Test
  void tooManyMappingsAreSaidWithWhatToDo() {
    table.refusal = Errno.ENOSPC;

    assertThatThrownBy(() -> one.allocate(PAGE))
        .hasMessage(
            "0000:01:00.0: too many pieces of memory are mapped for DMA; raise dma_entry_limit of"
                + " module vfio_iommu_type1");
  }

  @Test
  void addressesThatTheIommuKeepsAreNotUsedAgain() {
    long kept = one.map(ADDRESS, PAGE);
    table.unmapRefusal = Errno.EINVAL;

    one.unmap(ADDRESS, PAGE);

    assertThat(one.map(ADDRESS, PAGE)).isNotEqualTo(kept);
  }

  @Test
  void allocatedMemoryIsWholePagesOfZeroesThatTheDeviceReaches() throws Exception {
    try (DmaMemory memory = one.allocate(PAGE + 1)) {
      assertThat(memory.bytes()).isEqualTo(2 * PAGE);
      assertThat(memory.address() % PAGE).isZero();
      assertThat(RawMemory.getLong(memory.address() + 2 * PAGE - 8)).isZero();
      assertThat(table.mapped)
          .containsEntry(memory.iova(), new DmaMappings.Memory(memory.address(), 2 * PAGE));
    }

    assertThat(table.mapped).isEmpty();
  }

  @Test
  void deviceThatIsClosedTakesWhatItLeftBehindAndNothingOfOthers() throws Exception {
    one.map(ADDRESS, PAGE);
    one.map(ADDRESS, PAGE);
    DmaMemory memory = one.allocate(PAGE);
    long shared = other.map(ADDRESS, PAGE);

    one.close();
    one.close();
    memory.close();

    assertThat(table.mapped).containsOnlyKeys(shared);
  }

  @Test
  void memoryThatWasNotMappedCannotBeUnmapped() {
    one.map(ADDRESS, PAGE);

    assertThatThrownBy(() -> other.unmap(ADDRESS, PAGE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("0000:02:00.0 does not reach");
    assertThatThrownBy(() -> mappings.unmap(new DmaMappings.Memory(ADDRESS, 2 * PAGE)))
        .isInstanceOf(IllegalStateException.class);
  }
}
