package io.millrace.scsi;

import java.util.Arrays;
import java.util.Random;

/** Bytes for tests. */
final class Data {
  private Data() {}

  /** Blocks that look random, always the same for a seed. */
  static byte[] blocks(int blocks, long seed) {
    byte[] bytes = new byte[blocks * ScsiRig.BLOCK];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** One after the other. */
  static byte[] join(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  /** A copy of which one byte is another. */
  static byte[] changed(byte[] bytes, int at) {
    byte[] other = bytes.clone();
    other[at] ^= 1;
    return other;
  }

  /** One block again and again. */
  static byte[] repeated(byte[] block, int times) {
    byte[] all = new byte[block.length * times];
    for (int i = 0; i < times; i++) {
      System.arraycopy(block, 0, all, i * block.length, block.length);
    }
    return all;
  }
}
