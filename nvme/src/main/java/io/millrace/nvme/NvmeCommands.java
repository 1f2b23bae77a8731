package io.millrace.nvme;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Commands by name. What they mean is in base 2.0 §5 (admin), NVM command set 1.0 §3 and zoned
 * namespaces 1.1 §3; parameters are the specification's.
 */
public final class NvmeCommands {
  /** Bytes of every identify data structure. */
  public static final int IDENTIFY_BYTES = 4096;

  /** Identify: one namespace. */
  public static final int CNS_NAMESPACE = 0x00;

  /** Identify: the controller. */
  public static final int CNS_CONTROLLER = 0x01;

  /** Identify: active namespaces above an id. */
  public static final int CNS_ACTIVE_NAMESPACES = 0x02;

  /** Identify: names of a namespace. */
  public static final int CNS_DESCRIPTORS = 0x03;

  /** Identify: a namespace as its command set sees it. */
  public static final int CNS_COMMAND_SET_NAMESPACE = 0x05;

  /** Identify: the controller as a command set sees it. */
  public static final int CNS_COMMAND_SET_CONTROLLER = 0x06;

  /** The NVM command set. */
  public static final int CSI_NVM = 0;

  /** The zoned command set. */
  public static final int CSI_ZONED = 2;

  public static final int LOG_ERRORS = 0x01;
  public static final int LOG_HEALTH = 0x02;
  public static final int LOG_FIRMWARE = 0x03;
  public static final int LOG_CHANGED_NAMESPACES = 0x04;
  public static final int LOG_EFFECTS = 0x05;

  public static final int FEATURE_WRITE_CACHE = 0x06;
  public static final int FEATURE_QUEUES = 0x07;
  public static final int FEATURE_ASYNC_EVENTS = 0x0b;

  /** Namespace id that means all of them. */
  public static final int ALL_NAMESPACES = -1;

  private static final int DEALLOCATE = 1 << 2; // of dataset management
  private static final int RANGE_BYTES = 16;
  private static final int COPY_RANGE_BYTES = 32;
  private static final int SELECT_SHIFT = 8;
  private static final int CSI_SHIFT = 24;
  private static final int SAVE = 1 << 31;
  private static final int SELECT_ALL_ZONES = 1 << 8;
  private static final int LONG_TIMEOUTS = 60;

  private NvmeCommands() {}

  /**
   * How many timeouts an admin command may take: those that go over a whole medium take long.
   *
   * @param opcode of an admin command
   */
  public static int timeouts(int opcode) {
    return switch (opcode) {
      case Opcode.FORMAT_NVM, Opcode.SANITIZE, Opcode.FIRMWARE_COMMIT -> LONG_TIMEOUTS;
      default -> 1;
    };
  }

  /** Identify with a command set identifier. */
  public static NvmeCommand identify(int cns, int nsid, int commandSet) {
    return NvmeCommand.of(Opcode.IDENTIFY, nsid)
        .dwords(cns, commandSet << CSI_SHIFT)
        .receiving(IDENTIFY_BYTES);
  }

  /**
   * Get log page from its start.
   *
   * @param bytes a multiple of 4
   */
  public static NvmeCommand logPage(int log, int nsid, int bytes) {
    int dwords = bytes / Integer.BYTES - 1;
    return NvmeCommand.of(Opcode.GET_LOG_PAGE, nsid)
        .dwords(log | dwords << 16, dwords >>> 16)
        .receiving(bytes);
  }

  /**
   * Get features.
   *
   * @param select 0 current, 1 default, 2 saved, 3 what is supported
   */
  public static NvmeCommand getFeature(int feature, int nsid, int select) {
    return NvmeCommand.of(Opcode.GET_FEATURES, nsid).dwords(feature | select << SELECT_SHIFT);
  }

  /** Set features. */
  public static NvmeCommand setFeature(int feature, int nsid, int value, boolean save) {
    return NvmeCommand.of(Opcode.SET_FEATURES, nsid).dwords(save ? feature | SAVE : feature, value);
  }

  /**
   * Firmware image download.
   *
   * @param offset bytes from the image's start, a multiple of 4
   */
  public static NvmeCommand firmwareDownload(int offset, byte[] piece) {
    return NvmeCommand.of(Opcode.FIRMWARE_DOWNLOAD, 0)
        .dwords(piece.length / Integer.BYTES - 1, offset / Integer.BYTES)
        .sending(piece);
  }

  /**
   * Firmware commit.
   *
   * @param slot 0 to 7, 0 for the controller's choice
   * @param action 0 to 7 as CA
   */
  public static NvmeCommand firmwareCommit(int slot, int action) {
    return NvmeCommand.of(Opcode.FIRMWARE_COMMIT, 0)
        .dwords(slot | action << 3)
        .within(LONG_TIMEOUTS);
  }

  /**
   * Format NVM: destroys all data.
   *
   * @param format index of an LBA format
   * @param protection type of protection information, 0 for none
   * @param secureErase 0 none, 1 user data, 2 cryptographic
   */
  public static NvmeCommand format(int nsid, int format, int protection, int secureErase) {
    int lower = format & 0xf;
    int upper = (format >>> 4 & 3) << 12;
    return NvmeCommand.of(Opcode.FORMAT_NVM, nsid)
        .dwords(lower | upper | protection << 5 | secureErase << 9)
        .within(LONG_TIMEOUTS);
  }

  /**
   * Sanitize: destroys all data of the subsystem. Goes on after its completion.
   *
   * @param action 1 leave failure mode, 2 block erase, 3 overwrite, 4 cryptographic erase
   * @param pattern of an overwrite
   */
  public static NvmeCommand sanitize(int action, int pattern) {
    return NvmeCommand.of(Opcode.SANITIZE, 0).dwords(action, pattern).within(LONG_TIMEOUTS);
  }

  /**
   * Security send.
   *
   * @param protocol SECP
   * @param specific SPSP, 16 bits
   */
  public static NvmeCommand securitySend(int protocol, int specific, byte[] data) {
    return NvmeCommand.of(Opcode.SECURITY_SEND, 0)
        .dwords(protocol << 24 | specific << 8, data.length)
        .sending(data);
  }

  /** Security receive. */
  public static NvmeCommand securityReceive(int protocol, int specific, int bytes) {
    return NvmeCommand.of(Opcode.SECURITY_RECEIVE, 0)
        .dwords(protocol << 24 | specific << 8, bytes)
        .receiving(bytes);
  }

  /**
   * Attaches a namespace to controllers, or detaches it.
   *
   * @param controllers ids of controllers, at most 2047
   */
  public static NvmeCommand attachment(int nsid, boolean attach, List<Integer> controllers) {
    byte[] bytes = new byte[IDENTIFY_BYTES];
    ByteBuffer list = littleEndian(bytes);
    list.putShort((short) controllers.size());
    controllers.forEach(id -> list.putShort(id.shortValue()));
    return NvmeCommand.of(Opcode.NAMESPACE_ATTACHMENT, nsid).dwords(attach ? 0 : 1).sending(bytes);
  }

  /** Read; {@code flags} go to the upper half of dword 12. */
  public static NvmeCommand read(int nsid, long block, int count, int flags, int bytes) {
    return blocks(Opcode.READ, nsid, block, count, flags).receiving(bytes);
  }

  /** Write; {@code flags} go to the upper half of dword 12. */
  public static NvmeCommand write(int nsid, long block, int count, int flags, byte[] data) {
    return blocks(Opcode.WRITE, nsid, block, count, flags).sending(data);
  }

  /** Compare. */
  public static NvmeCommand compare(int nsid, long block, int count, byte[] data) {
    return blocks(Opcode.COMPARE, nsid, block, count, 0).sending(data);
  }

  /** Verify: the controller reads and checks, nothing is transferred. */
  public static NvmeCommand verify(int nsid, long block, int count) {
    return blocks(Opcode.VERIFY, nsid, block, count, 0);
  }

  /** Write zeroes; {@code deallocate} gives the storage back too. */
  public static NvmeCommand writeZeroes(int nsid, long block, int count, boolean deallocate) {
    return blocks(Opcode.WRITE_ZEROES, nsid, block, count, deallocate ? 1 << 25 : 0);
  }

  /** Flush. */
  public static NvmeCommand flush(int nsid) {
    return NvmeCommand.of(Opcode.FLUSH, nsid);
  }

  private static NvmeCommand blocks(int opcode, int nsid, long block, int count, int flags) {
    return NvmeCommand.of(opcode, nsid)
        .dwords((int) block, (int) (block >>> 32), (count - 1 & 0xffff) | flags);
  }

  /**
   * Blocks in a row.
   *
   * @param block first one
   * @param count how many
   */
  public record Blocks(long block, int count) {}

  /** Dataset management: deallocates up to 256 ranges. */
  public static NvmeCommand deallocate(int nsid, List<Blocks> ranges) {
    byte[] bytes = new byte[ranges.size() * RANGE_BYTES];
    ByteBuffer list = littleEndian(bytes);
    for (Blocks range : ranges) {
      list.putInt(0).putInt(range.count).putLong(range.block);
    }
    return NvmeCommand.of(Opcode.DATASET_MANAGEMENT, nsid)
        .dwords(ranges.size() - 1, DEALLOCATE)
        .sending(bytes);
  }

  /** Copy, descriptor format 0: blocks of the same namespace to a place from {@code to} on. */
  public static NvmeCommand copy(int nsid, List<Blocks> ranges, long to) {
    byte[] bytes = new byte[ranges.size() * COPY_RANGE_BYTES];
    ByteBuffer list = littleEndian(bytes);
    for (int i = 0; i < ranges.size(); i++) {
      Blocks range = ranges.get(i);
      list.putLong(i * COPY_RANGE_BYTES + 8, range.block);
      list.putShort(i * COPY_RANGE_BYTES + 16, (short) (range.count - 1));
    }
    return NvmeCommand.of(Opcode.COPY, nsid)
        .dwords((int) to, (int) (to >>> 32), ranges.size() - 1)
        .sending(bytes);
  }

  /** Zone append: writes at a zone's write pointer; the result says where. */
  public static NvmeCommand zoneAppend(int nsid, long zone, int count, byte[] data) {
    return blocks(Opcode.ZONE_APPEND, nsid, zone, count, 0).sending(data);
  }

  /** What to do with a zone (ZSA). */
  public enum ZoneAction {
    CLOSE(1),
    FINISH(2),
    OPEN(3),
    RESET(4),
    OFFLINE(5);

    private final int code;

    ZoneAction(int code) {
      this.code = code;
    }
  }

  /**
   * Zone management send.
   *
   * @param zone its first block
   * @param all every zone instead
   */
  public static NvmeCommand zone(int nsid, long zone, ZoneAction action, boolean all) {
    int flags = all ? SELECT_ALL_ZONES : 0;
    return NvmeCommand.of(Opcode.ZONE_MANAGEMENT_SEND, nsid)
        .dwords((int) zone, (int) (zone >>> 32), 0, action.code | flags)
        .within(LONG_TIMEOUTS);
  }

  /** Zone management receive: a report of all zones from one on, as many as there is room for. */
  public static NvmeCommand zoneReport(int nsid, long zone, int bytes) {
    return NvmeCommand.of(Opcode.ZONE_MANAGEMENT_RECEIVE, nsid)
        .dwords((int) zone, (int) (zone >>> 32), bytes / Integer.BYTES - 1)
        .receiving(bytes);
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
