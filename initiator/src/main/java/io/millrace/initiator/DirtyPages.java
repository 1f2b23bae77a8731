package io.millrace.initiator;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.RawMemory;
import io.millrace.live.migration.DirtyLog;
import io.millrace.vhost.user.LogArea;
import java.util.BitSet;

/**
 * A dirty-page log that is shared with a back-end, from the front-end's side: a memfd that cannot
 * shrink. Any thread.
 */
public final class DirtyPages implements AutoCloseable {
  private final FileDescriptor file;
  private final Mapping mapping;

  private DirtyPages(FileDescriptor file, Mapping mapping) {
    this.file = file;
    this.mapping = mapping;
  }

  /**
   * An empty log.
   *
   * @param guestEnd the guest address behind the last byte that it is for
   */
  public static DirtyPages create(long guestEnd) throws LinuxException {
    long words = (guestEnd >>> DirtyLog.PAGE_SHIFT) / Long.SIZE + 1;
    return create(words * Long.BYTES, true);
  }

  /**
   * An empty log of a size that may be wrong.
   *
   * @param bytes a multiple of 8
   * @param sealed whether it can never shrink
   */
  public static DirtyPages create(long bytes, boolean sealed) throws LinuxException {
    int seals = sealed ? MemoryFile.F_SEAL_SHRINK : 0;
    FileDescriptor file = MemoryFile.createSealed("millrace-dirty", bytes, seals);
    try {
      return new DirtyPages(file, Mapping.map(file, 0, bytes, true));
    } catch (LinuxException e) {
      file.close();
      throw e;
    }
  }

  /** The log as messages describe it. */
  public LogArea area() {
    return new LogArea(mapping.size(), 0);
  }

  /** The memfd; stays this log's. */
  public FileDescriptor file() {
    return file;
  }

  /** Has a back-end log here, in place of where it logged before. */
  public void giveTo(Frontend frontend) throws InitiatorException {
    frontend.giveLog(area(), file);
  }

  /**
   * Takes what the back-end has marked, and clears it: whatever it marks meanwhile is taken now or
   * next time.
   *
   * @return numbers of pages, guest address by 4 KiB
   */
  public BitSet take() {
    int words = (int) (mapping.size() / Long.BYTES);
    long[] taken = new long[words];
    for (int i = 0; i < words; i++) {
      taken[i] = RawMemory.takeBits(mapping.address() + (long) i * Long.BYTES);
    }
    return BitSet.valueOf(taken);
  }

  /** Unmaps it here; the back-end keeps what it mapped. */
  @Override
  public void close() {
    mapping.close();
    file.close();
  }
}
