package io.millrace.initiator;

import io.millrace.initiator.InitiatorException.Kind;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

/**
 * What a logical unit with blocks says of itself. What it does not say is taken for the careful
 * case: it has a cache, and nothing but reads, writes and flushes.
 *
 * @param blocks how many, 1 or more
 * @param blockBytes of each, a power of two from 512
 * @param physicalBlockBytes what its medium writes at once
 * @param writable whether it takes writes
 * @param cached whether a write may be lost until its cache is synchronized
 * @param forcesUnitAccess whether it knows FUA (DPOFUA)
 * @param maxTransferBlocks of a command with data; 0 when it does not say
 * @param maxUnmapBlocks of an UNMAP; 0 when it does none
 * @param unmapGranularityBlocks by which it gives storage back; 0 when it gives none back
 * @param maxSameBlocks of a WRITE SAME(16); 0 when it does none
 * @param sameWithoutData whether a WRITE SAME may leave its zeroes out (NDOB)
 * @param sameUnmaps whether a WRITE SAME may give storage back
 * @param compares whether a VERIFY(16) compares with data
 */
public record ScsiUnit(
    long blocks,
    int blockBytes,
    int physicalBlockBytes,
    boolean writable,
    boolean cached,
    boolean forcesUnitAccess,
    int maxTransferBlocks,
    long maxUnmapBlocks,
    long unmapGranularityBlocks,
    long maxSameBlocks,
    boolean sameWithoutData,
    boolean sameUnmaps,
    boolean compares) {
  /** Unit attentions in a row after which a unit has nothing new to say. */
  public static final int MOST_ATTENTIONS = 16;

  /** Bytes of {@link #readCapacity}'s answer. */
  public static final int CAPACITY_BYTES = 32;

  /** Where in it the block length lies; before it, the number of the last block. */
  public static final int CAPACITY_BLOCK_LENGTH_AT = 8;

  /** Most that a unit takes to say something of itself. */
  public static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final int PAGE_BYTES = 64;
  private static final int BLOCK_LIMITS = 0xb0;
  private static final int PROVISIONING = 0xb2;
  private static final int MOST_BLOCK_BYTES = 1 << 20;

  /** What Linux sends in one where a unit names no limit. */
  private static final int USUAL_SAME_BLOCKS = 0x7f_ffff;

  private static final long MOST_BLOCKS = 0xffff_ffffL; // of one command

  /** READ CAPACITY(16). */
  public static byte[] readCapacity() {
    byte[] cdb = new byte[ScsiCdb.BYTES_16];
    cdb[0] = (byte) 0x9e;
    cdb[1] = 0x10;
    cdb[13] = CAPACITY_BYTES;
    return cdb;
  }

  /**
   * Asks a unit. Blocks.
   *
   * @param lun of {@link VirtioScsi#lun}
   * @param name of the unit, for messages
   * @throws InitiatorException REFUSED when it is not there, not ready, or no disk
   */
  public static ScsiUnit ask(VirtioScsiDriver driver, long lun, String name)
      throws InitiatorException {
    return new Asking(driver, lun, name).unit();
  }

  /** Longest transfer in bytes, if it says one; else {@code most}. */
  public int maxTransferBytes(int most) {
    long bytes = Integer.toUnsignedLong(maxTransferBlocks) * blockBytes;
    return bytes == 0 ? most : (int) Math.min(most, bytes);
  }

  // What a unit says of a command that is no usage map.
  private static final int UNKNOWN = -2;
  private static final int NOT_DONE = -1;

  private record Asking(VirtioScsiDriver driver, long lun, String name) {
    ScsiUnit unit() throws InitiatorException {
      require("is not ready", run(new byte[6], 0));
      byte[] inquiry = require("says nothing of itself", run(inquiry(0), PAGE_BYTES));
      if (inquiry[0] != 0) {
        throw refused("is no disk: its peripheral device type is %02xh".formatted(inquiry[0]));
      }
      ByteBuffer capacity =
          ByteBuffer.wrap(require("names no capacity", run(readCapacity(), CAPACITY_BYTES)));
      long blocks = capacity.getLong(0) + 1;
      int block = capacity.getInt(CAPACITY_BLOCK_LENGTH_AT);
      if (block < 512 || block > MOST_BLOCK_BYTES || Integer.bitCount(block) != 1 || blocks < 1) {
        throw refused("has " + blocks + " blocks of " + block + " bytes");
      }
      int exponent = capacity.get(13) & 0xf;
      boolean managed = (capacity.get(14) & 1 << 7) != 0; // LBPME
      ByteBuffer limits = page(BLOCK_LIMITS);
      ByteBuffer provisioning = page(PROVISIONING);
      byte ways = provisioning.get(5);
      byte[] modes = modes();
      int caching = 4 + (modes[3] & 0xff); // behind header and block descriptors
      boolean told = caching + 2 < modes.length && (modes[caching] & 0x3f) == 0x08;
      boolean unmaps = managed && (ways & 1 << 7) != 0 && limits.getInt(24) != 0;
      int same = usage(ScsiCdb.WRITE_SAME_16);
      int verify = usage(ScsiCdb.VERIFY_16);
      boolean sames = same >= 0 || (same == UNKNOWN && limits.getLong(36) != 0);
      return new ScsiUnit(
          blocks,
          block,
          exponent <= 8 ? block << exponent : block,
          (modes[2] & 1 << 7) == 0,
          !told || (modes[caching + 2] & 1 << 2) != 0,
          (modes[2] & 1 << 4) != 0,
          limits.getInt(8),
          unmaps ? Integer.toUnsignedLong(limits.getInt(20)) : 0,
          unmaps ? granularity(limits, provisioning.get(6)) : 0,
          sames ? sameLimit(limits.getLong(36)) : 0,
          same >= 0 && (same & ScsiCdb.SAME_WITHOUT_DATA) != 0,
          managed && (ways & 1 << 6) != 0, // LBPWS
          verify >= 0 && (verify & ScsiCdb.BYTE_CHECK) != 0);
    }

    /** A thin unit that names no granularity gives any block back. */
    private static long granularity(ByteBuffer limits, byte kind) {
      long blocks = Integer.toUnsignedLong(limits.getInt(28));
      boolean thin = (kind & 7) == 2;
      return blocks == 0 && thin ? 1 : blocks;
    }

    private static long sameLimit(long told) {
      return told == 0 ? USUAL_SAME_BLOCKS : told < 0 ? MOST_BLOCKS : Math.min(told, MOST_BLOCKS);
    }

    /** The caching page behind its header; zeroes where the unit has none. */
    private byte[] modes() throws InitiatorException {
      byte[] cdb = {0x1a, 0x08, 0x08, 0, PAGE_BYTES, 0}; // DBD, caching page
      ScsiResult result = run(cdb, PAGE_BYTES);
      return padded(result, PAGE_BYTES);
    }

    /** A vital product data page; zeroes where the unit has none. */
    private ByteBuffer page(int code) throws InitiatorException {
      byte[] page = padded(run(inquiry(code), PAGE_BYTES), PAGE_BYTES);
      return ByteBuffer.wrap((page[1] & 0xff) == code ? page : new byte[PAGE_BYTES]);
    }

    /**
     * What of a command's second byte the unit looks at, or {@link #NOT_DONE}, {@link #UNKNOWN}.
     */
    private int usage(int opcode) throws InitiatorException {
      byte[] cdb = {(byte) 0xa3, 0x0c, 1, (byte) opcode, 0, 0, 0, 0, 0, PAGE_BYTES, 0, 0};
      ScsiResult result = run(cdb, PAGE_BYTES);
      byte[] told = padded(result, PAGE_BYTES);
      int support = told[1] & 7;
      return !result.isGood() || support == 0 ? UNKNOWN : support == 3 ? told[5] & 0xff : NOT_DONE;
    }

    private static byte[] inquiry(int page) {
      return new byte[] {0x12, (byte) (page == 0 ? 0 : 1), (byte) page, 0, PAGE_BYTES, 0};
    }

    private static byte[] padded(ScsiResult result, int bytes) {
      return Arrays.copyOf(result.isGood() ? result.data() : new byte[0], bytes);
    }

    private byte[] require(String failing, ScsiResult result) throws InitiatorException {
      if (!result.isGood()) {
        throw refused(
            "%s: response %d, status %02xh %s"
                .formatted(failing, result.response(), result.status(), result.condition()));
      }
      return Arrays.copyOf(result.data(), PAGE_BYTES);
    }

    /** What an initiator has to be told first is told by failing its first commands. */
    private ScsiResult run(byte[] cdb, int bytes) throws InitiatorException {
      ScsiResult result = driver.read(lun, cdb, bytes, PATIENCE);
      for (int i = 0; i < MOST_ATTENTIONS && result.isAttention(); i++) {
        result = driver.read(lun, cdb, bytes, PATIENCE);
      }
      return result;
    }

    private InitiatorException refused(String why) {
      return new InitiatorException(Kind.REFUSED, name + " " + why);
    }
  }
}
