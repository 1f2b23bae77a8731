package io.millrace.scsi;

import java.util.List;
import java.util.NavigableMap;

/** REPORT LUNS (SPC-5 §6.31): which numbers lead somewhere. */
final class ReportLuns {
  private static final int LUN_BYTES = 8;
  private static final int SELECT_AT = 2;
  private static final int ALLOCATION_AT = 6;
  private static final int LEAST_ALLOCATION = 16; // bytes, for the header and one LUN
  private static final int HEADER_BYTES = 8;
  private static final int WITHOUT_WELL_KNOWN = 0;
  private static final int ONLY_WELL_KNOWN = 1;
  private static final int ALL = 2;
  private static final int PERIPHERAL_NUMBERS = 256; // that peripheral device addressing has
  private static final int FLAT_SPACE = 0x4000;
  private static final int WELL_KNOWN_REPORT_LUNS = 0xc101;

  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named("REPORT LUNS", "a0 00 ff 00 00 00 ff ff ff ff 00 00")
              .data(DataPhase.ANSWER, ALLOCATION_AT, 4)
              .access(Access.ALWAYS)
              .despiteAttention()
              .withoutUnit()
              .alsoWellKnown()
              .doneBy(ReportLuns::report));

  private ReportLuns() {}

  private static void report(LunPath path, ScsiTask task) {
    int select = BigEndian.get8(task.cdb(), SELECT_AT);
    if (select > ALL) {
      task.checkField(SELECT_AT, -1);
    } else if (task.dataBytes() < LEAST_ALLOCATION) {
      task.checkField(ALLOCATION_AT, -1);
    } else {
      // Before the list is looked at: a change after that is news again.
      path.nexus().forget(UnitAttention.REPORTED_LUNS_DATA_HAS_CHANGED);
      Answer answer = task.answer();
      answer.zeroes(HEADER_BYTES);
      if (select != WITHOUT_WELL_KNOWN) {
        put(answer, WELL_KNOWN_REPORT_LUNS);
      }
      if (select != ONLY_WELL_KNOWN) {
        NavigableMap<Integer, Lun> luns = path.nexus().target().luns();
        luns.keySet().forEach(number -> put(answer, address(number)));
      }
      answer.set32(0, answer.size() - HEADER_BYTES);
      task.good();
    }
  }

  /** The first two bytes of the single level LUN structure (SAM-6 §4.7.5). */
  private static int address(int number) {
    return number < PERIPHERAL_NUMBERS ? number : FLAT_SPACE | number;
  }

  private static void put(Answer answer, int firstLevel) {
    answer.set16(answer.zeroes(LUN_BYTES), firstLevel);
  }
}
