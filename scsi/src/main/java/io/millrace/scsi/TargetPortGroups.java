package io.millrace.scsi;

import static java.util.Comparator.comparingInt;

import java.util.List;

/**
 * REPORT TARGET PORT GROUPS (SPC-5 §6.35): each port that the logical unit is reached by is a group
 * of its own, and all are as good as one another.
 */
final class TargetPortGroups {
  private static final int FORMAT_BIT = 7;
  private static final int LENGTH_ONLY = 0; // parameter data formats
  private static final int EXTENDED_HEADER = 1;
  private static final int EXTENDED_HEADER_MARK = 1 << 4;
  private static final int ACTIVE_OPTIMIZED = 0x0;
  private static final int AO_SUP = 1;
  private static final int STATE_NEVER_CHANGED = 0x00; // no status available

  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named("REPORT TARGET PORT GROUPS", "a3 e0 00 00 00 00 ff ff ff ff 00 00")
              .action(0x0a)
              .data(DataPhase.ANSWER, 6, 4)
              .access(Access.ALWAYS)
              .doneBy(TargetPortGroups::report));

  private TargetPortGroups() {}

  /** The group of a port. */
  static int group(TargetPort port) {
    return port.relativeId();
  }

  /** All ports that a logical unit is reached by, in the order of their numbers. */
  static List<TargetPort> ports(LogicalUnit unit) {
    return unit.ports().stream().sorted(comparingInt(TargetPort::relativeId)).toList();
  }

  private static void report(LunPath path, ScsiTask task) {
    int format = task.cdb()[1] >>> 5 & 7;
    if (format != LENGTH_ONLY && format != EXTENDED_HEADER) {
      task.checkField(1, FORMAT_BIT);
      return;
    }
    Answer answer = task.answer();
    answer.put32(0);
    if (format == EXTENDED_HEADER) {
      answer.put8(EXTENDED_HEADER_MARK).put8(0).put16(0); // no transition takes any time
    }
    for (TargetPort port : ports(path.unit())) {
      answer.put8(ACTIVE_OPTIMIZED).put8(AO_SUP).put16(group(port));
      answer.put8(0).put8(STATE_NEVER_CHANGED).put8(0).put8(1);
      answer.put16(0).put16(port.relativeId());
    }
    answer.set32(0, answer.size() - 4);
    task.good();
  }
}
