package io.millrace.bdev.file;

import io.millrace.linux.BlockingIo;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One blocking call for a thread to make. Filled by the reactor, run by one of the {@code
 * FileThreads}, read by the reactor again.
 */
final class FileJob {
  /** Which call. */
  enum Call {
    READ,
    WRITE,
    SYNC,
    ALLOCATE,
    DISCARD
  }

  private static final int QUEUED = 0;
  private static final int RUNNING = 1;
  private static final int CANCELLED = 2;

  final int index; // in the pool
  final long iovecs; // its own room for them

  private final AtomicInteger state = new AtomicInteger();
  Call call = Call.SYNC;
  int descriptor;
  int iovecCount;
  int flags; // RWF_ of a write, FALLOC_FL_ of an allocation
  long offset;
  long length;
  long userData;
  int result;

  FileJob(int index, long iovecs) {
    this.index = index;
    this.iovecs = iovecs;
  }

  /** Fills in what every call has. */
  void begin(Call what, int fd, long tag) {
    call = what;
    descriptor = fd;
    userData = tag;
    flags = 0;
    state.setPlain(QUEUED); // published with the job itself
  }

  /** Takes the job from the threads; false when one has begun it. */
  boolean cancel() {
    return state.compareAndSet(QUEUED, CANCELLED);
  }

  /** Whether {@link #cancel} came in time. */
  boolean isCancelled() {
    return state.get() == CANCELLED;
  }

  /** Makes the call, unless it was cancelled. */
  void run() {
    if (!state.compareAndSet(QUEUED, RUNNING)) {
      return;
    }
    result =
        switch (call) {
          case READ -> BlockingIo.readv(descriptor, iovecs, iovecCount, offset);
          case WRITE -> BlockingIo.writev(descriptor, iovecs, iovecCount, offset, flags);
          case SYNC -> BlockingIo.dataSync(descriptor);
          case ALLOCATE -> BlockingIo.allocate(descriptor, flags, offset, length);
          case DISCARD -> BlockingIo.discard(descriptor, offset, length);
        };
  }

  @Override
  public String toString() {
    return "job " + index + " " + call + " " + offset + "+" + length;
  }
}
