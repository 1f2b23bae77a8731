package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.linux.RawMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every bdev does, whatever is below it. A module's test extends this and says how to make
 * one; requests may complete at once or rounds later.
 */
abstract class BdevContract extends BdevUnderTest {
  @Test
  void itIsAsLargeAsItsBlocks() {
    assertThat(bdev.blockCount()).isEqualTo(BLOCKS);
    assertThat(bdev.sizeBytes()).isEqualTo(SIZE);
    assertThat(bdev.properties().blockSize()).isEqualTo(BLOCK);
    assertThat(bdev.supports(IoType.READ)).isTrue();
    assertThat(bdev.toString()).isEqualTo(name());
  }

  @ParameterizedTest
  @MethodSource("rangeTypes")
  void theFirstAndTheLastBlockAndAllOfThemAreInRange(IoType type) {
    assumeSupported(type);

    assertThat(run(type, 0, BLOCK)).isEqualTo(IoStatus.SUCCESS);
    assertThat(run(type, SIZE - BLOCK, BLOCK)).isEqualTo(IoStatus.SUCCESS);
    assertThat(run(type, 0, SIZE)).isEqualTo(IoStatus.SUCCESS);
  }

  @ParameterizedTest
  @MethodSource("rangeTypes")
  void whatIsNotWhollyInsideIsOutOfRange(IoType type) {
    assumeSupported(type);
    long[][] ranges = {
      {SIZE, BLOCK},
      {SIZE - BLOCK, 2 * BLOCK},
      {BLOCK, SIZE},
      {0, SIZE + BLOCK},
      {-BLOCK, BLOCK},
      {-BLOCK, 2 * BLOCK},
      {Long.MIN_VALUE, BLOCK},
      {Long.MAX_VALUE - BLOCK + 1, BLOCK},
      {Long.MAX_VALUE - BLOCK + 1, 2 * BLOCK},
      {BLOCK, Long.MAX_VALUE - BLOCK + 1},
      {0, Long.MIN_VALUE},
      {BLOCK, -BLOCK},
      {SIZE, 0},
      {0, 0},
    };

    for (long[] range : ranges) {
      assertThat(run(type, range[0], range[1]))
          .as("%s %d+%d", type, range[0], range[1])
          .isEqualTo(IoStatus.OUT_OF_RANGE);
    }
  }

  @ParameterizedTest
  @MethodSource("rangeTypes")
  void whatDoesNotKeepToBlocksIsOutOfRange(IoType type) {
    assumeSupported(type);

    for (int bytes : new int[] {1, BLOCK - 1, BLOCK + 1}) {
      assertThat(run(type, bytes, BLOCK)).isEqualTo(IoStatus.OUT_OF_RANGE);
      assertThat(run(type, 0, bytes)).isEqualTo(IoStatus.OUT_OF_RANGE);
    }
  }

  @ParameterizedTest
  @EnumSource(IoType.class)
  void whatItDoesNotDoIsUnsupported(IoType type) {
    assumeTrue(!bdev.supports(type));

    assertThat(run(type, 0, BLOCK)).isEqualTo(IoStatus.UNSUPPORTED);
    assertThat(run(type, -1, -1)).isEqualTo(IoStatus.UNSUPPORTED);
  }

  @Test
  void aFlushCoversEverythingWhateverItsRange() {
    assumeSupported(IoType.FLUSH);

    assertThat(run(IoType.FLUSH, 0, 0)).isEqualTo(IoStatus.SUCCESS);
    assertThat(run(IoType.FLUSH, BLOCK, BLOCK)).isEqualTo(IoStatus.SUCCESS);
    assertThat(run(IoType.FLUSH, 0, SIZE)).isEqualTo(IoStatus.SUCCESS);
  }

  @Test
  void untouchedBlocksReadAsZeroes() {
    assumeKept();

    assertThat(read(0, SIZE)).containsOnly(0);
  }

  @Test
  void whatIsWrittenIsReadAndNothingElseChanges() {
    assumeKept();
    byte[] data = noise(1, 3 * BLOCK);

    write(5 * BLOCK, data);

    byte[] expected = new byte[SIZE];
    System.arraycopy(data, 0, expected, 5 * BLOCK, data.length);
    assertThat(read(0, SIZE)).isEqualTo(expected);
    assertThat(read(6 * BLOCK, BLOCK)).isEqualTo(Arrays.copyOfRange(data, BLOCK, 2 * BLOCK));
  }

  @Test
  void segmentsOfAnySizeAreGatheredAndScatteredByteForByte() {
    assumeKept();
    int[] sizes = {1, 510, 3, 512, 1000, 22, 4096, 512}; // 13 blocks
    int length = Arrays.stream(sizes).sum();
    byte[] data = noise(2, length);
    TestIo write = TestIo.of(IoType.WRITE, 2 * BLOCK, length);
    TestIo read = TestIo.of(IoType.READ, 2 * BLOCK, length);
    int from = 0;
    for (int i = 0; i < sizes.length; i++) {
      RawMemory.put(data, from, sizes[i], at(8192 * i + 7));
      write.addSegment(at(8192 * i + 7), sizes[i]);
      read.addSegment(at(SIZE + 8192 * (sizes.length - i) + 3), sizes[i]);
      from += sizes[i];
    }

    assertThat(run(write)).isEqualTo(IoStatus.SUCCESS);
    assertThat(write.transferredBytes()).isEqualTo(length);
    assertThat(run(read)).isEqualTo(IoStatus.SUCCESS);
    assertThat(read.transferredBytes()).isEqualTo(length);

    byte[] back = new byte[length];
    from = 0;
    for (int i = 0; i < sizes.length; i++) {
      RawMemory.get(read.segmentAddress(i), back, from, sizes[i]);
      from += sizes[i];
    }
    assertThat(back).isEqualTo(data);
    assertThat(RawMemory.getByte(read.segmentAddress(0) + sizes[0])).isZero();
    assertThat(read(2 * BLOCK, length)).isEqualTo(data);
  }

  @Test
  void zeroedBlocksReadAsZeroesAndTheirNeighboursStay() {
    assumeKept();
    assumeSupported(IoType.WRITE_ZEROES);
    byte[] data = noise(3, 8 * BLOCK);
    write(0, data);

    assertThat(run(IoType.WRITE_ZEROES, 2 * BLOCK, 3 * BLOCK)).isEqualTo(IoStatus.SUCCESS);

    Arrays.fill(data, 2 * BLOCK, 5 * BLOCK, (byte) 0);
    assertThat(read(0, 8 * BLOCK)).isEqualTo(data);
  }

  @Test
  void unmappingLeavesTheNeighboursAlone() {
    assumeKept();
    assumeSupported(IoType.UNMAP);
    byte[] data = noise(4, 24 * BLOCK);
    write(0, data);

    assertThat(run(IoType.UNMAP, 8 * BLOCK, 8 * BLOCK)).isEqualTo(IoStatus.SUCCESS);

    assertThat(read(0, 8 * BLOCK)).isEqualTo(Arrays.copyOf(data, 8 * BLOCK));
    assertThat(read(16 * BLOCK, 8 * BLOCK))
        .isEqualTo(Arrays.copyOfRange(data, 16 * BLOCK, 24 * BLOCK));
  }

  @Test
  void aWriteThroughTheCacheIsAWrite() {
    byte[] data = noise(5, 2 * BLOCK);
    RawMemory.put(data, 0, data.length, at(0));
    TestIo io = io(IoType.WRITE, BLOCK, data.length);
    io.forceUnitAccess();

    assertThat(run(io)).isEqualTo(IoStatus.SUCCESS);

    assertThat(io.isForceUnitAccess()).isTrue();
    if (keepsData()) {
      assertThat(read(BLOCK, data.length)).isEqualTo(data);
    }
  }

  @Test
  void aRefusedRequestMovesNothing() {
    TestIo io = io(IoType.WRITE, SIZE, BLOCK);

    assertThat(run(io)).isEqualTo(IoStatus.OUT_OF_RANGE);

    assertThat(io.transferredBytes()).isZero();
  }

  @Test
  void manyRequestsAtOnceCompleteOnceEach() {
    List<TestIo> all = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      IoType type = i % 3 == 0 ? IoType.WRITE : IoType.READ;
      TestIo io = TestIo.of(type, (i % BLOCKS) * (long) BLOCK, BLOCK);
      io.addSegment(at(i * BLOCK), BLOCK);
      all.add(io);
      channel.submit(io);
    }
    all.forEach(this::finish);
    for (int i = 0; i < 10; i++) {
      reactor.runOnce(now);
    }

    assertThat(all).allSatisfy(io -> assertThat(io.statuses).containsExactly(IoStatus.SUCCESS));
    assertThat(channel.inFlightCount()).isZero();
  }

  @Test
  void aRequestCanBeUsedAgainFromItsOwnCompletion() {
    TestIo io = io(IoType.READ, 0, BLOCK);
    io.whenCompleted =
        () -> {
          if (io.statuses.size() < 5) {
            io.begin(IoType.READ, BLOCK, BLOCK);
            io.addSegment(at(0), BLOCK);
            channel.submit(io);
          }
        };

    channel.submit(io);
    long end = System.nanoTime() + DEADLINE_NANOS;
    while (io.statuses.size() < 5 && System.nanoTime() - end < 0) {
      now += 10_000;
      reactor.runOnce(now);
    }

    assertThat(io.statuses).hasSize(5).containsOnly(IoStatus.SUCCESS);
  }

  @Test
  void aCancelledRequestCompletesOnce() {
    List<TestIo> all = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      TestIo io = io(IoType.READ, 0, SIZE);
      all.add(io);
      channel.submit(io);
      channel.cancel(io);
    }
    all.forEach(this::finish);
    all.forEach(channel::cancel);
    reactor.runOnce(now);

    assertThat(all)
        .allSatisfy(io -> assertThat(io.statuses).hasSize(1))
        .allSatisfy(io -> assertThat(io.statuses).first().isIn(IoStatus.SUCCESS, IoStatus.ABORTED));
  }

  @Test
  void itCountsWhatItDidAndWhatItRefused() throws BdevException {
    run(IoType.READ, 0, 4 * BLOCK);
    run(IoType.READ, 0, BLOCK);
    run(IoType.WRITE, 0, 2 * BLOCK);
    run(IoType.WRITE, SIZE, BLOCK);

    ChannelStatistics counts = bdev.statistics();
    assertThat(counts.operations(IoType.READ)).isEqualTo(2);
    assertThat(counts.bytes(IoType.READ)).isEqualTo(5 * BLOCK);
    assertThat(counts.operations(IoType.WRITE)).isEqualTo(1);
    assertThat(counts.bytes(IoType.WRITE)).isEqualTo(2 * BLOCK);
    assertThat(counts.failures(IoStatus.OUT_OF_RANGE)).isEqualTo(1);
    opening.closeChannel(channel);
    assertThat(bdev.statistics().bytes(IoType.READ)).as("after close").isEqualTo(5 * BLOCK);
    channel = opening.openChannel(reactor);
  }

  @Test
  void randomRequestsDoWhatTheyDoToAnArray() {
    assumeKept();
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] model = new byte[SIZE];
    for (int i = 0; i < 300; i++) {
      int first = random.nextInt(BLOCKS);
      int offset = first * BLOCK;
      int length = (1 + random.nextInt(Math.min(32, BLOCKS - first))) * BLOCK;
      switch (random.nextInt(3)) {
        case 0 -> {
          byte[] data = noise(random.nextLong(), length);
          write(offset, data);
          System.arraycopy(data, 0, model, offset, length);
        }
        case 1 -> {
          if (bdev.supports(IoType.WRITE_ZEROES)) {
            assertThat(run(IoType.WRITE_ZEROES, offset, length)).isEqualTo(IoStatus.SUCCESS);
            Arrays.fill(model, offset, offset + length, (byte) 0);
          }
        }
        default ->
            assertThat(read(offset, length))
                .as("seed %d, step %d", seed, i)
                .isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
      }
    }
  }
}
