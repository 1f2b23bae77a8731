package io.millrace.live.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * A queue's part of the region into which somebody else wrote: it is refused and stays as it is, or
 * serves as any other, and nothing around it is touched.
 */
final class WrittenRegion implements AutoCloseable {
  private static final int HEADER = 6; // bytes of a fuzzer's input before the changes
  private static final int AT = 1 << 10; // with something before it
  private static final int WRAP = 1 << 15;
  private static final int FLAGS = 1 << 15 | 1 << 7;

  private final Mapping memory;
  final long at;

  WrittenRegion() throws LinuxException {
    memory = Mapping.anonymous(1 << 12, false);
    at = memory.address() + AT;
  }

  @Override
  public void close() {
    memory.close();
  }

  /** A fuzzer's input, long enough. */
  static ByteBuffer header(byte[] input) {
    byte[] padded = Arrays.copyOf(input, Math.max(input.length, HEADER));
    return ByteBuffer.wrap(padded).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Changes it by what is left of the input, byte for byte (exclusive or): nothing, by zeros. */
  void change(ByteBuffer by, long bytes) {
    for (int i = 0; i < bytes && by.hasRemaining(); i++) {
      RawMemory.putByte(at + i, (byte) (RawMemory.getByte(at + i) ^ by.get()));
    }
  }

  private void clear(long bytes) {
    RawMemory.fill(memory.address(), memory.size(), (byte) 0x5a);
    RawMemory.fill(at, bytes, (byte) 0);
  }

  private byte[] read(long address, long bytes) {
    byte[] all = new byte[(int) bytes];
    RawMemory.get(address, all, 0, all.length);
    return all;
  }

  private void staysInside(long bytes) {
    for (byte[] around :
        List.of(read(memory.address(), AT), read(at + bytes, memory.size() - AT - bytes))) {
      byte[] expected = new byte[around.length];
      Arrays.fill(expected, (byte) 0x5a);
      assertThat(around).as("around the region").isEqualTo(expected);
    }
  }

  /** A region with so many chains in flight, of which some were given back and perhaps shown. */
  void makeSplit(int size, int fetched, int givenBack, boolean published)
      throws BadInflightException {
    clear(SplitInflight.bytes(size));
    SplitInflight region = SplitInflight.open(at, size, 0);
    for (int i = 0; i < fetched; i++) {
      region.fetched(size - 1 - i);
    }
    for (int i = 0; i < givenBack; i++) {
      region.used(size - 1 - i);
    }
    if (published) {
      region.published(givenBack);
    }
  }

  /** Whether it is taken. */
  boolean openSplit(int size, int usedIdx) {
    long bytes = SplitInflight.bytes(size);
    byte[] before = read(at, bytes);
    try {
      int[] heads = heads(SplitInflight.open(at, size, usedIdx), size, usedIdx);
      SplitInflight again = SplitInflight.open(at, size, usedIdx);
      assertThat(heads(again, size, usedIdx)).as("opened again").isEqualTo(heads);
      for (int head : heads) {
        again.used(head);
      }
      int shown = (usedIdx + heads.length) & 0xffff;
      again.published(shown);
      assertThat(SplitInflight.open(at, size, shown).recoveredCount()).isZero();
      for (int head = 0; head < size; head++) {
        again.fetched(head);
      }
      assertThat(heads(SplitInflight.open(at, size, shown), size, shown)).hasSize(size);
      return true;
    } catch (BadInflightException e) {
      assertThat(read(at, bytes)).isEqualTo(before);
      return false;
    } finally {
      staysInside(bytes);
    }
  }

  private static int[] heads(SplitInflight region, int size, int usedIdx) {
    int[] heads = new int[region.recoveredCount()];
    BitSet seen = new BitSet();
    for (int i = 0; i < heads.length; i++) {
      heads[i] = region.recoveredHead(i);
      assertThat(heads[i]).isBetween(0, size - 1);
      assertThat(seen.get(heads[i])).as("twice").isFalse();
      seen.set(heads[i]);
    }
    assertThat(region.availIndex()).isEqualTo((usedIdx + heads.length) & 0xffff);
    return heads;
  }

  /** The same, packed: chains of one and two descriptors, their ids from the top. */
  void makePacked(int size, int fetched, int givenBack, int steps) throws BadInflightException {
    clear(PackedInflight.bytes(size));
    PackedInflight region = PackedInflight.open(at, size, WRAP, index -> 0);
    List<Integer> entries = new ArrayList<>();
    int free = size;
    for (int i = 0; i < fetched && free >= 1 + (i & 1); i++) {
      region.begin();
      for (int j = 0; j <= (i & 1); j++) {
        region.add(0x1000, 512, 1 << 7, size - 1 - i);
        free--;
      }
      entries.add(region.end());
    }
    int used = WRAP;
    for (int i = 0; i < Math.min(givenBack, entries.size()); i++) {
      used = plus(used, region.count(entries.get(i)), size);
      region.used(entries.get(i));
    }
    if (steps > 0) {
      region.publishing(used);
    }
    if (steps > 1) {
      region.published();
    }
  }

  private static int plus(int position, int count, int size) {
    int index = (position & ~WRAP) + count;
    int wrap = position & WRAP;
    return index < size ? index | wrap : (index - size) | (wrap ^ WRAP);
  }

  /** Whether it is taken. */
  boolean openPacked(int size, int first, int ringFlags) {
    long bytes = PackedInflight.bytes(size);
    byte[] before = read(at, bytes);
    try {
      PackedInflight opened = PackedInflight.open(at, size, first, index -> ringFlags & FLAGS);
      List<Integer> ids = ids(opened, size);
      PackedInflight again = PackedInflight.open(at, size, first, index -> ringFlags & FLAGS);
      assertThat(ids(again, size)).as("opened again").isEqualTo(ids);
      int all = again.availPosition();
      for (int i = 0; i < ids.size(); i++) {
        again.used(again.recoveredEntry(i));
      }
      again.publishing(all);
      again.published();
      PackedInflight idle = PackedInflight.open(at, size, first, index -> 0);
      assertThat(idle.recoveredCount()).isZero();
      assertThat(idle.availPosition()).isEqualTo(all);
      for (int id = 0; id < size; id++) {
        idle.begin();
        idle.add(1, 2, 3, id);
        idle.end();
      }
      assertThat(ids(PackedInflight.open(at, size, first, index -> 0), size)).hasSize(size);
      return true;
    } catch (BadInflightException e) {
      assertThat(read(at, bytes)).isEqualTo(before);
      return false;
    } finally {
      staysInside(bytes);
    }
  }

  private static List<Integer> ids(PackedInflight region, int size) {
    List<Integer> ids = new ArrayList<>();
    BitSet entries = new BitSet();
    for (int i = 0; i < region.recoveredCount(); i++) {
      int entry = region.recoveredEntry(i);
      int count = region.count(entry);
      assertThat(count).isPositive();
      int last = entry;
      for (int j = 0; j < count; j++) {
        assertThat(entry).isBetween(0, size - 1);
        assertThat(entries.get(entry)).as("twice").isFalse();
        entries.set(entry);
        last = entry;
        entry = region.next(entry);
      }
      ids.add(region.descId(last));
      assertThat(region.descId(last)).isLessThan(size);
    }
    assertThat(ids).doesNotHaveDuplicates();
    assertThat(region.usedPosition() & ~WRAP).isLessThan(size);
    assertThat(region.availPosition())
        .isEqualTo(plus(region.usedPosition(), entries.cardinality(), size));
    return ids;
  }
}
