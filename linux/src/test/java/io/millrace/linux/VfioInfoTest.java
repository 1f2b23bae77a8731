package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is read out of VFIO's answers, laid out as {@code linux/vfio.h} has them. */
class VfioInfoTest {
  private static final int BYTES = 256;
  private static final int UNKNOWN_CAPABILITY = 99;

  private final Arena arena = Arena.ofConfined();
  private final long address = arena.allocate(BYTES, 8).address();
  private final VfioInfo info = new VfioInfo(address, BYTES);

  @AfterEach
  void free() {
    arena.close();
  }

  private void region(int flags, long bytes, long offset, int firstCapability) {
    RawMemory.putInt(address + 4, flags);
    RawMemory.putInt(address + 12, firstCapability);
    RawMemory.putLong(address + 16, bytes);
    RawMemory.putLong(address + 24, offset);
  }

  private void iommu(int flags, int firstCapability) {
    RawMemory.putInt(address + 4, flags);
    RawMemory.putInt(address + 16, firstCapability);
  }

  /** A capability with a count and pairs of longs, as sparse areas and IOVA ranges are. */
  private void capability(int at, int id, int next, int count, long... values) {
    RawMemory.putShort(address + at, (short) id);
    RawMemory.putInt(address + at + 4, next);
    RawMemory.putInt(address + at + 8, count);
    for (int i = 0; i < values.length; i++) {
      RawMemory.putLong(address + at + 16 + 8L * i, values[i]);
    }
  }

  @Test
  void regionWithoutCapabilitiesIsMappedWhole() {
    region(VfioAbi.REGION_FLAGS_MMAP, 0x4000, 1L << 40, 32);
    capability(32, VfioAbi.REGION_CAP_SPARSE_MMAP, 0, 1, 0, 0x1000); // without its flag: garbage

    VfioRegion region = VfioRegion.of(info);

    assertThat(region.bytes()).isEqualTo(0x4000);
    assertThat(region.offset()).isEqualTo(1L << 40);
    assertThat(region.mappable()).containsExactly(new VfioRegion.Area(0, 0x4000));
  }

  @Test
  void regionThatCannotBeMappedHasNoAreas() {
    region(0, 0x4000, 0, 0);

    assertThat(VfioRegion.of(info).mappable()).isEmpty();
  }

  @Test
  void sparseRegionIsMappedAroundItsInterruptTable() {
    region(VfioAbi.REGION_FLAGS_MMAP | VfioAbi.REGION_FLAGS_CAPS, 0x8000, 0, 40);
    capability(40, UNKNOWN_CAPABILITY, 64, 0);
    capability(64, VfioAbi.REGION_CAP_SPARSE_MMAP, 0, 2, 0, 0x2000, 0x3000, 0x5000);

    assertThat(VfioRegion.of(info).mappable())
        .containsExactly(new VfioRegion.Area(0, 0x2000), new VfioRegion.Area(0x3000, 0x5000));
  }

  @Test
  void chainThatLoopsBackEnds() {
    region(VfioAbi.REGION_FLAGS_MMAP | VfioAbi.REGION_FLAGS_CAPS, 0x8000, 0, 64);
    capability(64, UNKNOWN_CAPABILITY, 40, 0);
    capability(40, UNKNOWN_CAPABILITY, 64, 0);

    assertThat(VfioRegion.of(info).mappable()).containsExactly(new VfioRegion.Area(0, 0x8000));
  }

  @Test
  void pairsBeyondTheAnswerAreLeftOut() {
    iommu(VfioAbi.IOMMU_INFO_CAPS, BYTES - 32);
    capability(BYTES - 32, VfioAbi.IOMMU_CAP_IOVA_RANGE, 0, 1000, 0x1000, 0xffff);

    assertThat(VfioContainer.ranges(info)).containsExactly(new IovaRange(0x1000, 0xffff));
  }

  @Test
  void rangesAreThoseThatTheIommuSays() {
    iommu(VfioAbi.IOMMU_INFO_CAPS, 24);
    capability(
        24, VfioAbi.IOMMU_CAP_IOVA_RANGE, 0, 2, 0, 0xfedf_ffffL, 0xfef0_0000L, 0xff_ffff_ffffL);

    assertThat(VfioContainer.ranges(info))
        .containsExactly(
            new IovaRange(0, 0xfedf_ffffL), new IovaRange(0xfef0_0000L, 0xff_ffff_ffffL));
  }

  @Test
  void kernelThatSaysNoRangesHasThoseOfTheNarrowestIommu() {
    iommu(0, 0);

    assertThat(VfioContainer.ranges(info))
        .containsExactly(
            new IovaRange(0, 0xfedf_ffffL), new IovaRange(0xfef0_0000L, 0x7f_ffff_ffffL));
  }
}
