package io.millrace.live.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The bytes of QueueRegionPacked, as another back-end would find and leave them. */
class PackedInflightTest {
  private static final int SIZE = 4;
  private static final int WRAP = 1 << 15;
  private static final int AVAIL = 1 << 7; // in the lap with counter 1
  private static final int USED = AVAIL | 1 << 15;

  private Mapping memory;
  private long at;

  @BeforeEach
  void map() throws Exception {
    memory = Mapping.anonymous(4096, false);
    at = memory.address();
  }

  @AfterEach
  void unmap() {
    memory.close();
  }

  private int u16(int offset) {
    return RawMemory.getShort(at + offset) & 0xffff;
  }

  /** In flight, next, last, number and counter of an entry. */
  private String entry(int index) {
    int o = 32 + 32 * index;
    return "%d %d %d %d %d"
        .formatted(
            RawMemory.getByte(at + o),
            u16(o + 2),
            u16(o + 4),
            u16(o + 6),
            RawMemory.getLong(at + o + 8));
  }

  /** Version, size, free heads; positions with their counters. */
  private String header() {
    return "%d %d %d %d; %d %d %d %d"
        .formatted(
            u16(8),
            u16(10),
            u16(12),
            u16(14),
            u16(16),
            u16(18),
            RawMemory.getByte(at + 20),
            RawMemory.getByte(at + 21));
  }

  private PackedInflight open(int ringFlags) throws BadInflightException {
    return PackedInflight.open(at, SIZE, WRAP, index -> ringFlags);
  }

  /** A chain of so many descriptors, the last with this id; its entry. */
  private static int chain(PackedInflight region, int count, int id) {
    region.begin();
    for (int i = 0; i < count; i++) {
      region.add(0x1000L * (i + 1), 100 + i, AVAIL | (i + 1 < count ? 1 : 0), id);
    }
    return region.end();
  }

  @Test
  void aRegionThatWasOfNoUseIsBegun() throws Exception {
    PackedInflight region = open(0);

    assertThat(header()).isEqualTo("1 4 0 0; 0 0 1 1");
    assertThat(entry(0)).isEqualTo("0 1 0 0 0");
    assertThat(entry(3)).as("ends behind the last").isEqualTo("0 4 0 0 0");
    assertThat(region.recoveredCount()).isZero();
    assertThat(region.usedPosition()).isEqualTo(WRAP);
    assertThat(region.availPosition()).isEqualTo(WRAP);
  }

  @Test
  void aChainsLifeIsInItsEntries() throws Exception {
    PackedInflight region = open(0);
    int first = chain(region, 2, 7 % SIZE);
    int second = chain(region, 1, 1);
    assertThat(header()).isEqualTo("1 4 3 3; 0 0 1 1");
    assertThat(entry(first)).isEqualTo("1 1 1 2 0");
    assertThat(entry(second)).isEqualTo("1 3 2 1 1");
    assertThat(RawMemory.getLong(at + 32 + 24)).as("addr").isEqualTo(0x1000);
    assertThat(RawMemory.getInt(at + 32 + 20)).as("len").isEqualTo(100);
    assertThat(u16(32 + 18)).as("flags").isEqualTo(AVAIL | 1);
    assertThat(u16(32 + 16)).as("id").isEqualTo(3);

    region.used(first);
    assertThat(header()).as("the free list grows, its old head stays").startsWith("1 4 0 3;");
    region.publishing(2 | WRAP);
    assertThat(header()).endsWith("; 2 0 1 1");
    region.published();
    assertThat(header()).isEqualTo("1 4 0 0; 2 2 1 1");
    assertThat(entry(first)).startsWith("0");
    assertThat(entry(1)).as("its last leads to what was free").startsWith("0 3");
  }

  @Test
  void whatWasInFlightComesBackInItsOrder() throws Exception {
    PackedInflight region = open(0);
    int first = chain(region, 2, 3);
    int second = chain(region, 1, 1);

    PackedInflight next = open(0);
    assertThat(next.recoveredCount()).isEqualTo(2);
    assertThat(next.recoveredEntry(0)).isEqualTo(first);
    assertThat(next.recoveredEntry(1)).isEqualTo(second);
    assertThat(next.count(first)).isEqualTo(2);
    int tail = next.next(first);
    assertThat(next.descAddr(tail)).isEqualTo(0x2000);
    assertThat(next.descLen(tail)).isEqualTo(101);
    assertThat(next.descFlags(tail)).isEqualTo(AVAIL);
    assertThat(next.descId(tail)).isEqualTo(3);
    assertThat(next.availPosition()).isEqualTo(3 | WRAP);
    next.used(first); // its entries are followed though this one did not fetch it
    next.publishing(2 | WRAP);
    next.published();
    assertThat(chain(next, 3, 2)).isEqualTo(first);
    assertThat(open(0).availPosition()).as("a lap further").isEqualTo(2);
  }

  @Test
  void aBatchCountsOnceTheDriverWasShownIt() throws Exception {
    PackedInflight region = open(0);
    int first = chain(region, 2, 3);
    chain(region, 1, 1);
    region.used(first);
    region.publishing(2 | WRAP); // and dies

    byte[] before = bytes();
    PackedInflight shown = open(USED);
    assertThat(shown.recoveredCount()).isOne();
    assertThat(shown.usedPosition()).isEqualTo(2 | WRAP);
    RawMemory.put(before, 0, before.length, at);
    PackedInflight notShown = open(AVAIL);
    assertThat(notShown.recoveredCount()).isEqualTo(2);
    assertThat(notShown.usedPosition()).isEqualTo(WRAP);
    assertThat(header()).isEqualTo("1 4 3 3; 0 0 1 1");
  }

  @Test
  void aChainThatWasNotCompleteWasNotFetched() throws Exception {
    PackedInflight region = open(0);
    region.begin();
    region.add(0x1000, 1, AVAIL, 1);

    assertThat(open(0).recoveredCount()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, features",
    "8, 2, version 2",
    "10, 8, 8 descriptors",
    "14, 9, list of free entries",
    "14, 3, has lost 1 of 4",
    "18, 4, stands at",
    "20, 2, stands at",
    "32, 3, neither yes nor no",
    "34, 9, beyond its end",
    "36, 3, ends at",
    "38, 0, ends at",
    "80, 9, cannot be",
    "130, 3, in it twice"
  })
  void whatMakesNoSenseIsRefusedAndStays(int offset, int value, String why) throws Exception {
    PackedInflight region = open(0);
    chain(region, 2, 3);
    RawMemory.putShort(at + offset, (short) value);
    byte[] before = bytes();

    assertThatThrownBy(() -> open(0))
        .isInstanceOf(BadInflightException.class)
        .hasMessageContaining(why);
    assertThat(bytes()).isEqualTo(before);
  }

  private byte[] bytes() {
    byte[] all = new byte[32 + 32 * SIZE];
    RawMemory.get(at, all, 0, all.length);
    return all;
  }

  @Test
  void anOrderlyStopLeavesItOfNoUse() throws Exception {
    PackedInflight region = open(0);
    chain(region, 1, 1);
    region.stopped();

    assertThat(open(0).recoveredCount()).isZero();
    assertThat(header()).isEqualTo("1 4 0 0; 0 0 1 1");
  }
}
