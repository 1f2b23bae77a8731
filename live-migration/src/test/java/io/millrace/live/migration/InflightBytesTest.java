package io.millrace.live.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.RawMemory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each byte of a region with each value: it is refused, or serves. */
class InflightBytesTest {
  private static final int SIZE = 4;

  private WrittenRegion region;
  private int refused;
  private int taken;

  @BeforeEach
  void map() throws Exception {
    region = new WrittenRegion();
  }

  @AfterEach
  void unmap() {
    region.close();
  }

  private void count(boolean wasTaken) {
    taken += wasTaken ? 1 : 0;
    refused += wasTaken ? 0 : 1;
  }

  @ParameterizedTest(name = "given back: {0}")
  @ValueSource(ints = {0, 2, 3})
  void splitWithOneWrongByte(int givenBack) throws Exception {
    for (int i = 0; i < SplitInflight.bytes(SIZE); i++) {
      for (int value = 0; value < 256; value++) {
        region.makeSplit(SIZE, 3, givenBack, false);
        RawMemory.putByte(region.at + i, (byte) value);
        count(region.openSplit(SIZE, givenBack));
      }
    }
    assertThat(taken).isGreaterThan(1_000);
    assertThat(refused).isGreaterThan(1_000);
  }

  @ParameterizedTest(name = "steps of showing what was given back: {0}")
  @ValueSource(ints = {0, 1, 2})
  void packedWithOneWrongByte(int steps) throws Exception {
    for (int i = 0; i < PackedInflight.bytes(SIZE); i++) {
      for (int value = 0; value < 256; value++) {
        region.makePacked(SIZE, 2, 1, steps);
        RawMemory.putByte(region.at + i, (byte) value);
        count(region.openPacked(SIZE, 1 << 15, i));
      }
    }
    assertThat(taken).isGreaterThan(1_000);
    assertThat(refused).isGreaterThan(1_000);
  }
}
