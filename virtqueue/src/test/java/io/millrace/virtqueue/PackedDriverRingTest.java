package io.millrace.virtqueue;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The driver side over real memory; the device is this test, with the bytes of the ring. */
class PackedDriverRingTest {
  private static final int SIZE = 5;
  private static final long BUFFER = 0x1_0000;
  private static final int AVAIL = 1 << 7;
  private static final int USED = 1 << 15;

  private Mapping memory;
  private long tables;
  private final List<String> used = new ArrayList<>();
  private final UsedHandler collect = (head, bytes) -> used.add(head + ":" + bytes);

  @BeforeEach
  void map() throws LinuxException {
    memory = Mapping.anonymous(1 << 20, false);
    tables = memory.address() + (1 << 19);
  }

  @AfterEach
  void unmap() {
    memory.close();
  }

  private PackedDriverRing ring(long features, int tableEntries) {
    return new PackedDriverRing(
        VringLayout.at(memory.address(), RingFormat.PACKED, SIZE),
        features,
        new IndirectTables(tables, 0x9000, tableEntries));
  }

  private static int chain(DriverRing ring, int buffers) {
    int head = ring.begin(buffers);
    for (int i = 0; i < buffers; i++) {
      ring.add(BUFFER + 0x100L * i, 16 + i, i > 0);
    }
    return head;
  }

  private String entry(int index) {
    return entryAt(memory.address() + 16L * index);
  }

  private static String entryAt(long entry) {
    return "%x+%d id %d flags %x"
        .formatted(
            RawMemory.getLong(entry),
            RawMemory.getInt(entry + 8),
            RawMemory.getShort(entry + 12),
            RawMemory.getShort(entry + 14) & 0xffff);
  }

  private int flags(int index) {
    return RawMemory.getShort(memory.address() + 16L * index + 14) & 0xffff;
  }

  /** What a device does. */
  private void use(int index, int wrap, int id, int len, int flags) {
    long entry = memory.address() + 16L * index;
    RawMemory.putInt(entry + 8, len);
    RawMemory.putShort(entry + 12, (short) id);
    RawMemory.putShortRelease(entry + 14, (short) (flags | (wrap == 1 ? AVAIL | USED : 0)));
  }

  @Test
  void aChainIsAListWithItsIdAvailableInThisLap() {
    PackedDriverRing ring = ring(0, 0);

    int head = chain(ring, 3);
    ring.offer(head);
    ring.publish();

    assertThat(entry(0)).isEqualTo("10000+16 id %d flags 81".formatted(head));
    assertThat(entry(1)).isEqualTo("10100+17 id %d flags 83".formatted(head));
    assertThat(entry(2)).isEqualTo("10200+18 id %d flags 82".formatted(head));
    assertThat(ring.freeCount()).isEqualTo(SIZE - 3);
    assertThat(ring.inFlightCount()).isEqualTo(1);
  }

  @Test
  void theDeviceSeesNothingBeforePublish() {
    PackedDriverRing ring = ring(0, 0);

    ring.offer(chain(ring, 2));
    ring.offer(chain(ring, 2));
    assertThat(flags(0)).isZero();

    ring.publish();
    assertThat(flags(0)).isEqualTo(AVAIL | 1);
  }

  @Test
  void aChainThatComesBackCanBeOfferedAgainAcrossTheEnd() {
    PackedDriverRing ring = ring(0, 0);
    int head = chain(ring, 3);
    ring.offer(head);
    ring.publish();
    use(0, 1, head, 7, 2);
    assertThat(ring.reap(collect, 32)).isEqualTo(1);

    ring.offer(head);
    ring.publish();

    assertThat(used).containsExactly(head + ":7");
    assertThat(flags(3)).isEqualTo(AVAIL | 1);
    assertThat(flags(4)).isEqualTo(AVAIL | 3);
    assertThat(entry(0)).isEqualTo("10200+18 id %d flags 8002".formatted(head));
    assertThat(ring.base()).isEqualTo(0x0001_0001);
    use(3, 1, head, 9, 2);
    assertThat(ring.reap(collect, 32)).isEqualTo(1);
    assertThat(used).containsExactly(head + ":7", head + ":9");
  }

  @Test
  void whatTheDeviceLeftUnwrittenHasNoLength() {
    PackedDriverRing ring = ring(0, 0);
    int head = chain(ring, 1);
    ring.offer(head);
    ring.publish();
    use(0, 1, head, 99, 0);

    ring.reap(collect, 32);

    assertThat(used).containsExactly(head + ":0");
  }

  @Test
  void anIndirectChainTakesOneDescriptor() {
    PackedDriverRing ring = ring(VirtioFeature.INDIRECT_DESC, 4);
    chain(ring, 1); // so that the head is not 0

    int head = chain(ring, 3);
    ring.offer(head);
    ring.publish();

    assertThat(entry(0)).isEqualTo("%x+48 id %d flags 84".formatted(0x9000 + 64 * head, head));
    assertThat(entryAt(tables + 64L * head)).isEqualTo("10000+16 id 0 flags 0");
    assertThat(entryAt(tables + 64L * head + 16)).isEqualTo("10100+17 id 0 flags 2");
    assertThat(entryAt(tables + 64L * head + 32)).isEqualTo("10200+18 id 0 flags 2");
    assertThat(ring.freeCount()).isEqualTo(SIZE - 2);
  }

  @Test
  void aChainThatDoesNotFitIsRefusedAndTakesNothing() {
    PackedDriverRing ring = ring(0, 0);

    assertThat(ring.begin(SIZE + 1)).isEqualTo(DriverRing.NONE);
    int head = chain(ring, SIZE);
    assertThat(ring.begin(1)).isEqualTo(DriverRing.NONE);

    ring.free(head);
    assertThat(ring.begin(SIZE)).isNotEqualTo(DriverRing.NONE);
  }

  @ParameterizedTest
  @ValueSource(ints = {SIZE, 1, 0xffff, 0x8000})
  void anIdThatIsNotWithTheDeviceBreaksTheRing(int claimed) {
    PackedDriverRing ring = ring(0, 0);
    ring.offer(chain(ring, 1));
    ring.publish();

    use(0, 1, claimed, 0, 0);

    assertThat(ring.reap(collect, 32)).isZero();
    assertThat(ring.isBroken()).isTrue();
    assertThat(used).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"0,true", "1,false", "2,true"})
  void withoutEventsAKickIsWantedUnlessDisabled(int flags, boolean wanted) {
    PackedDriverRing ring = ring(0, 0);
    RawMemory.putInt(ring.layout().used(), 0x8003 | flags << 16);

    ring.offer(chain(ring, 1));

    assertThat(ring.publish()).isEqualTo(wanted);
  }

  @ParameterizedTest
  @CsvSource({"0x8000,true", "0x8001,true", "0x8002,false", "0x0000,false", "0x0004,false"})
  void withEventsAKickIsWantedWhenTheBatchReachesTheDescriptor(String position, boolean wanted) {
    PackedDriverRing ring = ring(VirtioFeature.EVENT_IDX, 0);
    RawMemory.putInt(ring.layout().used(), Integer.decode(position) | 2 << 16);

    ring.offer(chain(ring, 1));
    ring.offer(chain(ring, 1));

    assertThat(ring.publish()).isEqualTo(wanted);
  }

  @ParameterizedTest
  @CsvSource({"0,0", "536870912,2"})
  void callsAreAskedForWhereTheNextIsUsedAndNotOverOneThatIs(long features, int flags) {
    PackedDriverRing ring = ring(features, 0);
    int head = chain(ring, 1);
    ring.offer(head);
    ring.publish();
    assertThat(RawMemory.getInt(ring.layout().avail()) >>> 16).isEqualTo(1);

    assertThat(ring.enableCalls()).isTrue();
    assertThat(RawMemory.getInt(ring.layout().avail()))
        .isEqualTo(flags == 2 ? 0x8000 | 2 << 16 : 0);
    use(0, 1, head, 0, 0);
    assertThat(ring.enableCalls()).isFalse();
    ring.reap(collect, 32);
    assertThat(ring.enableCalls()).isTrue();
  }

  @Test
  void aFreshRingIsClearedAndAsksForNoCalls() {
    RawMemory.fill(memory.address(), 4096, (byte) 0xff);

    PackedDriverRing ring = ring(0, 0);

    for (int i = 0; i < 16 * SIZE; i++) {
      assertThat(RawMemory.getByte(memory.address() + i)).isZero();
    }
    assertThat(RawMemory.getInt(ring.layout().used())).isZero();
    assertThat(RawMemory.getInt(ring.layout().avail()) >>> 16).isEqualTo(1);
    assertThat(ring.size()).isEqualTo(SIZE);
    assertThat(ring.publish()).isFalse();
    assertThat(ring.isBroken()).isFalse();
  }

  @Test
  void aFreshRingStandsAtTheFirstBase() {
    assertThat(ring(0, 0).base()).isEqualTo(RingFormat.PACKED.firstBase());
  }
}
