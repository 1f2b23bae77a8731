package io.millrace.vm;

import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;

/** The table of every command in {@code docs/scsi.md}, read from the page. */
final class ScsiReference {
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| (\\p{XDigit}{2})(?:/(\\p{XDigit}{2}))? \\| (.+?) \\| (\\d+) \\|");
  private static final int VARIABLE_LENGTH = 0x7f;

  /** A row: what its CDB looks like; no service action is -1. */
  record Command(int opcode, int action, String name, int cdbBytes) {
    /** Whether a CDB is of this command. */
    boolean isOf(byte[] cdb) {
      boolean isLong = opcode == VARIABLE_LENGTH;
      return cdb.length == cdbBytes
          && (cdb[0] & 0xff) == opcode
          && (action < 0 || action == (isLong ? cdb[9] & 0xff : cdb[1] & 0x1f));
    }

    /** As {@code sg_opcodes} lists it: operation code, service action if any, bytes of its CDB. */
    String listed() {
      return action < 0
          ? "%02x %d".formatted(opcode, cdbBytes)
          : "%02x %x %d".formatted(opcode, action, cdbBytes);
    }
  }

  private ScsiReference() {}

  static List<Command> commands() throws IOException {
    return ROW.matcher(DocumentedPage.of("docs/scsi.md").text())
        .results()
        .map(row ->
            new Command(
                Integer.parseInt(row.group(1), 16),
                row.group(2) == null ? -1 : Integer.parseInt(row.group(2), 16),
                row.group(3),
                Integer.parseInt(row.group(4))))
        .toList();
  }
}
