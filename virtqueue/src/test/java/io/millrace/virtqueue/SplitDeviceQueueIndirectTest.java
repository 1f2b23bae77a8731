package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static io.millrace.virtqueue.RingUnderTest.INDIRECT;
import static io.millrace.virtqueue.RingUnderTest.NEXT;
import static io.millrace.virtqueue.RingUnderTest.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Indirect tables, virtio 1.3 §2.7.5.3. */
class SplitDeviceQueueIndirectTest {
  private static final int SIZE = 4;
  private static final long TABLE = DATA + 0x8000;

  private RingUnderTest ring;

  @BeforeEach
  void open() throws LinuxException {
    ring = new RingUnderTest(SIZE, VirtioFeature.INDIRECT_DESC);
  }

  @AfterEach
  void close() {
    ring.close();
  }

  private void table(long table, int entries) {
    for (int i = 0; i < entries; i++) {
      ring.tableEntry(table, i, DATA + i, 1, i < entries - 1 ? NEXT : 0, i + 1);
    }
  }

  @Test
  void aTableMayBeLongerThanTheQueue() {
    table(TABLE, SIZE + 3);
    ring.descriptor(2, TABLE, 16 * (SIZE + 3), INDIRECT, 0);
    ring.offer(2);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.chain.head()).isEqualTo(2);
    assertThat(ring.chain.readableBytes()).isEqualTo(SIZE + 3);
  }

  @Test
  void aTableIsFollowedByItsOwnIndices() {
    ring.tableEntry(TABLE, 0, DATA, 1, NEXT, 2);
    ring.tableEntry(TABLE, 2, DATA + 10, 2, NEXT | WRITE, 1);
    ring.tableEntry(TABLE, 1, DATA + 20, 3, WRITE, 9);
    ring.descriptor(0, TABLE, 48, INDIRECT, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.segments())
        .containsExactly(ring.in(DATA, 1), ring.out(DATA + 10, 2), ring.out(DATA + 20, 3));
  }

  @Test
  void descriptorsMayComeBeforeATable() {
    table(TABLE, 2);
    ring.descriptor(0, DATA + 100, 16, NEXT, 3);
    ring.descriptor(3, TABLE, 32, INDIRECT, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.segments())
        .containsExactly(ring.in(DATA + 100, 16), ring.in(DATA, 1), ring.in(DATA + 1, 1));
  }

  @Test
  void theWriteFlagOfATableMeansNothing() {
    table(TABLE, 1);
    ring.descriptor(0, TABLE, 16, INDIRECT | WRITE, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.segments()).containsExactly(ring.in(DATA, 1));
  }

  @Test
  void aTableThatWasNotNegotiatedIsRefused() throws LinuxException {
    try (RingUnderTest without = new RingUnderTest(SIZE, VirtioFeature.EVENT_IDX)) {
      without.descriptor(0, TABLE, 16, INDIRECT, 0);
      without.offer(0);

      assertThat(without.fetch()).isEqualTo(ChainStatus.BAD_INDIRECT);
    }
  }

  @Test
  void aTableInATableIsRefused() {
    ring.tableEntry(TABLE, 0, TABLE + 256, 16, INDIRECT, 0);
    ring.descriptor(0, TABLE, 16, INDIRECT, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_INDIRECT);
  }

  @Test
  void aTableWithNextIsRefused() {
    table(TABLE, 1);
    ring.descriptor(0, TABLE, 16, INDIRECT | NEXT, 1);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_INDIRECT);
  }

  @ParameterizedTest
  @ValueSource(
      longs = {0, 1, 15, 17, 31, 16 * 1025, 16 * 65536, 0xffff_fff0L, 0xffff_ffffL, 0x8000_0000L})
  void aTableOfNoPossibleSizeIsRefused(long bytes) {
    ring.descriptor(0, TABLE, bytes, INDIRECT, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_INDIRECT);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1023, 1024})
  void aTableOfUpTo1024EntriesIsWalked(int entries) {
    table(TABLE, entries);
    ring.descriptor(0, TABLE, 16L * entries, INDIRECT, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.chain.count()).isEqualTo(entries);
  }

  @Test
  void anIndexBeyondTheTableIsRefusedThoughTheQueueHasIt() {
    ring.tableEntry(TABLE, 0, DATA, 1, NEXT, 2);
    ring.descriptor(0, TABLE, 32, INDIRECT, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_INDEX);
  }

  @Test
  void aLoopInATableIsRefused() {
    ring.tableEntry(TABLE, 0, DATA, 1, NEXT, 1);
    ring.tableEntry(TABLE, 1, DATA, 1, NEXT, 0);
    ring.descriptor(0, TABLE, 32, INDIRECT, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.TOO_LONG);
  }

  @Test
  void readableInATableBehindWritableBeforeItIsRefused() {
    table(TABLE, 1);
    ring.descriptor(0, DATA, 1, NEXT | WRITE, 1);
    ring.descriptor(1, TABLE, 16, INDIRECT, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_ORDER);
  }

  @Test
  void aTableInAHoleIsRefused() {
    ring.descriptor(0, GuestMemory.HOLE, 16, INDIRECT, 0);
    ring.descriptor(1, -1, 16, INDIRECT, 0);
    ring.offer(0);
    ring.offer(1);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_ADDRESS);
    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_ADDRESS);
  }

  @Test
  void aTableAcrossTwoRegionsIsWalked() {
    long table = GuestMemory.NEXT - 2 * 16;
    table(table, 5);
    ring.descriptor(0, table, 5 * 16, INDIRECT, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
    assertThat(ring.chain.readableBytes()).isEqualTo(5);
  }

  @Test
  void aTableIsNotReadBeyondMemory() {
    long table = GuestMemory.HOLE - 2 * 16;
    ring.tableEntry(table, 0, DATA, 1, NEXT, 1);
    ring.tableEntry(table, 1, DATA, 1, NEXT, 2);
    ring.descriptor(0, table, 3 * 16, INDIRECT, 0);
    ring.offer(0);

    assertThat(ring.fetch().isBadChain()).isTrue();
  }

  @Test
  void anEntryAcrossTwoRegionsIsRefused() {
    ring.descriptor(0, GuestMemory.NEXT - 8, 32, INDIRECT, 0);
    ring.offer(0);

    assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_INDIRECT);
  }
}
