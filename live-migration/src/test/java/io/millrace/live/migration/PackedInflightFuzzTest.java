package io.millrace.live.migration;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.linux.LinuxException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Any bytes in a packed queue's part of the region are refused, or serve. Input: size (low 4 bits,
 * plus 1), chains fetched, of them given back, how far they were shown (0 to 2), flags of the
 * ring's descriptors (2); then what is changed, see {@link WrittenRegion#change}.
 */
class PackedInflightFuzzTest {
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
  void anyPackedRegionIsRefusedOrServes(byte[] input) throws BadInflightException {
    ByteBuffer from = WrittenRegion.header(input);
    int size = 1 + (from.get() & 15);
    region.makePacked(size, from.get() & 15, from.get() & 15, from.get() & 3);
    int ringFlags = from.getShort();
    region.change(from, PackedInflight.bytes(size));

    region.openPacked(size, 1 << 15, ringFlags);
  }
}
