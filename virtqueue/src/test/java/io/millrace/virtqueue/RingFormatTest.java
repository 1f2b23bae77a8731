package io.millrace.virtqueue;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sizes and bases of the two formats, as front-ends have them. */
class RingFormatTest {
  @Test
  void theFormatIsWhatWasNegotiated() {
    assertThat(RingFormat.of(0)).isEqualTo(RingFormat.SPLIT);
    assertThat(RingFormat.of(VirtioFeature.RING_PACKED | VirtioFeature.VERSION_1))
        .isEqualTo(RingFormat.PACKED);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 4, 256, 16384, 32768})
  void powersOfTwoUpToTheLargestAreSizesOfBoth(long size) {
    assertThat(RingFormat.SPLIT.isValidSize(size)).isTrue();
    assertThat(RingFormat.PACKED.isValidSize(size)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {3, 255, 257, 32767})
  void onlyAPackedRingMayHaveAnyOtherSize(long size) {
    assertThat(RingFormat.SPLIT.isValidSize(size)).isFalse();
    assertThat(RingFormat.PACKED.isValidSize(size)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 32769, 65536, 1L << 32, Long.MIN_VALUE})
  void everythingElseIsNoSize(long size) {
    assertThat(RingFormat.SPLIT.isValidSize(size)).isFalse();
    assertThat(RingFormat.PACKED.isValidSize(size)).isFalse();
  }

  @Test
  void aSplitBaseIsTheAvailableIndex() {
    assertThat(RingFormat.SPLIT.firstBase()).isZero();
    assertThat(RingFormat.SPLIT.base(new QueueState(0x1234, 0x9999))).isEqualTo(0x1234);
  }

  @Test
  void aPackedBaseHasBothPositionsWithTheirWrapCounters() {
    assertThat(RingFormat.PACKED.firstBase()).isEqualTo(0x8000_8000);
    assertThat(RingFormat.PACKED.base(new QueueState(0x8005, 0x7fff))).isEqualTo(0x7fff_8005);
    assertThat(RingFormat.PACKED.base(new QueueState(0x0001, 0x8002))).isEqualTo(0x8002_0001);
  }

  @Test
  void aSplitRingGoesOnWhereTheFrontEndAndItsUsedRingSay() throws LinuxException {
    try (Mapping memory = Mapping.anonymous(4096, false)) {
      VringLayout layout = VringLayout.at(memory.address(), RingFormat.SPLIT, 8);
      RawMemory.putShort(layout.used() + 2, (short) 0xfffe);

      assertThat(RingFormat.SPLIT.start(0xabcd_0003, layout)).isEqualTo(new QueueState(3, 0xfffe));
    }
  }

  @ParameterizedTest
  @CsvSource({"0x80008000, 0x8000", "0x00008000, 0x8000", "0x00050005, 5", "0x80068006, 0x8006"})
  void aPackedRingGoesOnAtItsAvailablePosition(String base, String position) {
    VringLayout layout = new VringLayout(7, 0, 0, 0);
    int at = Integer.decode(position);

    assertThat(RingFormat.PACKED.start((int) Long.decode(base).longValue(), layout))
        .isEqualTo(new QueueState(at, at));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0x7", "0x8007", "0x7fff", "0xffff"})
  void noPackedRingGoesOnBeyondItsEnd(String base) {
    assertThat(RingFormat.PACKED.start(Integer.decode(base), new VringLayout(7, 0, 0, 0))).isNull();
  }
}
