package io.millrace.nvme.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;

/** The error information log (base specification 2.0 §5.16.1.2), newest first. */
final class ErrorLog {
  static final int ENTRY_BYTES = 64;

  private record Entry(long number, int sqid, int id, int status, long lba, int nsid) {}

  private final int most;
  private final Deque<Entry> entries = new ArrayDeque<>();
  private long count;

  ErrorLog(int most) {
    this.most = most;
  }

  /** Notes a command that failed; the flag that says so. */
  int add(Command command, int status) {
    if (entries.size() == most) {
      entries.removeLast();
    }
    entries.addFirst(
        new Entry(
            ++count, command.queue.id, command.id(), status, command.dwords1011(), command.nsid()));
    return Status.MORE;
  }

  long count() {
    return count;
  }

  byte[] page() {
    ByteBuffer page = ByteBuffer.allocate(most * ENTRY_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    for (Entry entry : entries) {
      page.putLong(at, entry.number);
      page.putShort(at + 8, (short) entry.sqid);
      page.putShort(at + 10, (short) entry.id);
      page.putShort(at + 12, (short) (entry.status << 1));
      page.putShort(at + 14, (short) 0xffff); // no parameter is named
      page.putLong(at + 16, entry.lba);
      page.putInt(at + 24, entry.nsid);
      at += ENTRY_BYTES;
    }
    return page.array();
  }
}
