package io.millrace.live.migration;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.linux.LinuxException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Any bytes in a split queue's part of the region are refused, or serve. Input: size (low 4 bits,
 * plus 1), chains fetched, of them given back, whether the region knows that they were shown, index
 * of the used ring (2); then what is changed, see {@link WrittenRegion#change}.
 */
class SplitInflightFuzzTest {
  private static WrittenRegion region;

  @BeforeAll
  static void make() throws LinuxException {
    region = new WrittenRegion();
  }

  @AfterAll
  static void close() {
    region.close();
  }

  @FuzzTest
  void anySplitRegionIsRefusedOrServes(byte[] input) throws BadInflightException {
    ByteBuffer from = WrittenRegion.header(input);
    int size = 1 + (from.get() & 15);
    int fetched = (from.get() & 0xff) % (size + 1);
    int givenBack = (from.get() & 0xff) % (fetched + 1);
    region.makeSplit(size, fetched, givenBack, (from.get() & 1) != 0);
    int usedIdx = from.getShort() & 0xffff;
    region.change(from, SplitInflight.bytes(size));

    region.openSplit(size, usedIdx);
  }
}
