package io.millrace.nvme.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.IovaRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class IovaAllocatorTest {
  private static final long PAGE = 4096;
  private static final long MIB = 1 << 20;
  private static final long GIB = 1 << 30;

  /** What QEMU's intel-iommu says: 39 bits with the window of interrupts left out. */
  private static final List<IovaRange> INTEL =
      List.of(new IovaRange(0, 0xfedf_ffffL), new IovaRange(0xfef0_0000L, 0x7f_ffff_ffffL));

  private static IovaAllocator pages(long first, long count) {
    return new IovaAllocator(List.of(new IovaRange(first, first + count * PAGE - 1)));
  }

  @Test
  void addressZeroIsNeverHandedOut() {
    IovaAllocator allocator = pages(0, 2);

    assertThat(allocator.allocate(0, PAGE)).isEqualTo(PAGE);
    assertThat(allocator.allocate(0, PAGE)).isEqualTo(IovaAllocator.NONE);
  }

  @Test
  void rangeIsUsedToItsLastPageAndNotBeyond() {
    IovaAllocator allocator = pages(PAGE, 3);

    assertThat(allocator.allocate(0, 4 * PAGE)).isEqualTo(IovaAllocator.NONE);
    assertThat(allocator.allocate(0, 3 * PAGE)).isEqualTo(PAGE);
    assertThat(allocator.allocate(0, PAGE)).isEqualTo(IovaAllocator.NONE);
  }

  @Test
  void rangesThatAreNotWholePagesAreCutToThem() {
    IovaAllocator allocator =
        new IovaAllocator(List.of(new IovaRange(PAGE + 1, 3 * PAGE + PAGE / 2)));

    assertThat(allocator.freeBytes()).isEqualTo(PAGE);
    assertThat(allocator.allocate(0, PAGE)).isEqualTo(2 * PAGE);
  }

  @Test
  void windowOfInterruptsIsNotHandedOut() {
    IovaAllocator allocator = new IovaAllocator(INTEL);

    for (int i = 0; i < 40; i++) {
      long iova = allocator.allocate(0, 200 * MIB);
      assertThat(iova + 200 * MIB <= 0xfee0_0000L || iova >= 0xfef0_0000L)
          .as("0x%x", iova)
          .isTrue();
    }
    assertThat(allocator.freeBytes()).isEqualTo((1L << 39) - PAGE - MIB - 40 * 200 * MIB);
  }

  @Test
  void addressesBeyondTheSignAreNotUsed() {
    IovaAllocator allocator =
        new IovaAllocator(List.of(new IovaRange(0, -1), new IovaRange(-2, -1)));

    assertThat(allocator.freeBytes()).isEqualTo(Long.MAX_VALUE - 2 * PAGE + 1);
    assertThat(allocator.allocate(Long.MAX_VALUE & -PAGE, 2 * MIB)).isPositive();
  }

  @Test
  void largeMemoryLiesInItsHugePagesAsOnTheHost() {
    IovaAllocator allocator = new IovaAllocator(INTEL);
    allocator.allocate(0, PAGE);

    assertThat(allocator.allocate(10 * MIB, 2 * MIB) % (2 * MIB)).isZero();
    assertThat(allocator.allocate(10 * MIB + 3 * PAGE, 4 * MIB) % (2 * MIB)).isEqualTo(3 * PAGE);
    assertThat(allocator.allocate(5 * GIB, 2 * GIB) % GIB).isZero();
  }

  @Test
  void smallMemoryTakesTheFirstPlace() {
    IovaAllocator allocator = new IovaAllocator(INTEL);

    assertThat(allocator.allocate(10 * MIB + 5 * PAGE, 2 * MIB - PAGE)).isEqualTo(PAGE);
  }

  @Test
  void largeMemoryTakesAnyPlaceWhenThatIsAllThereIs() {
    IovaAllocator allocator = pages(MIB, 512);

    assertThat(allocator.allocate(0, 2 * MIB)).isEqualTo(MIB);
  }

  @Test
  void piecesThatAreFreedBecomeOneAgain() {
    for (List<Integer> order : List.of(List.of(0, 1, 2), List.of(2, 1, 0), List.of(0, 2, 1))) {
      IovaAllocator allocator = pages(PAGE, 3);
      List<Long> taken = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        taken.add(allocator.allocate(0, PAGE));
      }

      order.forEach(i -> allocator.free(taken.get(i), PAGE));

      assertThat(allocator.allocate(0, 3 * PAGE)).as("freed as %s", order).isEqualTo(PAGE);
    }
  }

  @Test
  void rangeThatIsFreeCannotBeFreed() {
    IovaAllocator allocator = pages(PAGE, 4);
    long iova = allocator.allocate(0, 2 * PAGE);
    allocator.free(iova, 2 * PAGE);

    assertThatThrownBy(() -> allocator.free(iova, 2 * PAGE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("IOVA 0x1000 is free already");
    assertThatThrownBy(() -> allocator.free(iova + PAGE, PAGE))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void restrictedAllocatorKeepsWhatIsTakenAndOffersLess() {
    IovaAllocator allocator = pages(PAGE, 8);
    assertThat(allocator.allocate(0, 2 * PAGE)).isEqualTo(PAGE);

    allocator.restrict(List.of(new IovaRange(0, 5 * PAGE - 1), new IovaRange(7 * PAGE, -1)));

    assertThat(allocator.freeBytes()).isEqualTo(4 * PAGE); // pages 3, 4, 7, 8
    allocator.restrict(List.of(new IovaRange(4 * PAGE, -1)));
    assertThat(allocator.freeBytes()).isEqualTo(3 * PAGE);
    allocator.free(PAGE, 2 * PAGE);
    assertThat(allocator.allocate(0, 3 * PAGE)).isEqualTo(IovaAllocator.NONE);
    assertThat(allocator.allocate(0, 2 * PAGE)).isEqualTo(PAGE);
  }

  /** Against a list of what is taken: nothing overlaps, all is in range, all comes back. */
  @Property(tries = 200)
  void nothingOverlapsWhateverTheOrder(@ForAll long seed) {
    Random random = new Random(seed);
    List<IovaRange> ranges =
        List.of(new IovaRange(0, 64 * PAGE - 1), new IovaRange(128 * PAGE, 256 * PAGE - 1));
    IovaAllocator allocator = new IovaAllocator(ranges);
    long all = allocator.freeBytes();
    TreeMap<Long, Long> taken = new TreeMap<>();
    long takenBytes = 0;
    for (int i = 0; i < 300; i++) {
      if (random.nextInt(5) < 3 || taken.isEmpty()) {
        long bytes = (1 + random.nextInt(24)) * PAGE;
        long iova = allocator.allocate(random.nextInt(1000) * PAGE, bytes);
        if (iova == IovaAllocator.NONE) {
          assertThat(largestGap(taken)).isLessThan(bytes);
          continue;
        }
        requireFree(taken, iova, bytes);
        taken.put(iova, bytes);
        takenBytes += bytes;
      } else {
        List<Long> starts = new ArrayList<>(taken.keySet());
        long iova = starts.get(random.nextInt(starts.size()));
        long bytes = taken.remove(iova);
        allocator.free(iova, bytes);
        takenBytes -= bytes;
      }
      assertThat(allocator.freeBytes()).isEqualTo(all - takenBytes);
    }
  }

  private static void requireFree(Map<Long, Long> taken, long iova, long bytes) {
    long end = iova + bytes;
    assertThat(iova % PAGE).isZero();
    assertThat((iova >= PAGE && end <= 64 * PAGE) || (iova >= 128 * PAGE && end <= 256 * PAGE))
        .as("0x%x to 0x%x is in range", iova, end)
        .isTrue();
    taken.forEach((other, length) ->
        assertThat(end <= other || iova >= other + length)
            .as("0x%x to 0x%x beside 0x%x", iova, end, other)
            .isTrue());
  }

  private static long largestGap(NavigableMap<Long, Long> taken) {
    long largest = 0;
    long run = 0;
    for (long page = 1; page < 256; page++) {
      boolean usable = page < 64 || page >= 128;
      run = usable && !isTaken(taken, page * PAGE) ? run + PAGE : 0;
      largest = Math.max(largest, run);
    }
    return largest;
  }

  private static boolean isTaken(NavigableMap<Long, Long> taken, long iova) {
    var below = taken.floorEntry(iova);
    return below != null && below.getKey() + below.getValue() > iova;
  }
}
