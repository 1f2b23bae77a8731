package io.millrace.linux;

import static io.millrace.linux.IoUringLayout.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One io_uring: requests to the kernel and their completions over shared memory (io_uring(7)).
 *
 * <p>One thread: the one that created it makes every call, {@link #fd} and {@link #close} excepted.
 * Nothing of the path prepare, {@link #submit}, {@link #reap} allocates or throws.
 *
 * <p>Completions are posted while this thread is in {@link #submit}, {@link #reap} or {@link
 * #waitForCompletion}, and {@code reap} enters the kernel only when that says that it has some.
 *
 * <p>To sleep until there is something to reap, the thread waits in epoll for {@link #fd}, after
 * {@link #armWakeup} said that there is nothing yet, and calls {@link #disarmWakeup} when it is
 * back. The descriptor is an eventfd registered with the ring: the ring's own one does not wake a
 * sleeper while its completion is deferred task work (seen on Linux 6.18).
 *
 * <p>Memory a request names belongs to the kernel until its completion was reaped, even when it was
 * cancelled.
 */
public final class IoUring implements AutoCloseable {
  /** Write flag: the data is durable before the write completes. */
  public static final int RWF_DSYNC = 2;

  /**
   * Completes one request. Called on the ring's thread from {@link #reap}; may prepare further
   * requests.
   */
  @FunctionalInterface
  public interface CompletionHandler {
    /**
     * {@code result} is what the system call of the same name would return: bytes, 0, or {@code
     * -errno}. {@code flags} are {@code IORING_CQE_F_*}.
     */
    void completed(long userData, int result, int flags);
  }

  private final IoUringRings rings;
  private final FileDescriptor wakeup;
  private final IoUringResources resources;
  private final int ringFd;
  private final int wakeupFd;
  private final boolean deferred;
  private final int sqEntries;
  private final int sqMask;
  private final int cqMask;
  private final Arena arena = Arena.ofAuto();
  private final MemorySegment control = arena.allocate(64, 16);
  private int tail; // next entry to prepare
  private int head; // next completion to reap

  private IoUring(IoUringRings rings, FileDescriptor wakeup) throws LinuxException {
    this.rings = rings;
    this.wakeup = wakeup;
    wakeupFd = wakeup.number();
    ringFd = rings.fd.number();
    deferred = (rings.flags & SETUP_DEFER_TASKRUN) != 0;
    sqEntries = rings.sqEntries;
    sqMask = rings.sqEntries - 1;
    cqMask = rings.cqEntries - 1;
    tail = RawMemory.getInt(rings.sqTail);
    head = RawMemory.getInt(rings.cqHead);
    RawMemory.putInt(rings.cqFlags, CQ_EVENTFD_DISABLED);
    resources = new IoUringResources(ringFd);
    resources.registerEventFd(wakeup);
  }

  /**
   * A ring for the calling thread with at least {@code entries} places for requests to be submitted
   * (rounded up to a power of two) and twice as many for completions. ENOSYS or EPERM when the
   * kernel has or allows none.
   */
  public static IoUring create(int entries) throws LinuxException {
    return create(IoUringRings.create(entries));
  }

  static IoUring create(int entries, int setup, boolean singleMap) throws LinuxException {
    return create(IoUringRings.create(entries, setup, singleMap));
  }

  private static IoUring create(IoUringRings rings) throws LinuxException {
    FileDescriptor wakeup = null;
    try {
      wakeup = EventFd.create();
      return new IoUring(rings, wakeup);
    } catch (LinuxException e) {
      if (wakeup != null) {
        wakeup.close();
      }
      rings.close();
      throw e;
    }
  }

  /** Whether this process may use io_uring, found by trying. */
  public static boolean available() {
    try (IoUring ring = create(1)) {
      return ring.ringFd >= 0;
    } catch (LinuxException _) {
      return false;
    }
  }

  /**
   * The descriptor to wait for in epoll, between {@link #armWakeup} and {@link #disarmWakeup}.
   * Owned by the ring.
   */
  public int fd() {
    return wakeupFd;
  }

  /**
   * Makes {@link #fd} readable when from now on something is to be reaped. Returns false, and does
   * nothing, when there is already: reap instead of sleeping. Submit before, what is only prepared
   * never completes.
   */
  public boolean armWakeup() {
    RawMemory.putInt(rings.cqFlags, 0);
    // The kernel first publishes work or a completion and then looks whether we want to be woken;
    // we do it the other way
    // round, and the fence keeps our load from passing our store, so one of the two sees the other.
    RawMemory.fullFence();
    if (pending() == 0 && !hasKernelWork()) {
      return true;
    }
    disarmWakeup();
    return false;
  }

  /**
   * Ends what {@link #armWakeup} began, woken or not: completions cost no wake-up any more, {@link
   * #fd} is empty.
   */
  public void disarmWakeup() {
    RawMemory.putInt(rings.cqFlags, CQ_EVENTFD_DISABLED);
    EventFd.drain(wakeupFd);
  }

  /**
   * Whether completions wait for this thread to enter the kernel (IORING_SETUP_DEFER_TASKRUN), as
   * on Linux 6.1 and up.
   */
  public boolean deferTaskrun() {
    return deferred;
  }

  /**
   * How many completions can wait to be reaped without costing extra; more in flight is allowed but
   * slow.
   */
  public int completionCapacity() {
    return rings.cqEntries;
  }

  /** The tables of files and buffers that requests may name by their slot. */
  public IoUringResources resources() {
    return resources;
  }

  /**
   * Reads {@code bytes} at {@code offset}. All prepare methods return false when the ring is full:
   * submit, then retry.
   */
  public boolean prepareRead(
      int fd, boolean fixedFile, long address, int bytes, long offset, long userData) {
    return prepare(OP_READ, fd, fixedFile, address, bytes, offset, 0, userData);
  }

  /**
   * Reads into {@code count} buffers, {@code struct iovec[]} at {@code iovecs}, which may change
   * after {@link #submit}.
   */
  public boolean prepareReadv(
      int fd, boolean fixedFile, long iovecs, int count, long offset, long userData) {
    return prepare(OP_READV, fd, fixedFile, iovecs, count, offset, 0, userData);
  }

  /** Writes {@code bytes} at {@code offset}; {@code rwFlags} 0 or {@link #RWF_DSYNC}. */
  public boolean prepareWrite(
      int fd, boolean fixedFile, long address, int bytes, long offset, int rwFlags, long userData) {
    return prepare(OP_WRITE, fd, fixedFile, address, bytes, offset, rwFlags, userData);
  }

  /**
   * Writes {@code count} buffers, {@code struct iovec[]} at {@code iovecs}, which may change after
   * {@link #submit}.
   */
  public boolean prepareWritev(
      int fd, boolean fixedFile, long iovecs, int count, long offset, int rwFlags, long userData) {
    return prepare(OP_WRITEV, fd, fixedFile, iovecs, count, offset, rwFlags, userData);
  }

  /**
   * Reads into memory that lies within the registered buffer of a slot, whole: else it completes
   * with EFAULT.
   */
  public boolean prepareReadFixed(
      int fd, boolean fixedFile, long address, int bytes, long offset, int buffer, long userData) {
    return prepare(OP_READ_FIXED, fd, fixedFile, address, bytes, offset, 0, buffer, userData);
  }

  /** Writes from memory within the registered buffer of a slot; {@code rwFlags} as elsewhere. */
  public boolean prepareWriteFixed(
      int fd,
      boolean fixedFile,
      long address,
      int bytes,
      long offset,
      int rwFlags,
      int buffer,
      long userData) {
    return prepare(
        OP_WRITE_FIXED, fd, fixedFile, address, bytes, offset, rwFlags, buffer, userData);
  }

  /**
   * Makes writes that completed before durable; {@code dataOnly} as fdatasync(2). Orders nothing:
   * later or earlier.
   */
  public boolean prepareFsync(int fd, boolean fixedFile, boolean dataOnly, long userData) {
    return prepare(OP_FSYNC, fd, fixedFile, 0, 0, 0, dataOnly ? FSYNC_DATASYNC : 0, userData);
  }

  /** fallocate(2), {@code mode} an or of {@code LinuxFiles.FALLOC_FL_*}. */
  public boolean prepareFallocate(
      int fd, boolean fixedFile, int mode, long offset, long length, long userData) {
    return prepare(OP_FALLOCATE, fd, fixedFile, length, mode, offset, 0, userData);
  }

  /**
   * Tries to cancel the request with {@code targetUserData}. Its own result is 0 (the target
   * completes with ECANCELED), -ENOENT (not found: not submitted or done) or -EALREADY (too late:
   * runs to its end). The target always completes.
   */
  public boolean prepareCancel(long targetUserData, long userData) {
    return prepare(OP_ASYNC_CANCEL, -1, false, targetUserData, 0, 0, 0, userData);
  }

  /**
   * Completes once when {@code fd} has one of {@code events} (POLLIN = 1, …), with those as result.
   */
  public boolean preparePollAdd(int fd, boolean fixedFile, int events, long userData) {
    return prepare(OP_POLL_ADD, fd, fixedFile, 0, 0, 0, events, userData);
  }

  /** Does nothing and completes with 0: for tests and measurements. */
  public boolean prepareNop(long userData) {
    return prepare(OP_NOP, -1, false, 0, 0, 0, 0, userData);
  }

  private boolean prepare(
      byte opcode,
      int fd,
      boolean fixedFile,
      long address,
      int length,
      long offset,
      int opFlags,
      long userData) {
    return prepare(opcode, fd, fixedFile, address, length, offset, opFlags, 0, userData);
  }

  private boolean prepare(
      byte opcode,
      int fd,
      boolean fixedFile,
      long address,
      int length,
      long offset,
      int opFlags,
      int buffer,
      long userData) {
    int t = tail;
    if (t - RawMemory.getIntAcquire(rings.sqHead) == sqEntries) {
      return false;
    }
    long sqe = rings.sqes + (long) (t & sqMask) * SQE_BYTES;
    // opcode, flags, ioprio, fd in one store; the last 16 bytes are never written by anybody and
    // stay zero.
    long flags = fixedFile ? SQE_FIXED_FILE : 0;
    RawMemory.putLong(sqe, opcode | flags << 8 | (long) fd << 32);
    RawMemory.putLong(sqe + SQE_OFF, offset);
    RawMemory.putLong(sqe + SQE_ADDR, address);
    RawMemory.putLong(sqe + SQE_LEN, Integer.toUnsignedLong(length) | (long) opFlags << 32);
    RawMemory.putLong(sqe + SQE_USER_DATA, userData);
    RawMemory.putLong(sqe + SQE_BUF_INDEX, buffer); // and no personality, no file to be made
    tail = t + 1;
    // Release: the kernel, which acquires the tail, sees the whole entry.
    RawMemory.putIntRelease(rings.sqTail, tail);
    return true;
  }

  /** Requests prepared and not yet taken by the kernel. */
  public int unsubmitted() {
    return tail - RawMemory.getIntAcquire(rings.sqHead);
  }

  /**
   * Hands the kernel what was prepared: one system call, none when there is nothing. Returns how
   * many it took, or {@code -errno}: EAGAIN and EBUSY (out of memory, completions overflowed: reap,
   * then submit again), EINTR (again).
   */
  public int submit() {
    int count = unsubmitted();
    if (count == 0) {
      return 0;
    }
    return enter(count, 0, hasKernelWork() ? ENTER_GETEVENTS : 0);
  }

  /**
   * Passes up to {@code max} completions to {@code handler}, entering the kernel only when it says
   * that it has some to post. Returns how many. A handler that throws has lost nothing but its own
   * completion.
   */
  public int reap(CompletionHandler handler, int max) {
    if (hasKernelWork()) {
      enter(0, 0, ENTER_GETEVENTS);
    }
    int h = head;
    // Acquire: the entries below the tail are written. The kernel may go on posting; those wait for
    // the next call.
    int available = RawMemory.getIntAcquire(rings.cqTail) - h;
    int count = Math.min(available, max);
    for (int i = 0; i < count; i++) {
      long cqe = rings.cqes + (long) (h & cqMask) * CQE_BYTES;
      long userData = RawMemory.getLong(cqe + CQE_USER_DATA);
      long resultAndFlags = RawMemory.getLong(cqe + CQE_RES);
      head = ++h;
      // Release: we have read the entry before the kernel may use its place again.
      RawMemory.putIntRelease(rings.cqHead, h);
      handler.completed(userData, (int) resultAndFlags, (int) (resultAndFlags >>> 32));
    }
    return count;
  }

  /**
   * Submits what was prepared and waits until there is something to reap; false when it took {@code
   * timeoutNanos}.
   */
  public boolean waitForCompletion(long timeoutNanos) {
    long deadline = System.nanoTime() + timeoutNanos;
    while (true) {
      long left = deadline - System.nanoTime();
      if (RawMemory.getIntAcquire(rings.cqTail) != head) {
        return true;
      }
      if (left <= 0) {
        return false;
      }
      long arg = control.address();
      long time = arg + GETEVENTS_ARG_BYTES;
      RawMemory.fill(arg, GETEVENTS_ARG_BYTES, (byte) 0);
      RawMemory.putLong(arg + GETEVENTS_ARG_TS, time);
      RawMemory.putLong(time, left / 1_000_000_000L);
      RawMemory.putLong(time + 8, left % 1_000_000_000L);
      int flags = ENTER_GETEVENTS | ENTER_EXT_ARG;
      Syscall.call(
          Syscall.IO_URING_ENTER, ringFd, unsubmitted(), 1, flags, arg, GETEVENTS_ARG_BYTES);
    }
  }

  /**
   * Completions posted and not yet reaped; those the kernel has still to post are not among them.
   */
  public int pending() {
    return RawMemory.getIntAcquire(rings.cqTail) - head;
  }

  private boolean hasKernelWork() {
    return (RawMemory.getIntAcquire(rings.sqFlags) & (SQ_TASKRUN | SQ_CQ_OVERFLOW)) != 0;
  }

  private int enter(int submit, int wait, int flags) {
    return (int) Syscall.call(Syscall.IO_URING_ENTER, ringFd, submit, wait, flags, 0, 0);
  }

  /**
   * Closes the ring. Requests in flight are cancelled or finished by the kernel, some time later:
   * to free their memory, reap them first.
   */
  @Override
  public void close() {
    rings.close();
    wakeup.close();
  }
}
