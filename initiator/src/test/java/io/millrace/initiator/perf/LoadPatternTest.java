package io.millrace.initiator.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoadPatternTest {
  private static final long SEED = 12345;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 7, 8, 9, 255, 256, 257, 1000, 65535, 65536, 65537})
  void randomPassMeetsEachBlockOnce(int blocks) {
    LoadPattern pattern = new LoadPattern(ReadWrite.RANDREAD, blocks, 50, true, SEED);

    for (int pass = 0; pass < 3; pass++) {
      BitSet met = new BitSet();
      for (int i = 0; i < blocks; i++) {
        pattern.next();
        met.set(Math.toIntExact(pattern.block()));
      }
      assertThat(met.cardinality()).as("pass %d", pass).isEqualTo(blocks);
      assertThat(met.length()).isEqualTo(blocks);
    }
  }

  @Test
  void randomPassIsNotInOrderAndTheNextIsAnother() {
    LoadPattern pattern = new LoadPattern(ReadWrite.RANDWRITE, 1000, 50, true, SEED);

    List<Long> first = blocks(pattern, 1000);
    List<Long> second = blocks(pattern, 1000);

    assertThat(first).isNotEqualTo(second);
    assertThat(ascents(first)).isBetween(400, 600);
    assertThat(ascents(second)).isBetween(400, 600);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw", "randrw", "write", "randwrite"})
  void passBegunAgainIsTheSame(String word) {
    ReadWrite rw = ReadWrite.of(word).orElseThrow();
    LoadPattern pattern = new LoadPattern(rw, 1000, 30, true, SEED);

    pattern.begin(7);
    List<String> first = requests(pattern, 1000);
    pattern.next();
    pattern.begin(7);

    assertThat(requests(pattern, 1000)).isEqualTo(first);
  }

  @Test
  void mixHasItsShareOfReads() {
    LoadPattern pattern = new LoadPattern(ReadWrite.RANDRW, 100_000, 70, true, SEED);

    long reads = requests(pattern, 100_000).stream().filter(r -> r.startsWith("READ")).count();

    assertThat(reads).isBetween(69_000L, 71_000L);
  }

  @Test
  void sequentialPassesGoRoundAndRound() {
    LoadPattern pattern = new LoadPattern(ReadWrite.READ, 3, 50, true, SEED);

    assertThat(blocks(pattern, 7)).containsExactly(0L, 1L, 2L, 0L, 1L, 2L, 0L);
  }

  @Test
  void withoutAMapABlockMayComeTwice() {
    LoadPattern pattern = new LoadPattern(ReadWrite.RANDREAD, 1000, 50, false, SEED);

    assertThat(blocks(pattern, 1000).stream().distinct().count()).isBetween(500L, 800L);
  }

  private static List<Long> blocks(LoadPattern pattern, int count) {
    List<Long> blocks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      pattern.next();
      blocks.add(pattern.block());
    }
    return blocks;
  }

  private static List<String> requests(LoadPattern pattern, int count) {
    List<String> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      pattern.next();
      requests.add(pattern.direction() + " " + pattern.block());
    }
    return requests;
  }

  private static int ascents(List<Long> blocks) {
    int count = 0;
    for (int i = 1; i < blocks.size(); i++) {
      count += blocks.get(i) > blocks.get(i - 1) ? 1 : 0;
    }
    return count;
  }
}
