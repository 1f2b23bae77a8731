package io.millrace.scsi;

import java.util.List;

/** REPORT TIMESTAMP and SET TIMESTAMP (SPC-5 §6.37, §6.46). */
final class Timestamp {
  private static final int BYTES = 12;
  private static final int TIMESTAMP_AT = 4;
  private static final int TIMESTAMP_BYTES = 6;

  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named("REPORT TIMESTAMP", "a3 00 00 00 00 00 ff ff ff ff 00 00")
              .action(0x0f)
              .data(DataPhase.ANSWER, 6, 4)
              .access(Access.ALWAYS)
              .doneBy(Timestamp::report),
          ScsiCommand.named("SET TIMESTAMP", "a4 00 00 00 00 00 ff ff ff ff 00 00")
              .action(0x0f)
              .data(DataPhase.PARAMETERS, 6, 4)
              .doneBy(Timestamp::set));

  private Timestamp() {}

  private static void report(LunPath path, ScsiTask task) {
    UnitClock clock = path.unit().clock();
    Answer answer = task.answer();
    answer.put16(BYTES - 2).put8(clock.origin()).put8(0);
    long millis = clock.millis();
    answer.put16((int) (millis >>> 32)).put32(millis).put16(0);
    task.good();
  }

  private static void set(LunPath path, ScsiTask task) {
    int bytes = task.parameterBytes();
    if (bytes == 0) {
      task.good();
    } else if (bytes < BYTES) {
      task.check(Sense.PARAMETER_LIST_LENGTH_ERROR);
    } else {
      LogicalUnit unit = path.unit();
      unit.clock().set(BigEndian.get(task.parameters(), TIMESTAMP_AT, TIMESTAMP_BYTES));
      unit.attention(UnitAttention.TIMESTAMP_CHANGED, path.status());
      task.good();
    }
  }
}
