package io.millrace.linux;

import static io.millrace.linux.IoUringLayout.*;

/**
 * Sets up an io_uring and maps its memory: the flags this kernel takes, one mapping for both rings
 * or two, the index array or none. Immutable; {@link IoUring} moves the indices.
 */
final class IoUringRings implements AutoCloseable {
  private static final int DEFERRED =
      SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_TASKRUN_FLAG | SETUP_SUBMIT_ALL;
  private static final int COOPERATIVE = SETUP_COOP_TASKRUN | SETUP_TASKRUN_FLAG | SETUP_SUBMIT_ALL;

  /** From the best to what every kernel has: Linux 6.6, 6.1, 5.19 and any. */
  private static final int[] SETUPS = {DEFERRED | SETUP_NO_SQARRAY, DEFERRED, COOPERATIVE, 0};

  final FileDescriptor fd;
  final int flags;
  final int sqEntries;
  final int cqEntries;
  final long sqHead;
  final long sqTail;
  final long sqFlags;
  final long sqes;
  final long cqHead;
  final long cqTail;
  final long cqFlags;
  final long cqes;

  private final Mapping sqMapping;
  private final Mapping cqMapping;
  private final Mapping sqeMapping;

  private IoUringRings(FileDescriptor fd, long params, boolean singleMap) throws LinuxException {
    this.fd = fd;
    flags = RawMemory.getInt(params + PARAMS_FLAGS);
    sqEntries = RawMemory.getInt(params + PARAMS_SQ_ENTRIES);
    cqEntries = RawMemory.getInt(params + PARAMS_CQ_ENTRIES);
    long array = (flags & SETUP_NO_SQARRAY) == 0 ? offset(params, PARAMS_SQ_ARRAY) : 0;
    long sqBytes = array + 4L * sqEntries;
    long cqBytes = offset(params, PARAMS_CQ_CQES) + (long) CQE_BYTES * cqEntries;
    boolean one = singleMap && (RawMemory.getInt(params + PARAMS_FEATURES) & FEAT_SINGLE_MMAP) != 0;

    Mapping sq = ring(fd, OFF_SQ_RING, one || array == 0 ? Math.max(sqBytes, cqBytes) : sqBytes);
    Mapping cq = sq;
    Mapping entries;
    try {
      cq = one ? sq : ring(fd, OFF_CQ_RING, cqBytes);
      entries = ring(fd, OFF_SQES, (long) SQE_BYTES * sqEntries);
    } catch (LinuxException e) {
      sq.close();
      cq.close(); // the same one twice closes once
      throw e;
    }
    sqMapping = sq;
    cqMapping = cq;
    sqeMapping = entries;
    sqHead = sq.address() + offset(params, PARAMS_SQ_HEAD);
    sqTail = sq.address() + offset(params, PARAMS_SQ_TAIL);
    sqFlags = sq.address() + offset(params, PARAMS_SQ_FLAGS);
    sqes = sqeMapping.address();
    cqHead = cq.address() + offset(params, PARAMS_CQ_HEAD);
    cqTail = cq.address() + offset(params, PARAMS_CQ_TAIL);
    cqFlags = cq.address() + offset(params, PARAMS_CQ_FLAGS);
    cqes = cq.address() + offset(params, PARAMS_CQ_CQES);
    if (array != 0) {
      // Entry i of the ring is always sqe i: written once, the array needs no care afterwards.
      for (int i = 0; i < sqEntries; i++) {
        RawMemory.putInt(sq.address() + array + 4L * i, i);
      }
    }
  }

  /** With the best of the setups that this kernel takes. */
  static IoUringRings create(int entries) throws LinuxException {
    for (int i = 0; i < SETUPS.length - 1; i++) {
      try {
        return create(entries, SETUPS[i], true);
      } catch (LinuxException e) {
        if (e.errno() != Errno.EINVAL) {
          throw e;
        }
      }
    }
    return create(entries, SETUPS[SETUPS.length - 1], true);
  }

  /**
   * With exactly these setup flags; {@code singleMap} false maps the rings apart even where they
   * could be together.
   */
  static IoUringRings create(int entries, int setup, boolean singleMap) throws LinuxException {
    long params = Syscall.scratch();
    RawMemory.fill(params, PARAMS_BYTES, (byte) 0);
    RawMemory.putInt(params + PARAMS_FLAGS, setup | SETUP_CLAMP);
    long number = Syscall.call(Syscall.IO_URING_SETUP, entries, params);
    LinuxException.check(number, "io_uring_setup of", entries + " entries");
    FileDescriptor fd = FileDescriptor.own((int) number);
    try {
      return new IoUringRings(fd, params, singleMap);
    } catch (LinuxException e) {
      fd.close();
      throw e;
    }
  }

  private static long offset(long params, int field) {
    return Integer.toUnsignedLong(RawMemory.getInt(params + field));
  }

  private static Mapping ring(FileDescriptor fd, long offset, long bytes) throws LinuxException {
    int protection = Mapping.PROT_READ | Mapping.PROT_WRITE;
    return Mapping.map(
        fd.number(), offset, bytes, protection, Mapping.MAP_SHARED | Mapping.MAP_POPULATE);
  }

  @Override
  public void close() {
    sqMapping.close();
    cqMapping.close();
    sqeMapping.close();
    fd.close();
  }
}
