package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Raw access against a byte array of the same content, at every alignment. */
class RawMemoryTest {
  private static final int SIZE = 256;
  private static final int LAST = SIZE - 8;

  private static Mapping mapping;
  private static long base;

  private final byte[] model = new byte[SIZE];
  private final ByteBuffer view = ByteBuffer.wrap(model).order(ByteOrder.nativeOrder());

  @BeforeContainer
  static void map() throws LinuxException {
    mapping = Mapping.anonymous(4096, false);
    base = mapping.address();
  }

  @AfterContainer
  static void unmap() {
    mapping.close();
  }

  private byte[] memory() {
    byte[] all = new byte[SIZE];
    RawMemory.get(base, all, 0, SIZE);
    return all;
  }

  private void fillBoth(long seed) {
    new java.util.Random(seed).nextBytes(model);
    RawMemory.put(model, 0, SIZE, base);
  }

  @Property(tries = 500)
  void plainLoadsReadWhatIsThereAtEveryAlignment(
      @ForAll long seed, @ForAll @IntRange(max = LAST) int at) {
    fillBoth(seed);

    assertThat(RawMemory.getByte(base + at)).isEqualTo(view.get(at));
    assertThat(RawMemory.getShort(base + at)).isEqualTo(view.getShort(at));
    assertThat(RawMemory.getInt(base + at)).isEqualTo(view.getInt(at));
    assertThat(RawMemory.getLong(base + at)).isEqualTo(view.getLong(at));
  }

  @Property(tries = 500)
  void plainStoresChangeTheirBytesOnly(
      @ForAll long seed,
      @ForAll long value,
      @ForAll @IntRange(max = LAST) int at,
      @ForAll @IntRange(max = 3) int size) {
    fillBoth(seed);

    switch (size) {
      case 0 -> {
        RawMemory.putByte(base + at, (byte) value);
        view.put(at, (byte) value);
      }
      case 1 -> {
        RawMemory.putShort(base + at, (short) value);
        view.putShort(at, (short) value);
      }
      case 2 -> {
        RawMemory.putInt(base + at, (int) value);
        view.putInt(at, (int) value);
      }
      default -> {
        RawMemory.putLong(base + at, value);
        view.putLong(at, value);
      }
    }

    assertThat(memory()).isEqualTo(model);
  }

  @Property(tries = 300)
  void orderedAccessMovesTheSameBytes(@ForAll long value, @ForAll @IntRange(max = 30) int slot) {
    long at = base + 8L * slot;

    RawMemory.putLongRelease(at, value);
    assertThat(RawMemory.getLongAcquire(at)).isEqualTo(value);
    RawMemory.putIntRelease(at, (int) ~value);
    assertThat(RawMemory.getIntAcquire(at)).isEqualTo((int) ~value);
    RawMemory.putShortRelease(at, (short) (value >> 16));
    assertThat(RawMemory.getShortAcquire(at)).isEqualTo((short) (value >> 16));
  }

  @Property(tries = 100)
  void orderedAccessRefusesAMisalignedAddress(@ForAll @IntRange(min = 1, max = 7) int off) {
    long at = base + off;

    assertThatThrownBy(() -> RawMemory.getLongAcquire(at))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> RawMemory.putLongRelease(at, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Property(tries = 500)
  void copiesBehaveLikeArrayCopyOverlappingOrNot(
      @ForAll long seed,
      @ForAll @IntRange(max = 128) int from,
      @ForAll @IntRange(max = 128) int to,
      @ForAll @IntRange(max = 128) int length) {
    fillBoth(seed);

    RawMemory.copy(base + from, base + to, length);
    System.arraycopy(model, from, model, to, length);

    assertThat(memory()).isEqualTo(model);
  }

  @Property(tries = 300)
  void fillsAndArrayMovesTouchTheirRangeOnly(
      @ForAll long seed,
      @ForAll byte value,
      @ForAll @IntRange(max = 128) int at,
      @ForAll @IntRange(max = 100) int length) {
    fillBoth(seed);
    byte[] piece = new byte[128];

    RawMemory.fill(base + at, length, value);
    java.util.Arrays.fill(model, at, at + length, value);
    RawMemory.get(base + at, piece, 5, length);
    RawMemory.put(piece, 5, length, base + 128);
    System.arraycopy(model, at, model, 128, length);

    assertThat(memory()).isEqualTo(model);
    assertThat(RawMemory.segment(base, SIZE).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE))
        .isEqualTo(model);
  }
}
