package io.millrace.linux;

import static io.millrace.linux.IoUringLayout.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What one io_uring knows beforehand (io_uring_register(2)): a table of files and one of buffers,
 * whose slots requests name instead of a descriptor or of memory that the kernel would have to look
 * up and pin each time.
 *
 * <p>The ring's thread only. Control plane: these calls may take long and throw.
 */
public final class IoUringResources {
  /** Slots that a table of buffers may have. */
  public static final int MAX_BUFFERS = 1 << 14;

  /** Bytes that a buffer may have. */
  public static final long MAX_BUFFER_BYTES = 1L << 30;

  private final int ringFd;
  private final Arena arena = Arena.ofAuto();
  private final MemorySegment control = arena.allocate(64, 16);

  IoUringResources(int ringFd) {
    this.ringFd = ringFd;
  }

  void registerEventFd(FileDescriptor wakeup) throws LinuxException {
    RawMemory.putInt(control.address(), wakeup.number());
    check(register(REGISTER_EVENTFD, control.address(), 1), wakeup);
  }

  /**
   * Makes a table of {@code count} empty slots for fixed files; once a ring. EMFILE beyond {@code
   * ulimit -n}.
   */
  public void registerFilesSparse(int count) throws LinuxException {
    check(registerSparse(REGISTER_FILES2, count), count + " file slots");
  }

  /**
   * Puts {@code fd} into {@code slot} of the table, -1 empties it. The table holds the open file by
   * itself; requests in flight on what was there before run to their end on that.
   */
  public void updateFile(int slot, int fd) throws LinuxException {
    long update = control.address();
    long fds = update + FILES_UPDATE_BYTES;
    RawMemory.fill(update, FILES_UPDATE_BYTES, (byte) 0);
    RawMemory.putInt(update + FILES_UPDATE_OFFSET, slot);
    RawMemory.putLong(update + FILES_UPDATE_FDS, fds);
    RawMemory.putInt(fds, fd);
    check(register(REGISTER_FILES_UPDATE, update, 1), "file slot " + slot);
  }

  /**
   * Makes a table of {@code count} empty slots for buffers, at most {@value #MAX_BUFFERS}; once a
   * ring. EINVAL before Linux 5.19.
   */
  public void registerBuffersSparse(int count) throws LinuxException {
    check(registerSparse(REGISTER_BUFFERS2, count), count + " buffer slots");
  }

  /**
   * Puts memory into {@code slot} of the table: its pages are made resident and stay pinned until
   * the slot gets something else or the ring ends, whatever becomes of the mapping. Requests in
   * flight on what was there before run to their end on that.
   *
   * <p>ENOMEM when it is more than {@code RLIMIT_MEMLOCK} leaves this user, EFAULT or EOPNOTSUPP
   * when the memory is none that may be pinned for long; the slot is empty then.
   */
  public void updateBuffer(int slot, long address, long bytes) throws LinuxException {
    long update = control.address();
    long iovec = update + RSRC_UPDATE2_BYTES;
    RawMemory.fill(update, RSRC_UPDATE2_BYTES, (byte) 0);
    RawMemory.putInt(update + RSRC_UPDATE2_OFFSET, slot);
    RawMemory.putLong(update + RSRC_UPDATE2_DATA, iovec);
    RawMemory.putInt(update + RSRC_UPDATE2_NR, 1);
    Iovec.set(iovec, address, bytes);
    check(register(REGISTER_BUFFERS_UPDATE, update, RSRC_UPDATE2_BYTES), "buffer slot " + slot);
  }

  /** Empties a slot; its pages are let go when no request in flight is left on them. */
  public void removeBuffer(int slot) throws LinuxException {
    updateBuffer(slot, 0, 0);
  }

  private long registerSparse(int operation, int count) {
    long table = control.address();
    RawMemory.fill(table, RSRC_REGISTER_BYTES, (byte) 0);
    RawMemory.putInt(table + RSRC_REGISTER_NR, count);
    RawMemory.putInt(table + RSRC_REGISTER_FLAGS, RSRC_REGISTER_SPARSE);
    return register(operation, table, RSRC_REGISTER_BYTES);
  }

  private long register(int operation, long argument, int count) {
    return Syscall.call(Syscall.IO_URING_REGISTER, ringFd, operation, argument, count);
  }

  private static void check(long result, Object what) throws LinuxException {
    LinuxException.check(result, "io_uring_register", what);
  }
}
