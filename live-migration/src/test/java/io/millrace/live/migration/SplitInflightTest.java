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

/** The bytes of QueueRegionSplit, as another back-end would find and leave them. */
class SplitInflightTest {
  private static final int SIZE = 4;

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

  private void put(int offset, int value) {
    RawMemory.putShort(at + offset, (short) value);
  }

  /** In flight, next and counter of an entry. */
  private String entry(int head) {
    int offset = 16 + 16 * head;
    return RawMemory.getByte(at + offset)
        + " "
        + u16(offset + 6)
        + " "
        + RawMemory.getLong(at + offset + 8);
  }

  private SplitInflight open(int usedIdx) throws BadInflightException {
    return SplitInflight.open(at, SIZE, usedIdx);
  }

  @Test
  void aRegionThatWasOfNoUseIsBegun() throws Exception {
    SplitInflight region = open(700);

    assertThat(region.isFresh()).isTrue();
    assertThat(region.recoveredCount()).isZero();
    assertThat(region.availIndex()).isEqualTo(700);
    assertThat(RawMemory.getLong(at)).as("features").isZero();
    assertThat(u16(8)).as("version").isEqualTo(1);
    assertThat(u16(10)).as("desc_num").isEqualTo(SIZE);
    assertThat(u16(14)).as("used_idx").isEqualTo(700);
  }

  @Test
  void aRequestsLifeIsInItsEntry() throws Exception {
    SplitInflight region = open(0xffff);
    region.fetched(2);
    region.fetched(0);
    assertThat(entry(2)).isEqualTo("1 0 0");
    assertThat(entry(0)).isEqualTo("1 0 1");
    region.used(2);
    region.used(0);
    assertThat(u16(12)).as("last_batch_head").isZero();
    assertThat(entry(0)).as("links to the one before").isEqualTo("1 2 1");
    region.published(1);
    assertThat(entry(2)).startsWith("0");
    assertThat(entry(0)).startsWith("0");
    assertThat(u16(14)).isEqualTo(1);
  }

  @Test
  void whatWasInFlightComesBackInItsOrder() throws Exception {
    SplitInflight region = open(10);
    for (int head : new int[] {3, 1, 2}) {
      region.fetched(head);
    }
    region.used(1);
    region.published(11);

    SplitInflight next = open(11);
    assertThat(next.isFresh()).isFalse();
    assertThat(next.toString()).contains("[3, 2]");
    assertThat(next.recoveredCount()).isEqualTo(2);
    assertThat(next.recoveredHead(0)).isEqualTo(3);
    assertThat(next.availIndex()).isEqualTo(13);
    next.fetched(0);
    assertThat(entry(0)).as("the counter goes on").isEqualTo("1 0 3");
  }

  @Test
  void aBatchThatTheDriverWasShownIsOver() throws Exception {
    SplitInflight region = open(0);
    for (int head = 0; head < SIZE; head++) {
      region.fetched(head);
    }
    region.used(3);
    region.used(1); // and dies when the ring's index is 2

    SplitInflight next = open(2);
    assertThat(next.toString()).contains("[0, 2]");
    assertThat(u16(14)).isEqualTo(2);
    assertThat(entry(1)).startsWith("0");
    assertThat(entry(3)).startsWith("0");
  }

  @Test
  void anEntry0ThatIsInFlightIsNotTakenForABatch() throws Exception {
    open(5).fetched(0);

    assertThat(open(5).recoveredHead(0)).as("spdk#3766").isZero();
  }

  @Test
  void aBatchThatTheDriverWasNotShownIsStillInFlight() throws Exception {
    SplitInflight region = open(0);
    region.fetched(1);
    region.fetched(3);
    region.used(3);

    assertThat(open(0).toString()).contains("[1, 3]");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, features",
    "8, 2, version 2",
    "10, 8, 8 descriptors",
    "14, 90, up to 90",
    "14, 65534, list of the last 2",
    "16, 2, neither yes nor no"
  })
  void whatMakesNoSenseIsRefusedAndStays(int offset, int value, String why) throws Exception {
    SplitInflight region = open(0);
    region.fetched(0);
    region.fetched(1);
    put(offset, value);
    byte[] before = bytes();

    assertThatThrownBy(() -> open(0))
        .isInstanceOf(BadInflightException.class)
        .hasMessageContaining(why);
    assertThat(bytes()).isEqualTo(before);
  }

  private byte[] bytes() {
    byte[] all = new byte[16 + 16 * SIZE];
    RawMemory.get(at, all, 0, all.length);
    return all;
  }

  @Test
  void anOrderlyStopLeavesItOfNoUse() throws Exception {
    SplitInflight region = open(0);
    region.fetched(0);
    region.used(0);
    region.published(1);
    region.stopped();

    assertThat(open(33).isFresh()).isTrue();
    assertThat(u16(14)).isEqualTo(33);
  }

  @Test
  void eachQueueHasAPartOfItsOwn() {
    assertThat(InflightRegion.queueBytes(false, 128)).isEqualTo(16 + 16 * 128 + 48);
    assertThat(InflightRegion.queueBytes(true, 128)).isEqualTo(32 + 32 * 128 + 32);
    assertThat(InflightRegion.bytes(true, 3, 1)).isEqualTo(3 * 64);
  }
}
