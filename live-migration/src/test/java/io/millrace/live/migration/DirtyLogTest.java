package io.millrace.live.migration;

import static io.millrace.live.migration.LogMemory.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.RawMemory;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The log against a set of pages. */
class DirtyLogTest {
  private static final int BYTES = 256;
  private static final int PAGES = BYTES * Byte.SIZE;

  private LogMemory memory;
  private DirtyLog log;

  @BeforeEach
  void map() throws Exception {
    memory = new LogMemory();
    log = new DirtyLog(memory.address(), BYTES);
  }

  @AfterEach
  void unmap() {
    memory.close();
  }

  @Test
  void pageNIsBitNModulo8OfByteNBy8() {
    log.mark(11 * PAGE + 5, 1);

    assertThat(RawMemory.getByte(memory.address() + 1)).isEqualTo((byte) (1 << 3));
    assertThat(memory.marked().cardinality()).isOne();
  }

  @Test
  void exactlyThePagesOfTheBytesAreMarked() {
    Random random = new Random(3);
    for (int i = 0; i < 20_000; i++) {
      RawMemory.fill(memory.address(), BYTES, (byte) 0);
      long start = random.nextLong(PAGES * PAGE);
      long bytes = 1 + random.nextLong(random.nextBoolean() ? PAGE : 300 * PAGE);
      log.mark(start, bytes);

      BitSet expected = new BitSet();
      expected.set((int) (start / PAGE), (int) Math.min(PAGES, (start + bytes + PAGE - 1) / PAGE));
      assertThat(memory.marked()).as("%d bytes at %d", bytes, start).isEqualTo(expected);
    }
  }

  @Test
  void nothingOutsideOfTheLogIsTouched() {
    log.mark(PAGES * PAGE, 1);
    log.mark(-PAGE, PAGE);
    log.mark(Long.MAX_VALUE, 1L << 32);
    log.mark((PAGES - 1) * PAGE, 100 * PAGE);

    BitSet last = new BitSet();
    last.set(PAGES - 1);
    assertThat(memory.marked()).isEqualTo(last);
  }

  @Test
  void anIncompleteLastWordIsNotUsed() {
    DirtyLog odd = new DirtyLog(memory.address(), 12);
    odd.mark(0, 96 * PAGE);

    assertThat(memory.marked().cardinality()).isEqualTo(64);
    assertThat(odd.reaches(64 * PAGE)).isTrue();
    assertThat(odd.reaches(64 * PAGE + 1)).isFalse();
  }

  @Test
  void aLogReachesAsFarAsItHasBits() {
    assertThat(log.reaches(0)).isTrue();
    assertThat(log.reaches(PAGES * PAGE)).isTrue();
    assertThat(log.reaches(PAGES * PAGE + 1)).isFalse();
    assertThat(log.reaches(-1)).as("the end of all addresses").isFalse();
  }

  @Test
  void aLogIsAligned() {
    assertThatThrownBy(() -> new DirtyLog(memory.address() + 4, BYTES))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void noMarkIsLostToAFrontEndThatClearsAtTheSameTime() throws Exception {
    int marks = 300_000;
    CompletableFuture<Integer> marking =
        CompletableFuture.supplyAsync(() -> {
          for (int i = 0; i < marks; i++) {
            // The page counts how often it was dirtied, before it is marked.
            long counter = memory.address() + PAGE + i % 64 * 8L;
            RawMemory.putLong(counter, RawMemory.getLong(counter) + 1);
            log.mark(i % 64 * PAGE, 1);
          }
          return marks;
        });
    long[] copied = new long[64];
    boolean ended;
    do {
      ended = marking.isDone();
      long bits = RawMemory.takeBits(memory.address());
      for (int page = 0; page < 64; page++) {
        if ((bits >> page & 1) == 1) {
          copied[page] = RawMemory.getLong(memory.address() + PAGE + page * 8L);
        }
      }
    } while (!ended);
    assertThat(marking.get(1, TimeUnit.SECONDS)).isEqualTo(marks);
    long sum = 0;
    for (long count : copied) {
      sum += count;
    }
    assertThat(sum).as("what the pages say that were copied last").isEqualTo(marks);
  }
}
