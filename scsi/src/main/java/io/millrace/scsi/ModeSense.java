package io.millrace.scsi;

import io.millrace.bdev.BdevProperties;
import java.util.List;

/** MODE SENSE(6) and (10) (SPC-5 §6.14, §6.15). */
final class ModeSense {
  private static final int DBD = 1 << 3;
  private static final int LLBAA = 1 << 4;
  private static final int PAGE_AT = 2;
  private static final int PAGE_CODE_BIT = 5;
  private static final int SUBPAGE_AT = 3;

  private static final int CHANGEABLE_VALUES = 1; // page controls
  private static final int DEFAULT_VALUES = 2;
  private static final int SAVED_VALUES = 3;

  private static final int WP = 1 << 7;
  private static final int DPOFUA = 1 << 4;
  private static final int LONGLBA = 1;
  private static final int SHORT_DESCRIPTOR_BYTES = 8;
  private static final int LONG_DESCRIPTOR_BYTES = 16;
  private static final long MOST_SHORT_BLOCKS = 0xffff_ffffL;

  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named("MODE SENSE(6)", "1a 08 ff ff ff 00")
              .data(DataPhase.ANSWER, 4, 1)
              .access(Access.READ)
              .doneBy((path, task) -> sense(path, task, true)),
          ScsiCommand.named("MODE SENSE(10)", "5a 18 ff ff 00 00 00 ff ff 00")
              .data(DataPhase.ANSWER, 7, 2)
              .access(Access.READ)
              .doneBy((path, task) -> sense(path, task, false)));

  private ModeSense() {}

  private static void sense(LunPath path, ScsiTask task, boolean six) {
    byte[] cdb = task.cdb();
    int control = cdb[PAGE_AT] >>> 6 & 3;
    int code = cdb[PAGE_AT] & 0x3f;
    List<ModePage> pages = ModePage.find(code, BigEndian.get8(cdb, SUBPAGE_AT));
    if (pages.isEmpty()) {
      boolean known = !ModePage.find(code, ModePage.ALL_SUBPAGES).isEmpty();
      task.checkField(known ? SUBPAGE_AT : PAGE_AT, known ? -1 : PAGE_CODE_BIT);
    } else if (control == SAVED_VALUES) {
      task.check(Sense.SAVING_PARAMETERS_NOT_SUPPORTED);
    } else {
      Answer answer = task.answer();
      header(path, answer, cdb[1], six);
      for (ModePage page : pages) {
        answer.put(values(path.unit(), page, control));
      }
      if (six) {
        answer.set8(0, answer.size() - 1);
      } else {
        answer.set16(0, answer.size() - 2);
      }
      task.good();
    }
  }

  private static byte[] values(LogicalUnit unit, ModePage page, int control) {
    return switch (control) {
      case CHANGEABLE_VALUES -> page.changeable(unit.bdev().properties().volatileCache());
      case DEFAULT_VALUES -> page.values(unit.modes().initial());
      default -> page.values(unit.modes().current());
    };
  }

  /** The mode parameter header and block descriptor (§7.5.5, §7.5.6), without the data length. */
  private static void header(LunPath path, Answer answer, int flags, boolean six) {
    BdevProperties properties = path.unit().bdev().properties();
    boolean protect = path.isWriteProtected() || !properties.writable();
    boolean wide = (flags & LLBAA) != 0;
    int descriptor = (flags & DBD) != 0 ? 0 : wide ? LONG_DESCRIPTOR_BYTES : SHORT_DESCRIPTOR_BYTES;
    int specific = (protect ? WP : 0) | DPOFUA;
    if (six) {
      answer.put8(0).put8(0).put8(specific).put8(descriptor);
    } else {
      boolean hasWide = descriptor == LONG_DESCRIPTOR_BYTES;
      answer.put16(0).put8(0).put8(specific).put8(hasWide ? LONGLBA : 0).put8(0);
      answer.put16(descriptor);
    }
    long blocks = path.unit().bdev().blockCount();
    if (descriptor == LONG_DESCRIPTOR_BYTES) {
      answer.put64(blocks).put32(0).put32(properties.blockSize());
    } else if (descriptor == SHORT_DESCRIPTOR_BYTES) {
      answer.put32(Math.min(MOST_SHORT_BLOCKS, blocks)).put8(0).put24(properties.blockSize());
    }
  }
}
