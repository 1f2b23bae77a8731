package io.millrace.bdev;

import io.millrace.rpc.Names;
import java.util.Set;
import java.util.UUID;

/**
 * What a bdev is, fixed when it is made (only its size may change later).
 *
 * @param name unique in the registry
 * @param uuid unique too; also a name of the bdev
 * @param productName as SPDK names the kind, "Malloc disk"
 * @param blockSize bytes of a logical block, a power of two from 512
 * @param physicalBlockSize bytes the medium writes at once, a multiple of the logical block
 * @param blockCount logical blocks
 * @param writable whether it takes writes
 * @param volatileCache whether a completed write may be lost until a FLUSH
 * @param limits what one request may be
 * @param types what it does, READ always
 */
public record BdevProperties(
    String name,
    UUID uuid,
    String productName,
    int blockSize,
    int physicalBlockSize,
    long blockCount,
    boolean writable,
    boolean volatileCache,
    BdevLimits limits,
    Set<IoType> types) {
  /** Largest logical block, in bytes. */
  public static final int MAX_BLOCK_SIZE = 1 << 16;

  private static final String NAME_RULE =
      "a bdev's name has 1 to 255 characters, none of them a control character";

  /** Refuses what no device can be. */
  public BdevProperties {
    if (!Names.isName(name)) {
      throw new IllegalArgumentException(NAME_RULE);
    }
    if (!isBlockSize(blockSize)) {
      throw new IllegalArgumentException(
          "block size " + blockSize + " is not a power of two from 512 to " + MAX_BLOCK_SIZE);
    }
    if (physicalBlockSize < blockSize || physicalBlockSize % blockSize != 0) {
      throw new IllegalArgumentException(
          "physical block size " + physicalBlockSize + " is no multiple of " + blockSize);
    }
    if (blockCount < 1 || blockCount > Long.MAX_VALUE / blockSize) {
      throw new IllegalArgumentException("impossible number of blocks " + blockCount);
    }
    types = Set.copyOf(types);
  }

  /**
   * Refuses what can be no bdev's name.
   *
   * @throws BdevException INVALID, with a message that does not repeat it
   */
  public static void requireName(String name) throws BdevException {
    if (!Names.isName(name)) {
      throw new BdevException(BdevException.Kind.INVALID, NAME_RULE);
    }
  }

  /** Whether a number of bytes can be a logical block. */
  public static boolean isBlockSize(long bytes) {
    return bytes >= 512 && bytes <= MAX_BLOCK_SIZE && Long.bitCount(bytes) == 1;
  }
}
