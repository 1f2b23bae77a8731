package io.millrace.scsi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** LOG SENSE and LOG SELECT (SPC-5 §6.9, §6.8). */
final class LogSense {
  private static final int PAGE_AT = 2;
  private static final int PAGE_CONTROL_BIT = 7;
  private static final int PAGE_CODE_BIT = 5;
  private static final int SUBPAGE_AT = 3;
  private static final int PARAMETER_POINTER_AT = 5;
  private static final int CUMULATIVE = 1; // the only page control that has values here
  private static final int SPF = 1 << 6;
  private static final int PCR_BIT = 1;
  private static final int HEADER_BYTES = 4;

  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named("LOG SENSE", "4d 00 ff ff 00 ff ff ff ff 00")
              .data(DataPhase.ANSWER, 7, 2)
              .access(Access.ALWAYS)
              .doneBy(LogSense::sense),
          ScsiCommand.named("LOG SELECT", "4c 02 ff ff 00 00 00 00 00 00")
              .doneBy(LogSense::select));

  private LogSense() {}

  private static void sense(LunPath path, ScsiTask task) {
    byte[] cdb = task.cdb();
    int control = cdb[PAGE_AT] >>> 6 & 3;
    LogPage page = find(task);
    if (page == null) {
      return;
    }
    if (control != CUMULATIVE && !page.isList()) {
      task.checkField(PAGE_AT, PAGE_CONTROL_BIT);
      return;
    }
    int from = BigEndian.get16(cdb, PARAMETER_POINTER_AT);
    if (from > page.lastParameter()) {
      task.checkField(PARAMETER_POINTER_AT, -1);
      return;
    }
    Answer answer = task.answer();
    answer.put8(page.code() | (page.subpage() == 0 ? 0 : SPF)).put8(page.subpage()).put16(0);
    page.put(path.unit(), from, answer);
    answer.set16(2, answer.size() - HEADER_BYTES);
    task.good();
  }

  /** Only PCR: counters begin again at zero; those of one page when the CDB names one. */
  private static void select(LunPath path, ScsiTask task) {
    byte[] cdb = task.cdb();
    if ((cdb[1] & 1 << PCR_BIT) == 0) {
      task.checkField(1, PCR_BIT);
      return;
    }
    boolean all = (cdb[PAGE_AT] & 0x3f) == 0 && cdb[SUBPAGE_AT] == 0;
    LogPage page = all ? LogPage.STATISTICS : find(task);
    if (page == null) {
      return;
    }
    if (page == LogPage.STATISTICS) {
      path.unit().counters().reset();
      path.unit().attention(UnitAttention.LOG_PARAMETERS_CHANGED, path.status());
    }
    task.good();
  }

  /** The page of a CDB; null when there is none, and then the task has ended. */
  private static @Nullable LogPage find(ScsiTask task) {
    int code = task.cdb()[PAGE_AT] & 0x3f;
    int subpage = BigEndian.get8(task.cdb(), SUBPAGE_AT);
    boolean known = false;
    for (LogPage page : LogPage.values()) {
      if (page.code() == code && page.subpage() == subpage) {
        return page;
      }
      known |= page.code() == code;
    }
    task.checkField(known ? SUBPAGE_AT : PAGE_AT, known ? -1 : PAGE_CODE_BIT);
    return null;
  }
}
