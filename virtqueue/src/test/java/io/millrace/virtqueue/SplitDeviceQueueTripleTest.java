package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static io.millrace.virtqueue.RingUnderTest.INDIRECT;
import static io.millrace.virtqueue.RingUnderTest.NEXT;
import static io.millrace.virtqueue.RingUnderTest.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.virtqueue.RingUnderTest.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Chains of three descriptors, which are followed in a way of their own, where their region was
 * looked up before: what is wrong with one of them is found as in any other chain.
 */
class SplitDeviceQueueTripleTest {
  private static final int SIZE = 8;
  private static final long MOST = DescriptorChain.MAX_SEGMENT_BYTES;

  /** Of the three descriptors: what the device may write. */
  enum Kind {
    IN("rww"),
    OUT("rrw"),
    ALL_READABLE("rrr"),
    ALL_WRITABLE("www"),
    READABLE_LAST("rwr"),
    WRITABLE_FIRST("wrr"),
    READABLE_AMID("wrw");

    final String flags;

    Kind(String flags) {
      this.flags = flags;
    }

    int of(int i) {
      return flags.charAt(i) == 'w' ? WRITE : 0;
    }

    boolean isInOrder() {
      return !flags.contains("wr");
    }
  }

  private static RingUnderTest ring(int size) throws LinuxException {
    RingUnderTest ring = new RingUnderTest(size, VirtioFeature.INDIRECT_DESC);
    ring.descriptor(0, DATA, 1, 0, 0);
    ring.offer(0);
    assertThat(ring.fetch()).as("the region is looked up").isEqualTo(ChainStatus.FETCHED);
    ring.queue.complete(0, 0);
    return ring;
  }

  private static IntStream places() {
    return IntStream.range(0, 3);
  }

  private static long address(int i) {
    return DATA + 100L * i;
  }

  private static void put(RingUnderTest ring, Kind kind) {
    for (int i = 0; i < 3; i++) {
      put(ring, i, 10 + i, kind.of(i));
    }
  }

  private static void put(RingUnderTest ring, int i, long bytes, int flags) {
    ring.descriptor(i, address(i), bytes, flags | (i < 2 ? NEXT : 0), i + 1);
  }

  private static Segment segment(RingUnderTest ring, Kind kind, int i) {
    return kind.of(i) == WRITE ? ring.out(address(i), 10 + i) : ring.in(address(i), 10 + i);
  }

  @ParameterizedTest
  @EnumSource
  void readableComesBeforeWritable(Kind kind) throws LinuxException {
    try (RingUnderTest ring = ring(SIZE)) {
      put(ring, kind);
      ring.offer(0);

      ChainStatus status = ring.fetch();

      assertThat(status).isEqualTo(kind.isInOrder() ? ChainStatus.FETCHED : ChainStatus.BAD_ORDER);
      if (kind.isInOrder()) {
        assertThat(ring.segments())
            .containsExactlyElementsOf(places().mapToObj(i -> segment(ring, kind, i)).toList());
        assertThat(ring.chain.descriptorsWalked()).isEqualTo(3);
        assertThat(ring.chain.readableBytes() + ring.chain.writableBytes()).isEqualTo(33);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void oneWithoutBytesMeansNothing(int empty) throws LinuxException {
    try (RingUnderTest ring = ring(SIZE)) {
      put(ring, Kind.IN);
      put(ring, empty, 0, Kind.IN.of(empty));
      ring.offer(0);

      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);

      List<Segment> others = new ArrayList<>();
      places().filter(i -> i != empty).forEach(i -> others.add(segment(ring, Kind.IN, i)));
      assertThat(ring.segments()).containsExactlyElementsOf(others);
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void noneIsLongerThanASegmentOrGoesOnBeyondItsRegion(int wrong) throws LinuxException {
    long[] lengths = {MOST + 1, 1L << 31, 0xffff_ffffL, MOST, 2L * GuestMemory.BYTES + 1};
    for (long bytes : lengths) {
      try (RingUnderTest ring = ring(SIZE)) {
        put(ring, Kind.OUT);
        put(ring, wrong, bytes, Kind.OUT.of(wrong));
        ring.offer(0);

        assertThat(ring.fetch())
            .as("%d bytes", bytes)
            .isEqualTo(bytes > MOST ? ChainStatus.BAD_LENGTH : ChainStatus.BAD_ADDRESS);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void noneIsLongerThanASegmentThoughItsRegionIs(int wrong) throws LinuxException {
    for (long bytes : new long[] {MOST, MOST + 1}) {
      try (RingUnderTest ring = ring(SIZE)) {
        SplitDeviceQueue queue =
            ring.queueOver(new Everywhere(ring.host(DATA) - DATA), 0, 1, SwitchedWrites.UNTRACKED);
        put(ring, Kind.OUT);
        put(ring, wrong, bytes, Kind.OUT.of(wrong));
        ring.offer(0);

        assertThat(queue.fetch(ring.chain))
            .isEqualTo(bytes > MOST ? ChainStatus.BAD_LENGTH : ChainStatus.FETCHED);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void oneThatIsNowhereIsRefused(int wrong) throws LinuxException {
    long[] nowhere = {GuestMemory.HOLE, DATA - 1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 40};
    for (long address : nowhere) {
      try (RingUnderTest ring = ring(SIZE)) {
        put(ring, Kind.IN);
        ring.descriptor(wrong, address, 10, Kind.IN.of(wrong) | (wrong < 2 ? NEXT : 0), wrong + 1);
        ring.offer(0);

        assertThat(ring.fetch()).as("%x", address).isEqualTo(ChainStatus.BAD_ADDRESS);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void aNextBeyondTheTableIsRefused(int wrong) throws LinuxException {
    for (int next : new int[] {SIZE, SIZE + 1, 0xffff}) {
      try (RingUnderTest ring = ring(SIZE)) {
        put(ring, Kind.IN);
        // As it would be good, if it were in the table.
        int good = wrong + 1;
        ring.descriptor(next, address(good), 10, WRITE | (good < 2 ? NEXT : 0), good + 1);
        ring.descriptor(wrong, address(wrong), 10, Kind.IN.of(wrong) | NEXT, next);
        ring.offer(0);

        assertThat(ring.fetch()).as("next %d", next).isEqualTo(ChainStatus.BAD_INDEX);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void anIndirectTableOfNothingIsRefused(int wrong) throws LinuxException {
    try (RingUnderTest ring = ring(SIZE)) {
      put(ring, Kind.IN);
      put(ring, wrong, 10, Kind.IN.of(wrong) | INDIRECT);
      ring.offer(0);

      assertThat(ring.fetch()).isEqualTo(ChainStatus.BAD_INDIRECT);
    }
  }

  @Test
  void aTableOfTwoHasNoThree() throws LinuxException {
    try (RingUnderTest ring = ring(2)) {
      ring.descriptor(0, address(0), 10, NEXT, 1);
      ring.descriptor(1, address(1), 10, WRITE | NEXT, 1);
      ring.offer(0);

      assertThat(ring.fetch()).isEqualTo(ChainStatus.TOO_LONG);
    }
  }

  @Test
  void anIndirectTableMayHaveThree() throws LinuxException {
    try (RingUnderTest ring = ring(SIZE)) {
      long table = DATA + 0x1000;
      ring.tableEntry(table, 0, address(0), 10, NEXT, 2);
      ring.tableEntry(table, 2, address(1), 11, NEXT, 1);
      ring.tableEntry(table, 1, address(2), 12, WRITE, 0);
      ring.descriptor(5, table, 48, INDIRECT, 0);
      ring.offer(5);

      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);

      assertThat(ring.segments())
          .containsExactlyElementsOf(places().mapToObj(i -> segment(ring, Kind.OUT, i)).toList());
      assertThat(ring.chain.head()).isEqualTo(5);
      assertThat(ring.chain.descriptorsWalked()).isEqualTo(4);
    }
  }

  /** A guest's memory that goes on for ever. */
  private record Everywhere(long delta) implements AddressTranslation {
    @Override
    public long translate(long address, long bytes) {
      return address + delta;
    }

    @Override
    public long known(long address, long bytes) {
      return address + delta;
    }

    @Override
    public long contiguous(long address) {
      return Long.MAX_VALUE;
    }

    @Override
    public long translateRing(long address, long bytes) {
      return address + delta;
    }
  }
}
