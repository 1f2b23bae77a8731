package io.millrace.scsi;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.IoType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A row of the {@link CommandTable}: what a command's CDB may have in it, what data it has, when it
 * may be done, and who does it. Immutable.
 */
public final class ScsiCommand {
  /** {@link #serviceAction} of a command that is known by its operation code alone. */
  public static final int NO_ACTION = -1;

  /**
   * Bytes of a CDB whose bits are looked at. Those behind are of an LBA, a length, or else tags
   * that are ignored where there is no protection information (SBC-4 §5).
   */
  static final int CHECKED_BYTES = 16;

  private static final int LONG_CDB = 32; // bytes

  /** Does a command whose CDB was checked; ends the task, now or later. */
  interface Executor {
    void execute(LunPath path, ScsiTask task);
  }

  /** How many blocks of data come with a CDB that is about some. */
  interface Carried {
    long blocks(byte[] cdb, long about);
  }

  /** How many blocks a command may be about. */
  interface Most {
    int blocks(TransferSizes sizes);
  }

  /** Bits of one byte that are one field, and have to be 0. */
  private record Absent(int at, int highest, int lowest) {
    boolean has(int byteAt, int bit) {
      return byteAt == at && bit <= highest && bit >= lowest;
    }
  }

  private final String name;
  private final int serviceAction;
  private final byte[] usage;
  private final Absent[] absent;
  final long usageLow; // bytes 0 to 7 of the usage map, as one number
  final long usageHigh; // bytes 8 to 15
  final DataPhase phase;
  final CdbField length; // allocation length, parameter list length or number of blocks
  final int answerBytes; // of an answer without allocation length; 0 when there is one
  final CdbField lba;
  final Carried carried;
  private final @Nullable Most most; // null for as many as may be transferred
  final Access access;
  private final int forceUnitAccessByte; // that has FUA as its bit 3; 0 for none
  final boolean ignoresAttention; // is done though a unit attention is pending
  final boolean needsUnit; // makes no sense where there is no logical unit
  final boolean ofWellKnown; // the REPORT LUNS well known logical unit has it too
  final boolean needsMedium; // cannot be done while the logical unit is stopped
  private final @Nullable IoType needed; // what a bdev does that has this command
  final @Nullable IoType does; // to the blocks that it is about; null for nothing, or much
  final Executor executor;

  private ScsiCommand(Builder from, Executor executor) {
    name = from.name;
    serviceAction = from.serviceAction;
    usage = from.usage;
    absent = from.absent.toArray(Absent[]::new);
    byte[] padded = Arrays.copyOf(usage, ScsiTask.MAX_CDB_BYTES);
    Arrays.fill(padded, usage.length, padded.length, (byte) -1); // behind a CDB may be anything
    usageLow = BigEndian.get64(padded, 0);
    usageHigh = BigEndian.get64(padded, 8);
    phase = from.phase;
    length = from.length;
    answerBytes = from.answerBytes;
    lba = from.lba;
    carried = from.carried;
    most = from.most;
    access = from.access;
    forceUnitAccessByte = from.forceUnitAccessByte;
    ignoresAttention = from.ignoresAttention;
    needsUnit = from.needsUnit;
    ofWellKnown = from.ofWellKnown;
    boolean movesBlocks =
        switch (from.phase) {
          case FROM_DISK, TO_DISK, BLOCKS -> true;
          case NONE, PARAMETERS, ANSWER -> false;
        };
    needsMedium = from.needsMedium || movesBlocks || from.lba.width() > 0;
    needed = from.needed;
    does =
        switch (from.phase) {
          case FROM_DISK -> IoType.READ;
          case TO_DISK -> IoType.WRITE;
          case NONE, PARAMETERS, ANSWER, BLOCKS -> from.does;
        };
    this.executor = executor;
  }

  /** Its name in the standard. */
  public String name() {
    return name;
  }

  /** The first byte of its CDB. */
  public int opcode() {
    return usage[0] & 0xff;
  }

  /** The service action that it is, or {@link #NO_ACTION}. */
  public int serviceAction() {
    return serviceAction;
  }

  /** How long its CDB is, in bytes. */
  public int cdbBytes() {
    return usage.length;
  }

  /**
   * The CDB usage data of REPORT SUPPORTED OPERATION CODES (SPC-5 §6.39.3): bits that may be set.
   */
  public byte[] usage() {
    return usage.clone();
  }

  /** Whether a logical unit on this bdev has the command. */
  boolean isDoneBy(Bdev bdev) {
    IoType wanted = needed;
    return wanted == null || bdev.supports(wanted);
  }

  /** Whether a CDB has FUA set, if it is of a command that has it. */
  boolean forcesUnitAccess(byte[] cdb) {
    return forceUnitAccessByte > 0 && (cdb[forceUnitAccessByte] & (1 << 3)) != 0;
  }

  /** How many blocks it may be about. */
  int most(TransferSizes sizes) {
    Most own = most;
    return own == null ? sizes.maxTransferBlocks() : own.blocks(sizes);
  }

  /** Whether this byte of the CDB may have these bits. */
  int mask(int at) {
    return usage[at] & 0xff;
  }

  /**
   * Where the BIT POINTER of sense data points for a bit that may not be set: to the highest one of
   * its field, if it is of one (SPC-5 §4.4.2.4.2).
   */
  int pointerTo(int at, int bit) {
    for (Absent field : absent) {
      if (field.has(at, bit)) {
        return field.highest;
      }
    }
    return bit;
  }

  @Override
  public String toString() {
    return name;
  }

  /**
   * Begins a row.
   *
   * @param usage the CDB in hexadecimal: its operation code, and for each other byte the bits that
   *     may be set
   */
  static Builder named(String name, String usage) {
    return new Builder(name, HexFormat.ofDelimiter(" ").parseHex(usage));
  }

  /** A row in the making. */
  static final class Builder {
    private final String name;
    private final byte[] usage;
    private final List<Absent> absent = new ArrayList<>();
    private int serviceAction = NO_ACTION;
    private DataPhase phase = DataPhase.NONE;
    private CdbField length = CdbField.NONE;
    private int answerBytes;
    private CdbField lba = CdbField.NONE;
    private Carried carried = (cdb, about) -> about;
    private @Nullable Most most;
    private int forceUnitAccessByte;
    private Access access = Access.WRITE; // where nothing is said a reservation keeps others out
    private boolean ignoresAttention;
    private boolean needsUnit = true;
    private boolean ofWellKnown;
    private boolean needsMedium;
    private @Nullable IoType needed;
    private @Nullable IoType does;

    private Builder(String name, byte[] usage) {
      this.name = name;
      this.usage = usage;
    }

    /** It is one of several commands with its operation code. */
    Builder action(int value) {
      serviceAction = value;
      int at = CommandTable.actionByte(usage[0] & 0xff);
      usage[at] = (byte) (at == 1 ? value | (usage[at] & 0xe0) : value);
      return this;
    }

    /** It has data, of so many bytes or, to and from the disk, blocks. */
    Builder data(DataPhase what, int lengthAt, int width) {
      phase = what;
      length = new CdbField(lengthAt, width);
      return this;
    }

    /** A field of several bits that nothing here has: it has to be 0. */
    Builder without(int at, int highest, int lowest) {
      absent.add(new Absent(at, highest, lowest));
      return this;
    }

    /** Blocks have no protection information: RDPROTECT, WRPROTECT or VRPROTECT (SBC-4 §5). */
    Builder withoutProtection() {
      return without(usage.length == LONG_CDB ? 10 : 1, 7, 5);
    }

    /** Blocks are in no group: GROUP NUMBER (SBC-4 §5). */
    Builder withoutGroup() {
      return without(usage.length == 10 || usage.length == LONG_CDB ? 6 : usage.length - 2, 5, 0);
    }

    /** It has an answer of so many bytes, and no allocation length. */
    Builder answer(int bytes) {
      phase = DataPhase.ANSWER;
      answerBytes = bytes;
      return this;
    }

    Builder lba(int at, int width) {
      lba = new CdbField(at, width);
      return this;
    }

    /** Not every block that it is about comes with it. */
    Builder carries(Carried blocks) {
      carried = blocks;
      return this;
    }

    /** It has a limit of its own. */
    Builder atMost(Most blocks) {
      most = blocks;
      return this;
    }

    /** It has FUA, in this byte. */
    Builder forceUnitAccess(int at) {
      forceUnitAccessByte = at;
      return this;
    }

    Builder access(Access wanted) {
      access = wanted;
      return this;
    }

    /** A pending unit attention stays pending. */
    Builder despiteAttention() {
      ignoresAttention = true;
      return this;
    }

    /** It is also done for a LUN that leads to no logical unit. */
    Builder withoutUnit() {
      needsUnit = false;
      return this;
    }

    /** The REPORT LUNS well known logical unit has it too (SPC-5 §8.2). */
    Builder alsoWellKnown() {
      ofWellKnown = true;
      return this;
    }

    /** It is about the medium, though it names no block: not while the logical unit is stopped. */
    Builder onMedium() {
      needsMedium = true;
      return this;
    }

    /** What it does to blocks, where its data does not tell. */
    Builder does(IoType type) {
      does = type;
      return this;
    }

    /** Only where the bdev does this. */
    Builder needs(IoType type) {
      needed = type;
      return this;
    }

    ScsiCommand doneBy(Executor executor) {
      return new ScsiCommand(this, executor);
    }
  }
}
