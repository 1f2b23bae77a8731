package io.millrace.nvme;

import io.millrace.nvme.NvmeException.Kind;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a controller says of one namespace (NVM command set 1.0 figure 97, base 2.0 figure 280,
 * zoned namespaces 1.1 figure 48).
 *
 * @param nsid 1 or more
 * @param blockCount logical blocks
 * @param blockShift log2 of a block's bytes, without metadata
 * @param metadataBytes of each block
 * @param extended whether metadata follows each block's data instead of having its own memory
 * @param protection type of protection information, 0 for none
 * @param deallocateZeroes whether deallocated blocks read as zeroes
 * @param boundaryBlocks multiple of blocks that a command should not cross, 0 for none
 * @param optimalWriteBlocks what performs best, 0 if it does not say
 * @param deallocateBlocks granularity of deallocation, 1 or more
 * @param writeProtected whether it takes no writes now
 * @param shared whether other controllers may have it too
 * @param uuid its UUID, or one made of its other names; null if it has none
 * @param commandSet identifier of its command set
 * @param zoneBlocks blocks of a zone, 0 if it has none
 * @param appendBytes longest zone append, 0 if it has no zones
 * @param maxOpenZones 0 for no limit
 */
public record NamespaceData(
    int nsid,
    long blockCount,
    int blockShift,
    int metadataBytes,
    boolean extended,
    int protection,
    boolean deallocateZeroes,
    int boundaryBlocks,
    int optimalWriteBlocks,
    int deallocateBlocks,
    boolean writeProtected,
    boolean shared,
    @Nullable UUID uuid,
    int commandSet,
    long zoneBlocks,
    long appendBytes,
    long maxOpenZones) {
  private static final int FORMATS = 128;
  private static final int FORMAT_BYTES = 4;
  private static final int ZONED_FORMATS = 2816;
  private static final int ZONED_FORMAT_BYTES = 16;
  private static final int NO_LIMIT = -1;

  private static final int DESCRIPTOR_EUI64 = 1;
  private static final int DESCRIPTOR_NGUID = 2;
  private static final int DESCRIPTOR_UUID = 3;
  private static final int DESCRIPTOR_COMMAND_SET = 4;

  /** Names of a namespace: identify CNS 03. */
  record Descriptors(@Nullable UUID uuid, int commandSet) {
    static final Descriptors NONE = new Descriptors(null, NvmeCommands.CSI_NVM);
  }

  /** Reads the list of descriptors; what does not fit into it is left out. */
  static Descriptors descriptors(byte[] data) {
    IdentifyData list = new IdentifyData(data);
    UUID uuid = null;
    int commandSet = NvmeCommands.CSI_NVM;
    int at = 0;
    while (at + FORMAT_BYTES < data.length && list.u8(at) != 0) {
      int type = list.u8(at);
      int length = list.u8(at + 1);
      int value = at + FORMAT_BYTES;
      if (value + length > data.length) {
        break;
      }
      if (type == DESCRIPTOR_UUID && length == 16) {
        uuid = uuid(list, value);
      } else if (type == DESCRIPTOR_NGUID && length == 16 && uuid == null) {
        uuid = uuid(list, value);
      } else if (type == DESCRIPTOR_EUI64 && length == 8 && uuid == null) {
        uuid = ofEui(list, value);
      } else if (type == DESCRIPTOR_COMMAND_SET && length == 1) {
        commandSet = list.u8(value);
      }
      at = value + length;
    }
    return new Descriptors(uuid, commandSet);
  }

  private static @Nullable UUID uuid(IdentifyData data, int offset) {
    if (data.isZero(offset, 16)) {
      return null;
    }
    ByteBuffer bytes = ByteBuffer.wrap(data.bytes(offset, 16)); // names are big-endian
    return new UUID(bytes.getLong(), bytes.getLong());
  }

  private static @Nullable UUID ofEui(IdentifyData data, int offset) {
    return data.isZero(offset, 8)
        ? null
        : UUID.nameUUIDFromBytes(data.bytes(offset, 8)); // 64 bits are not a UUID yet
  }

  /**
   * Reads a namespace.
   *
   * @param where for messages
   * @param data identify namespace
   * @param zoned the zoned command set's part; null for other namespaces
   * @param appendBytes the controller's limit of zone append
   * @throws NvmeException what it says cannot be
   */
  static NamespaceData of(
      String where,
      int nsid,
      byte[] data,
      Descriptors names,
      byte @Nullable [] zoned,
      long appendBytes)
      throws NvmeException {
    IdentifyData id = new IdentifyData(data);
    int format = (id.u8(26) & 0xf) | (id.u8(26) >>> 5 & 3) << 4;
    if (format > Math.max(id.u8(25), 15)) {
      throw lie(where, nsid, "format " + format + " of " + (id.u8(25) + 1));
    }
    int entry = FORMATS + format * FORMAT_BYTES;
    int shift = id.u8(entry + 2);
    if (shift < 9 || shift > 16) {
      throw lie(where, nsid, "blocks of 2^" + shift + " bytes");
    }
    long blocks = id.i64(0);
    if (blocks <= 0 || blocks > Long.MAX_VALUE >>> shift) {
      throw lie(where, nsid, Long.toUnsignedString(blocks) + " blocks of 2^" + shift + " bytes");
    }
    boolean optimal = (id.u8(24) & 1 << 4) != 0;
    UUID uuid = names.uuid != null ? names.uuid : uuid(id, 104);
    IdentifyData zones = zoned == null ? null : new IdentifyData(zoned);
    long zoneBlocks = zones == null ? 0 : zones.i64(ZONED_FORMATS + format * ZONED_FORMAT_BYTES);
    if (zones != null && (zoneBlocks <= 0 || zoneBlocks > blocks)) {
      throw lie(where, nsid, "zones of " + zoneBlocks + " blocks");
    }
    return new NamespaceData(
        nsid,
        blocks,
        shift,
        id.u16(entry),
        (id.u8(26) & 1 << 4) != 0,
        id.u8(29) & 7,
        (id.u8(33) & 7) == 1,
        id.u16(46),
        optimal ? id.u16(72) + 1 : 0,
        optimal ? id.u16(68) + 1 : 1,
        (id.u8(99) & 1) != 0,
        (id.u8(30) & 1) != 0,
        uuid != null ? uuid : ofEui(id, 120),
        names.commandSet,
        zoneBlocks,
        zones == null ? 0 : appendBytes,
        zones == null || zones.i32(8) == NO_LIMIT ? 0 : zones.u32(8) + 1);
  }

  private static NvmeException lie(String where, int nsid, String what) {
    return new NvmeException(
        Kind.PROTOCOL, where + ": namespace " + nsid + " says that it has " + what);
  }

  /** Bytes of a block. */
  public int blockBytes() {
    return 1 << blockShift;
  }

  /** Whether it differs from an earlier state of the same namespace in size only, or not at all. */
  boolean isSameButForSize(NamespaceData other) {
    return equals(
        new NamespaceData(
            other.nsid,
            blockCount,
            other.blockShift,
            other.metadataBytes,
            other.extended,
            other.protection,
            other.deallocateZeroes,
            other.boundaryBlocks,
            other.optimalWriteBlocks,
            other.deallocateBlocks,
            other.writeProtected,
            other.shared,
            other.uuid,
            other.commandSet,
            other.zoneBlocks,
            other.appendBytes,
            other.maxOpenZones));
  }
}
