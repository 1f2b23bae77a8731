package io.millrace.virtqueue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VringLayoutTest {
  private static final long USER = 0x7000_0000_0000L;
  private static final long HOST = 0x5000_0000_0000L;
  private static final int SIZE = 256;
  private static final long DESC_BYTES = 16 * SIZE;
  private static final long AVAIL_BYTES = 6 + 2 * SIZE;
  private static final long USED_BYTES = 6 + 8 * SIZE;
  private static final long REGION = 1 << 20;

  private final AddressTranslation translation =
      new GuestMemoryMap(
              List.of(
                  new GuestRegion(0, REGION, USER, HOST),
                  new GuestRegion(REGION, REGION, USER + REGION, HOST + (1L << 32))))
          .translation();

  private VringLayout at(long desc, long avail, long used) {
    return VringLayout.locate(
        translation,
        RingFormat.SPLIT,
        SIZE,
        new VringAddresses(USER + desc, USER + avail, USER + used));
  }

  @Test
  void aRingIsFoundByUserAddresses() {
    assertThat(at(0, 0x4000, 0x8000))
        .isEqualTo(new VringLayout(SIZE, HOST, HOST + 0x4000, HOST + 0x8000));
  }

  @Test
  void guestAddressesAreNotUserAddresses() {
    VringAddresses guest = new VringAddresses(0, 0x4000, 0x8000);

    assertThat(VringLayout.locate(translation, RingFormat.SPLIT, SIZE, guest)).isNull();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 4, 8, 15})
  void aMisalignedDescriptorTableIsRefused(long offset) {
    assertThat(at(offset, 0x4000, 0x8000)).isNull();
  }

  @Test
  void alignmentIsOfEachPartItsOwn() {
    assertThat(at(16, 0x4002, 0x8004)).isNotNull();
    assertThat(at(16, 0x4001, 0x8004)).isNull();
    assertThat(at(16, 0x4002, 0x8002)).isNull();
    assertThat(at(16, 0x4002, 0x8001)).isNull();
  }

  @Test
  void eachPartMayEndWhereItsMemoryEnds() {
    long end = 2 * REGION;

    assertThat(at(end - DESC_BYTES, 0, 0x8000)).isNotNull();
    assertThat(at(0, end - AVAIL_BYTES, 0x8000)).isNotNull();
    assertThat(at(0, 0x4000, end - USED_BYTES - 2)).isNotNull();
  }

  @Test
  void noPartMayGoBeyondItsMemory() {
    long end = 2 * REGION;

    assertThat(at(end - DESC_BYTES + 16, 0, 0x8000)).isNull();
    assertThat(at(0, end - AVAIL_BYTES + 2, 0x8000)).isNull();
    assertThat(at(0, 0x4000, end - USED_BYTES + 2)).isNull();
  }

  @ParameterizedTest
  @CsvSource({"0x100000, 0, 0x8000", "0, 0x100000, 0x8000", "0, 0x4000, 0x100000"})
  void noPartMayLieAcrossTwoRegions(String desc, String avail, String used) {
    long[] parts = {Long.decode(desc), Long.decode(avail), Long.decode(used)};
    for (int i = 0; i < 3; i++) {
      parts[i] -= parts[i] == REGION ? 16 : 0;
    }

    assertThat(at(parts[0], parts[1], parts[2])).isNull();
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, -16, Long.MIN_VALUE, Long.MAX_VALUE - 15, 0})
  void addressesOutOfThisWorldAreRefused(long address) {
    VringAddresses desc = new VringAddresses(address, USER, USER + 0x8000);
    VringAddresses avail = new VringAddresses(USER, address, USER + 0x8000);
    VringAddresses used = new VringAddresses(USER, USER + 0x8000, address);

    assertThat(VringLayout.locate(translation, RingFormat.SPLIT, SIZE, desc)).isNull();
    assertThat(VringLayout.locate(translation, RingFormat.SPLIT, SIZE, avail)).isNull();
    assertThat(VringLayout.locate(translation, RingFormat.SPLIT, SIZE, used)).isNull();
  }

  @Test
  void aPackedRingHasTwoSmallAreasAligned() {
    assertThat(packedAt(3, 0, 0x4000, 2 * REGION - 4)).isNotNull();
    assertThat(packedAt(3, 2 * REGION - 48, 0x4000, 0x8000)).isNotNull();
    assertThat(packedAt(3, 2 * REGION - 32, 0x4000, 0x8000)).isNull();
    assertThat(packedAt(3, 0, 2 * REGION - 4, 0x8000)).isNotNull();
    assertThat(packedAt(3, 0, 0x4002, 0x8000)).isNull();
    assertThat(packedAt(3, 0, 0x4000, 0x8002)).isNull();
    assertThat(packedAt(3, 8, 0x4000, 0x8000)).isNull();
  }

  private VringLayout packedAt(int size, long desc, long driver, long device) {
    return VringLayout.locate(
        translation,
        RingFormat.PACKED,
        size,
        new VringAddresses(USER + desc, USER + driver, USER + device));
  }

  @Test
  void aSizeThatTheFormatHasNotIsRefused() {
    VringAddresses there = new VringAddresses(USER, USER + 0x4000, USER + 0x8000);

    assertThat(VringLayout.locate(translation, RingFormat.SPLIT, 3, there)).isNull();
    assertThat(VringLayout.locate(translation, RingFormat.PACKED, 3, there)).isNotNull();
    assertThat(VringLayout.locate(translation, RingFormat.PACKED, 0, there)).isNull();
  }

  @Test
  void aQueueStateHolds16BitIndices() {
    assertThat(new QueueState(0xffff, 0).availIndex()).isEqualTo(0xffff);
    assertThatThrownBy(() -> new QueueState(0x10000, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new QueueState(0, 0x10000))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new QueueState(0, -1)).isInstanceOf(IllegalArgumentException.class);
  }
}
