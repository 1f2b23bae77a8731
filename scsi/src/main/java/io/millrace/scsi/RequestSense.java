package io.millrace.scsi;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** REQUEST SENSE (SPC-5 §6.36): sense data as parameter data, with GOOD status. */
final class RequestSense {
  private static final int DESC = 1;

  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named("REQUEST SENSE", "03 01 00 00 ff 00")
              .data(DataPhase.ANSWER, 4, 1)
              .access(Access.ALWAYS)
              .despiteAttention()
              .withoutUnit()
              .alsoWellKnown()
              .doneBy(RequestSense::request));

  private RequestSense() {}

  private static void request(LunPath path, ScsiTask task) {
    SenseData sense = new SenseData();
    if (!path.leadsSomewhere()) {
      begin(
          sense, path.isWellKnown() ? Sense.NO_ADDITIONAL_SENSE : Sense.LOGICAL_UNIT_NOT_SUPPORTED);
    } else {
      @Nullable UnitAttention condition = path.status().takeAttention();
      if (condition != null) {
        sense.begin(SenseKey.UNIT_ATTENTION, condition.code);
      } else if (path.unit().isStopped()) {
        begin(sense, Sense.NOT_READY_INITIALIZING_COMMAND_REQUIRED);
      } else {
        begin(sense, Sense.NO_ADDITIONAL_SENSE);
      }
    }
    byte[] encoded = new byte[SenseData.MAX_BYTES];
    int bytes = sense.encode((task.cdb()[1] & DESC) != 0, encoded);
    task.answer().put(Arrays.copyOf(encoded, bytes));
    task.good();
  }

  private static void begin(SenseData sense, Sense reason) {
    sense.begin(reason.key, reason.code);
  }
}
