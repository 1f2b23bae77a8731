package io.millrace.live.migration;

import static io.millrace.live.migration.LogMemory.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.RawMemory;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Marks that are put off, against a set of pages. */
class DirtyMarksTest {
  private static final int WORDS = 200;
  private static final int PAGES = WORDS * Long.SIZE;

  private LogMemory memory;
  private DirtyMarks marks;

  @BeforeEach
  void map() throws Exception {
    memory = new LogMemory();
    marks = new DirtyMarks(new DirtyLog(memory.address(), WORDS * Long.BYTES));
  }

  @AfterEach
  void unmap() {
    memory.close();
  }

  /** However many words they are of, in whatever order: a few pages again and again, or all. */
  @Test
  void exactlyThePagesOfTheBytesAreMarkedByAFlush() {
    Random random = new Random(5);
    for (int batch = 0; batch < 2000; batch++) {
      memory.clear();
      BitSet expected = new BitSet();
      long within = PAGE * (random.nextBoolean() ? PAGES + 10 : 100);
      int count = random.nextInt(400);
      for (int i = 0; i < count; i++) {
        long start = random.nextLong(within);
        long bytes = 1 + random.nextLong(random.nextInt(4) > 0 ? 8 : 100 * PAGE);
        marks.add(start, bytes);
        int end = (int) Math.min(PAGES, (start + bytes + PAGE - 1) / PAGE);
        expected.set((int) Math.min(end, start / PAGE), end);
      }
      marks.flush();

      assertThat(memory.marked()).as("batch %d of %d", batch, count).isEqualTo(expected);
    }
  }

  @Test
  void aFlushMarksNothingASecondTime() {
    for (int word = 0; word < 5; word++) {
      marks.add(Long.SIZE * PAGE * word, 1);
    }
    marks.flush();
    memory.clear();

    marks.flush();
    marks.add(77 * PAGE, 1);
    marks.flush();

    assertThat(memory.marked().stream()).containsExactly(77);
  }

  /** Each round ends with a store to a page that is most likely marked already, or just taken. */
  @Test
  void noMarkIsLostToAFrontEndThatClearsAtTheSameTime() throws Exception {
    int rounds = 100_000;
    long counter = memory.address() + PAGE;
    AtomicInteger begun = new AtomicInteger();
    AtomicInteger ended = new AtomicInteger();
    CompletableFuture<Void> marking =
        CompletableFuture.runAsync(() -> {
          for (int round = 1; round <= rounds; round++) {
            await(begun, round);
            for (int i = 3; i >= 0; i--) {
              RawMemory.putLong(counter, round * 4L - i);
              marks.add(0, 1);
              marks.flush();
            }
            ended.set(round);
          }
        });
    for (int round = 1; round <= rounds; round++) {
      long copied = 0;
      begun.set(round);
      boolean last;
      do {
        last = ended.get() == round;
        if (RawMemory.takeBits(memory.address()) != 0) {
          copied = RawMemory.getLong(counter);
        }
      } while (!last);
      assertThat(copied).as("what was copied last").isEqualTo(round * 4L);
    }
    marking.get(1, TimeUnit.SECONDS);
  }

  private static void await(AtomicInteger what, int value) {
    while (what.get() != value) {
      Thread.onSpinWait();
    }
  }
}
