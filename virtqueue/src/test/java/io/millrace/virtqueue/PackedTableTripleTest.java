package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static io.millrace.virtqueue.PackedRingUnderTest.INDIRECT;
import static io.millrace.virtqueue.PackedRingUnderTest.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.virtqueue.PackedRingUnderTest.Element;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables of three descriptors, which a packed queue reads in a way of their own. */
class PackedTableTripleTest {
  private static final int SIZE = 8;
  private static final long TABLE = DATA + 0x8000;
  private static final long MOST = DescriptorChain.MAX_SEGMENT_BYTES;

  private static PackedRingUnderTest ring() throws LinuxException {
    PackedRingUnderTest ring = new PackedRingUnderTest(SIZE, VirtioFeature.INDIRECT_DESC);
    ring.offer(0, new Element(DATA, 1, 0));
    assertThat(ring.fetch()).as("the region is looked up").isEqualTo(ChainStatus.FETCHED);
    return ring;
  }

  private static IntStream places() {
    return IntStream.range(0, 3);
  }

  private static long address(int i) {
    return DATA + 100L * i;
  }

  /** Fills the table: "w" for what the device may write. */
  private static void put(PackedRingUnderTest ring, String kinds) {
    for (int i = 0; i < 3; i++) {
      ring.tableEntry(TABLE, i, address(i), 10 + i, 0xdead, kinds.charAt(i) == 'w' ? WRITE : 0);
    }
    ring.offer(3, new Element(TABLE, 48, INDIRECT));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rww", "rrw", "rrr", "www", "rwr", "wrr", "wrw"})
  void readableComesBeforeWritable(String kinds) throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      put(ring, kinds);

      ChainStatus status = ring.fetch();

      boolean inOrder = !kinds.contains("wr");
      assertThat(status).isEqualTo(inOrder ? ChainStatus.FETCHED : ChainStatus.BAD_ORDER);
      assertThat(ring.chain.head()).isEqualTo(3);
      if (inOrder) {
        assertThat(ring.segments())
            .containsExactlyElementsOf(
                places()
                    .mapToObj(i ->
                        kinds.charAt(i) == 'w'
                            ? ring.writable(address(i), 10 + i)
                            : ring.readable(address(i), 10 + i))
                    .toList());
        assertThat(ring.chain.readableBytes() + ring.chain.writableBytes()).isEqualTo(33);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void oneWithoutBytesMeansNothing(int empty) throws LinuxException {
    try (PackedRingUnderTest ring = ring()) {
      put(ring, "rrw");
      ring.tableEntry(TABLE, empty, address(empty), 0, 0, empty == 2 ? WRITE : 0);

      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      assertThat(ring.chain.count()).isEqualTo(2);
      assertThat(ring.chain.readableBytes() + ring.chain.writableBytes()).isEqualTo(23 - empty);
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void oneThatIsTooLongOrNowhereIsRefused(int wrong) throws LinuxException {
    for (long bytes : new long[] {MOST + 1, 0xffff_ffffL, MOST}) {
      try (PackedRingUnderTest ring = ring()) {
        put(ring, "rww");
        ring.tableEntry(TABLE, wrong, address(wrong), bytes, 0, wrong > 0 ? WRITE : 0);

        assertThat(ring.fetch())
            .as("%d bytes", bytes)
            .isEqualTo(bytes > MOST ? ChainStatus.BAD_LENGTH : ChainStatus.BAD_ADDRESS);
      }
    }
    for (long address : new long[] {GuestMemory.HOLE, DATA - 1, Long.MIN_VALUE, Long.MAX_VALUE}) {
      try (PackedRingUnderTest ring = ring()) {
        put(ring, "rww");
        ring.tableEntry(TABLE, wrong, address, 10, 0, wrong > 0 ? WRITE : 0);

        assertThat(ring.fetch()).as("%x", address).isEqualTo(ChainStatus.BAD_ADDRESS);
      }
    }
  }
}
