package io.millrace.initiator.perf;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.perf.BlockDiagnosis.Expectation;
import io.millrace.initiator.perf.VerifyFailure.Damage;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is said of a block in memory, for each way in which it can be wrong. */
class BlockDiagnosisTest {
  private static final int BYTES = 4096;
  private static final long OFFSET = 81_920;
  private static final long OLD = 1_700_000_000_000_000L; // 2023-11-14T22:13:20Z
  private static final long NEW = 1_700_000_001_000_000L;
  private static final Expectation EXACT = new Expectation(NEW, NEW, false);

  private Mapping memory;
  private long block;
  private ByteBuffer view;
  private BlockDiagnosis diagnosis;
  private final CRC32C crc = new CRC32C();

  @BeforeEach
  void writtenBlock() throws Exception {
    memory = Mapping.anonymous(3 * BYTES, false);
    block = memory.address();
    view = VerifyStamp.view(block, BYTES);
    diagnosis = new BlockDiagnosis(block + 2 * BYTES);
    write(block, OFFSET, NEW);
  }

  @AfterEach
  void unmap() {
    memory.close();
  }

  @Test
  void whatWasWrittenIsRight() {
    assertThat(look(EXACT)).isNull();
    assertThat(look(Expectation.ANY)).isNull();
    assertThat(look(new Expectation(OLD, NEW, true))).isNull();
  }

  @Test
  void everyFlippedBitIsFoundAndNamed() {
    for (int bit = 0; bit < BYTES * 8; bit += 37) {
      long address = block + bit / 8;
      RawMemory.putByte(address, (byte) (RawMemory.getByte(address) ^ 1 << bit % 8));

      VerifyFailure failure = look(EXACT);

      assertThat(failure.damage()).as("bit %d", bit).isEqualTo(Damage.CORRUPT);
      assertThat(failure.detail())
          .as("bit %d", bit)
          .startsWith("is corrupt: 1 bit differs in 1 of 8 sectors")
          .contains("byte " + (OFFSET + bit / 8) + " is ");
      RawMemory.putByte(address, (byte) (RawMemory.getByte(address) ^ 1 << bit % 8));
    }
  }

  @Test
  void blockOfAnotherPlaceIsMisplaced() {
    write(block, OFFSET + BYTES, NEW);

    VerifyFailure failure = look(EXACT);

    assertThat(failure)
        .hasToString(
            "block at offset 81920 (4096 bytes) is misplaced: 8 of 8 sectors hold what was"
                + " written to the block at offset 86016");
  }

  @Test
  void olderWriteIsStale() {
    write(block, OFFSET, OLD);

    VerifyFailure failure = look(EXACT);

    assertThat(failure)
        .hasToString(
            "block at offset 81920 (4096 bytes) is stale: it holds the write of"
                + " 2023-11-14T22:13:20Z, that of 2023-11-14T22:13:21Z is lost");
  }

  @Test
  void writeThatNobodyKnowsOfIsNewer() {
    write(block, OFFSET, NEW + 1);

    assertThat(look(EXACT).damage()).isEqualTo(Damage.NEWER);
  }

  @Test
  void halfOfAWriteIsTorn() {
    long other = block + BYTES;
    write(other, OFFSET, OLD);
    RawMemory.copy(other + 2048, block + 2048, 2048);

    VerifyFailure failure = look(EXACT);

    assertThat(failure)
        .hasToString(
            "block at offset 81920 (4096 bytes) is torn: up to byte 83968 it holds the write of"
                + " 2023-11-14T22:13:21Z, from there on that of 2023-11-14T22:13:20Z");
    assertThat(look(Expectation.ANY).damage()).isEqualTo(Damage.TORN);
  }

  @Test
  void halfOfAWriteThatWasInterruptedIsRight() {
    long other = block + BYTES;
    write(other, OFFSET, OLD);
    RawMemory.copy(other + 2048, block + 2048, 2048);

    assertThat(look(new Expectation(OLD, NEW, true))).isNull();
  }

  @Test
  void smallerWritesOfDifferentTimesAreNotTorn() {
    ByteBuffer half = VerifyStamp.view(block + 2048, 2048);
    VerifyStamp.write(block + 2048, half, 2048, OFFSET + 2048, OLD, crc);

    assertThat(look(Expectation.ANY)).isNull();
  }

  @Test
  void zeroesAndForeignDataAreNoPattern() {
    RawMemory.fill(block + 512, 512, (byte) 0);
    VerifyFailure zeroes = look(EXACT);
    RawMemory.fill(block, BYTES, (byte) 0x5a);
    VerifyFailure foreign = look(Expectation.ANY);

    assertThat(zeroes.damage()).isEqualTo(Damage.NO_PATTERN);
    assertThat(zeroes.detail())
        .isEqualTo(
            "reads as zeroes in 1 of 8 sectors, the first at 82432; it was written at"
                + " 2023-11-14T22:13:21Z");
    assertThat(foreign.detail()).startsWith("holds something else than the pattern in 8 of 8");
  }

  @Test
  void memoryThatTheDeviceLeftAloneIsUnfilled() {
    VerifyStamp.markUnfilled(block, BYTES);

    assertThat(look(EXACT).damage()).isEqualTo(Damage.UNFILLED);
  }

  private void write(long address, long offset, long generation) {
    VerifyStamp.write(address, VerifyStamp.view(address, BYTES), BYTES, offset, generation, crc);
  }

  private VerifyFailure look(Expectation expected) {
    return diagnosis.of(block, view, BYTES, OFFSET, expected);
  }
}
