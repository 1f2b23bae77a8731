package io.millrace.bdev.file;

import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoType;
import io.millrace.bdev.file.FileJob.Call;
import io.millrace.linux.Cpu;
import io.millrace.linux.Errno;
import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.IoUring;
import io.millrace.linux.Iovec;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that make the blocking calls of one reactor's file requests: where io_uring is not
 * allowed, and for what it cannot do (BLKDISCARD).
 *
 * <p>Jobs go from the reactor to the threads through one ring of references and come back through
 * another. A semaphore holds a token for each job in the first, so a thread with a token finds one;
 * the reactor polls the second, and is woken by an eventfd only when it sleeps. Neither side locks,
 * and the reactor allocates nothing but a thread now and then: one starts when all others are busy.
 */
final class FileThreads implements KernelQueue {
  private static final Logger LOG = LoggerFactory.getLogger(FileThreads.class);

  /** Jobs at once; a power of two. */
  static final int JOBS = 512;

  /** Threads at most: so many calls at once. */
  static final int THREADS = 16;

  /** Buffers of one call at most; what is left goes on as after a short transfer. */
  private static final int IOVECS = 128;

  private static final int MASK = JOBS - 1;
  private static final int CANCELED = -Errno.ECANCELED.number();

  private final String name;
  private final FileDescriptor wakeup;
  private final FileDescriptor tokens;
  private final Mapping iovecs;
  private final int wakeupFd;
  private final int tokensFd;
  private final FileJob[] jobs = new FileJob[JOBS];
  private final FileJob[] free = new FileJob[JOBS];
  private final long[] cancelled = new long[JOBS]; // user_data of what the threads never began
  private final AtomicReferenceArray<FileJob> queued = new AtomicReferenceArray<>(JOBS);
  private final AtomicReferenceArray<FileJob> done = new AtomicReferenceArray<>(JOBS);
  private final AtomicInteger queuedHead = new AtomicInteger(); // of the threads
  private final AtomicInteger doneTail = new AtomicInteger(); // of the threads
  private final AtomicInteger holders =
      new AtomicInteger(1); // of the descriptors: reactor, threads
  private int freeCount = JOBS;
  private int cancelledCount;
  private int queuedTail;
  private int doneHead;
  private int unsubmitted;
  private int threads;
  private volatile boolean armed;
  private volatile boolean closing;

  private FileThreads(String name, FileDescriptor wakeup, FileDescriptor tokens, Mapping iovecs) {
    this.name = name;
    this.wakeup = wakeup;
    this.tokens = tokens;
    this.iovecs = iovecs;
    wakeupFd = wakeup.number();
    tokensFd = tokens.number();
    for (int i = 0; i < JOBS; i++) {
      jobs[i] = new FileJob(i, iovecs.address() + (long) i * IOVECS * Iovec.BYTES);
      free[i] = jobs[i];
    }
  }

  /**
   * Room for jobs, and no thread yet.
   *
   * @param name of the reactor, for the threads' names
   */
  static FileThreads create(String name) throws LinuxException {
    FileDescriptor wakeup = EventFd.create();
    FileDescriptor tokens = null;
    try {
      tokens = EventFd.createSemaphore();
      Mapping iovecs = Mapping.anonymous((long) JOBS * IOVECS * Iovec.BYTES, false);
      return new FileThreads(name, wakeup, tokens, iovecs);
    } catch (LinuxException e) {
      wakeup.close();
      if (tokens != null) {
        tokens.close();
      }
      throw e;
    }
  }

  @Override
  public FileEngineKind kind() {
    return FileEngineKind.THREADS;
  }

  @Override
  public int capacity() {
    return JOBS;
  }

  @Override
  public boolean prepare(FileRequest request) {
    int place = queuedTail & MASK;
    // A thread that was interrupted before it took its job may still have the place of a round ago.
    if (freeCount == 0 || queued.getAcquire(place) != null) {
      return false;
    }
    FileJob job = free[--freeCount];
    fill(job, request);
    request.job = job.index;
    queued.setRelease(place, job);
    queuedTail++;
    unsubmitted++;
    return true;
  }

  /** The call that a request's next piece is. */
  static void fill(FileJob job, FileRequest request) {
    BdevIo io = request.io();
    FileChannel channel = request.channel();
    IoType type = io.type();
    job.begin(call(request, type), channel.number(), request.userData());
    job.offset = io.offsetBytes() + request.doneBytes;
    job.length = io.lengthBytes();
    switch (job.call) {
      case READ, WRITE -> {
        job.flags = type == IoType.WRITE && request.durable ? IoUring.RWF_DSYNC : 0;
        if (request.bounced) {
          Iovec.set(job.iovecs, request.bounce, request.pieceBytes());
          job.iovecCount = 1;
        } else {
          job.iovecCount = request.vector(job.iovecs, IOVECS);
        }
      }
      case ALLOCATE -> job.flags = FileRing.allocateMode(request);
      case SYNC, DISCARD -> {
        // Nothing more to say.
      }
    }
  }

  private static Call call(FileRequest request, IoType type) {
    if (request.syncing) {
      return Call.SYNC;
    }
    return switch (type) {
      case READ -> Call.READ;
      case WRITE -> Call.WRITE;
      case FLUSH -> Call.SYNC;
      case UNMAP -> request.channel().isDevice() ? Call.DISCARD : Call.ALLOCATE;
      case WRITE_ZEROES -> Call.ALLOCATE;
      case COMPARE, ZONE_APPEND -> throw new IllegalStateException("not offered: " + request);
    };
  }

  @Override
  public void cancel(FileRequest request) {
    FileJob job = jobs[request.job];
    if (job.cancel()) {
      cancelled[cancelledCount++] = job.userData;
    }
  }

  @Override
  public void submit() {
    int count = unsubmitted;
    if (count == 0) {
      return;
    }
    unsubmitted = 0;
    int busy = JOBS - freeCount;
    while (threads < Math.min(busy, THREADS)) {
      startThread();
    }
    EventFd.add(tokensFd, count);
  }

  private void startThread() {
    holders.incrementAndGet();
    Thread.ofPlatform().daemon().name(name + "-file-" + threads++).start(this::work);
  }

  @Override
  public boolean hasUnsubmitted() {
    return unsubmitted > 0;
  }

  @Override
  public int reap(IoUring.CompletionHandler handler, int max) {
    int count = 0;
    while (cancelledCount > 0) {
      handler.completed(cancelled[--cancelledCount], CANCELED, 0);
      count++;
    }
    while (count < max) {
      int place = doneHead & MASK;
      FileJob job = done.getAcquire(place);
      if (job == null) {
        break;
      }
      done.setPlain(place, null); // no thread looks here before the job is used and done again
      doneHead++;
      free[freeCount++] = job;
      if (!job.isCancelled()) {
        handler.completed(job.userData, job.result, 0);
      }
      count++;
    }
    return count;
  }

  @Override
  public int fd() {
    return wakeupFd;
  }

  @Override
  public boolean armWakeup() {
    armed = true;
    // A thread first publishes its job and then looks whether we sleep; we do it the other way
    // round.
    RawMemory.fullFence();
    if (cancelledCount == 0 && done.getAcquire(doneHead & MASK) == null) {
      return true;
    }
    disarmWakeup();
    return false;
  }

  @Override
  public void disarmWakeup() {
    armed = false;
    EventFd.drain(wakeupFd);
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
  public @Nullable RingBuffers buffers() {
    return null;
  }

  /** The life of one thread. */
  private void work() {
    try {
      leaveReactorsCore();
      while (true) {
        EventFd.take(tokensFd);
        if (closing) {
          return;
        }
        FileJob job = takeJob();
        job.run();
        done.setRelease(doneTail.getAndIncrement() & MASK, job);
        RawMemory.fullFence(); // see armWakeup
        if (armed) {
          EventFd.signal(wakeupFd);
        }
      }
    } finally {
      letGo();
    }
  }

  /** The reactor that started this thread may be pinned; nobody else is to run on its core. */
  private void leaveReactorsCore() {
    try {
      Cpu.followFirstThread();
    } catch (LinuxException e) {
      // Where this is forbidden, so is pinning the reactor, and that was said.
      LOG.debug("{}: stays on its reactor's core: {}", name, e.getMessage());
    }
  }

  /** The token says that there is one. */
  private FileJob takeJob() {
    int place = queuedHead.getAndIncrement() & MASK;
    FileJob job = queued.getAcquire(place);
    while (job == null) {
      Thread.onSpinWait();
      job = queued.getAcquire(place);
    }
    queued.setRelease(place, null);
    return job;
  }

  @Override
  public void close() {
    closing = true;
    EventFd.add(tokensFd, threads + 1);
    letGo();
  }

  /** The last closes the descriptors: nobody signals a number that is somebody else's by then. */
  private void letGo() {
    if (holders.decrementAndGet() == 0) {
      wakeup.close();
      tokens.close();
      iovecs.close();
    }
  }
}
