package io.millrace.live.migration;

import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import java.util.BitSet;

/** Memory of a dirty log under test: one page that it is in, and one behind it. */
final class LogMemory implements AutoCloseable {
  static final long PAGE = 4096;

  private final Mapping mapping;

  LogMemory() throws LinuxException {
    mapping = Mapping.anonymous(2 * PAGE, false);
  }

  long address() {
    return mapping.address();
  }

  /** All bits that are set, of both pages. */
  BitSet marked() {
    byte[] bytes = new byte[(int) mapping.size()];
    RawMemory.get(mapping.address(), bytes, 0, bytes.length);
    return BitSet.valueOf(bytes);
  }

  void clear() {
    RawMemory.fill(mapping.address(), mapping.size(), (byte) 0);
  }

  @Override
  public void close() {
    mapping.close();
  }
}
