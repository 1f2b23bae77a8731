package io.millrace.scsi;

import java.util.Arrays;
import java.util.List;

/** REPORT IDENTIFYING INFORMATION and SET IDENTIFYING INFORMATION (SPC-5 §6.29, §6.43). */
final class IdentifyingInformation {
  private static final int LENGTH_AT = 6;
  private static final int TYPE_AT = 10;
  private static final int TYPE_BIT = 7;
  private static final int INFORMATION = 0x00; // types
  private static final int TEXT = 0x02;
  private static final int SUPPORTED = 0x7f;
  private static final int MOST_BYTES = 64;
  private static final int MOST_TEXT_BYTES = 256;
  private static final int DESCRIPTOR_BYTES = 4;

  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named("REPORT IDENTIFYING INFORMATION", "a3 00 00 00 00 00 ff ff ff ff fe 00")
              .action(0x05)
              .data(DataPhase.ANSWER, LENGTH_AT, 4)
              .access(Access.ALWAYS)
              .doneBy(IdentifyingInformation::report),
          ScsiCommand.named("SET IDENTIFYING INFORMATION", "a4 00 00 00 00 00 ff ff ff ff fe 00")
              .action(0x06)
              .data(DataPhase.PARAMETERS, LENGTH_AT, 4)
              .doneBy(IdentifyingInformation::set));

  private IdentifyingInformation() {}

  private static int type(ScsiTask task) {
    return BigEndian.get8(task.cdb(), TYPE_AT) >>> 1;
  }

  private static void report(LunPath path, ScsiTask task) {
    int type = type(task);
    if (type == SUPPORTED) {
      Answer answer = task.answer();
      answer.put16(0).put16(2 * DESCRIPTOR_BYTES);
      answer.put8(INFORMATION << 1).put8(0).put16(MOST_BYTES);
      answer.put8(TEXT << 1).put8(0).put16(MOST_TEXT_BYTES);
      task.good();
    } else if (type == INFORMATION || type == TEXT) {
      byte[] bytes = path.unit().texts().get(type == TEXT);
      task.answer().put16(0).put16(bytes.length).put(bytes);
      task.good();
    } else {
      task.checkField(TYPE_AT, TYPE_BIT);
    }
  }

  private static void set(LunPath path, ScsiTask task) {
    int type = type(task);
    int bytes = task.parameterBytes();
    boolean isText = type == TEXT;
    byte[] list = task.parameters();
    if (!isText && type != INFORMATION) {
      task.checkField(TYPE_AT, TYPE_BIT);
    } else if (bytes > (isText ? MOST_TEXT_BYTES : MOST_BYTES)) {
      task.checkField(LENGTH_AT, -1);
    } else if (isText && bytes > 0 && list[bytes - 1] != 0) {
      task.checkParameter(bytes - 1, -1); // it ends with a zero
    } else {
      path.unit().texts().set(isText, Arrays.copyOf(list, bytes));
      path.unit().attention(UnitAttention.DEVICE_IDENTIFIER_CHANGED, path.status());
      task.good();
    }
  }
}
