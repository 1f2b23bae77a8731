package io.millrace.nvme.qtest;

import java.io.IOException;

/** Addresses of a bus that are handed out to its base address registers, upwards. */
final class AddressWindow {
  private final long end;
  private long next;

  AddressWindow(long start, long bytes) {
    next = start;
    end = start + bytes;
  }

  /**
   * Takes {@code bytes}, a power of two, and aligned to that.
   *
   * @throws IOException they are used up; {@code what} is in the message
   */
  long take(long bytes, String what) throws IOException {
    long start = (next + bytes - 1) & -bytes;
    if (start + bytes > end) {
      throw new IOException(
          what
              + " wants "
              + bytes
              + " bytes of addresses and its bus has no more; use fewer devices");
    }
    next = start + bytes;
    return start;
  }
}
