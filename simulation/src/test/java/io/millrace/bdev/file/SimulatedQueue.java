package io.millrace.bdev.file;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.IoUring;
import io.millrace.linux.Iovec;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.reactor.Reactor;
import io.millrace.simulation.KernelCall;
import io.millrace.simulation.KernelProcess;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * A kernel queue that leads to a simulated kernel: requests become the same calls as those of
 * {@code FileThreads}, and are made when the simulation wants. In this package, as only what lies
 * here sees a {@link FileRequest}.
 */
public final class SimulatedQueue implements KernelQueue {
  private static final int IOVECS = 128; // as FileThreads fills in at most

  private final KernelProcess process;
  private final int capacity;
  private final FileDescriptor wakeup = EventFd.create();
  private final Mapping iovecs;
  private final ArrayDeque<FileJob> free = new ArrayDeque<>();
  private final List<FileJob> prepared = new ArrayList<>();
  private boolean armed;

  private SimulatedQueue(KernelProcess process, int capacity) throws LinuxException {
    this.process = process;
    this.capacity = capacity;
    iovecs = Mapping.anonymous((long) capacity * IOVECS * Iovec.BYTES, false);
    for (int i = 0; i < capacity; i++) {
      free.add(new FileJob(i, iovecs.address() + (long) i * IOVECS * Iovec.BYTES));
    }
  }

  /**
   * Makes it the queue of the file disks of a reactor that are on threads.
   *
   * @return ends that, when no disk uses it any more
   */
  public static Runnable install(Reactor reactor, KernelProcess process, int capacity)
      throws LinuxException {
    FileEngine engine = FileEngines.install(reactor, new SimulatedQueue(process, capacity));
    return () -> FileEngines.release(engine);
  }

  @Override
  public FileEngineKind kind() {
    return FileEngineKind.THREADS;
  }

  @Override
  public int capacity() {
    return capacity;
  }

  @Override
  public boolean prepare(FileRequest request) {
    process.event();
    boolean empty = prepared.isEmpty() && process.isIdle(); // then there is room, as in any ring
    if (free.isEmpty() || (!empty && process.hasNoRoomNow())) {
      return false;
    }
    FileJob job = free.remove();
    FileThreads.fill(job, request);
    prepared.add(job);
    return true;
  }

  @Override
  public void cancel(FileRequest request) {
    process.cancel(request.userData());
  }

  @Override
  public void submit() {
    for (FileJob job : prepared) {
      process.event();
      process.submit(call(job));
      free.add(job);
    }
    prepared.clear();
  }

  private static KernelCall call(FileJob job) {
    KernelCall call =
        switch (job.call) {
          case READ, WRITE -> {
            boolean read = job.call == FileJob.Call.READ;
            long[] addresses = new long[job.iovecCount];
            int[] lengths = new int[job.iovecCount];
            for (int i = 0; i < job.iovecCount; i++) {
              addresses[i] = Iovec.base(job.iovecs + (long) i * Iovec.BYTES);
              lengths[i] = (int) Iovec.length(job.iovecs + (long) i * Iovec.BYTES);
            }
            yield KernelCall.transfer(read, job.offset, addresses, lengths, job.flags);
          }
          case SYNC -> KernelCall.sync();
          case ALLOCATE -> KernelCall.allocate(job.offset, job.length, job.flags);
          case DISCARD -> throw new IllegalStateException("no device: " + job);
        };
    call.userData = job.userData;
    return call;
  }

  @Override
  public boolean hasUnsubmitted() {
    return !prepared.isEmpty();
  }

  @Override
  public int reap(IoUring.CompletionHandler handler, int max) {
    int count = 0;
    while (count < max) {
      KernelCall call = process.reap();
      if (call == null) {
        break;
      }
      handler.completed(call.userData, call.result, 0);
      count++;
      process.event();
    }
    return count;
  }

  @Override
  public int fd() {
    return wakeup.number();
  }

  @Override
  public boolean armWakeup() {
    armed = !process.hasPosted();
    process.onPosted(this::posted);
    return armed;
  }

  private void posted() {
    if (armed) {
      EventFd.signal(wakeup.number());
    }
  }

  @Override
  public void disarmWakeup() {
    armed = false;
    EventFd.drain(wakeup.number());
  }

  @Override
  public int addFile(int number) {
    return -1;
  }

  @Override
  public void removeFile(int slot) {
    throw new IllegalStateException("no file has a slot here");
  }

  @Override
  public RingBuffers buffers() {
    return null;
  }

  @Override
  public void close() {
    process.onPosted(() -> {});
    wakeup.close();
    iovecs.close();
  }
}
