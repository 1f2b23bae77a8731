package io.millrace.bdev.file;

import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.file.FileRequest.State;
import io.millrace.linux.Errno;
import io.millrace.linux.IoUring;
import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Deferral;
import io.millrace.reactor.Deferred;
import io.millrace.reactor.FdWatch;
import io.millrace.reactor.Poller;
import io.millrace.reactor.PollerHandle;
import io.millrace.reactor.Reactor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reactor's way to its files, shared by all file bdevs on it. Data path; the reactor's thread
 * only.
 *
 * <p>A request is prepared when it starts; what a round prepared goes to the kernel in one system
 * call at its end, direct I/O in small groups before. Completions are reaped by polling, or, while
 * the reactor sleeps, announced by the kernel queue's eventfd. A request that finds no room there
 * or no bounce buffer waits in a queue, one that failed in its channel's {@link HeldRequests}.
 * Nothing allocates once the pool has met the deepest queue, as long as the storage works.
 */
final class FileEngine implements Poller, Deferred, IoUring.CompletionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(FileEngine.class);

  private static final int REAP_BATCH = 64;
  private static final int MOST_RETRIES = 8;

  private final Reactor reactor;
  private final KernelQueue kernel;
  private final int mostInKernel;
  private final PollerHandle handle;
  private final Deferral submission;
  private final FdWatch watch;
  private final RequestQueue forRing = new RequestQueue();
  private final RequestQueue forBuffer = new RequestQueue();
  private final RequestPool requests = new RequestPool();
  private @Nullable BouncePool bounces;
  private int inKernel;
  private @Nullable InternalError fault;
  int users; // guarded by FileEngines

  FileEngine(Reactor reactor, KernelQueue kernel) {
    this.reactor = reactor;
    this.kernel = kernel;
    mostInKernel = kernel.capacity();
    watch = reactor.watchEdges(kernel.fd(), this::completionsArrived);
    submission = reactor.deferral(this);
    handle = reactor.add(this);
  }

  /** Makes the buffers for memory that direct I/O cannot use, if there are none yet. */
  void allowBouncing() throws LinuxException {
    if (bounces == null) {
      bounces = new BouncePool();
    }
  }

  /** The last channel is gone. */
  void close() {
    handle.close();
    watch.close();
    kernel.close();
    if (bounces != null) {
      bounces.close();
    }
  }

  Reactor reactor() {
    return reactor;
  }

  FileEngineKind kind() {
    return kernel.kind();
  }

  KernelQueue kernel() {
    return kernel;
  }

  void start(FileChannel channel, BdevIo io) {
    FileRequest request = requests.take();
    request.begin(channel, io);
    channel.watch(request);
    io.moduleSlot(request.slot);
    issue(request);
  }

  /** Sends a request's next piece on its way, or into the queue of what it lacks. */
  private void issue(FileRequest request) {
    if (request.bounced && !takeBuffer(request)) {
      return;
    }
    if (forRing.isEmpty() && prepare(request)) {
      return;
    }
    request.state = State.WAITS_FOR_RING;
    forRing.add(request);
  }

  /** False when the request waits for a buffer, or has ended because its memory is gone. */
  private boolean takeBuffer(FileRequest request) {
    BouncePool pool = bounces;
    if (request.bounce == 0) {
      request.bounce = pool == null ? 0 : pool.take();
      if (request.bounce == 0) {
        request.state = State.WAITS_FOR_BUFFER;
        forBuffer.add(request);
        return false;
      }
    }
    return request.io().type() != IoType.WRITE || copied(request, 0);
  }

  /**
   * Copies between memory and buffer; false when the memory is gone, and then the request has
   * ended.
   */
  private boolean copied(FileRequest request, int bytesRead) {
    try {
      if (request.io().type() == IoType.WRITE) {
        request.gather();
      } else {
        request.scatter(bytesRead);
      }
      RawMemory.surfaceFault();
      return true;
    } catch (InternalError e) {
      fault = e;
      submission.ask();
      end(request, IoStatus.BAD_MEMORY);
      return false;
    }
  }

  /** Puts the next piece into the ring; false when there is no room. */
  private boolean prepare(FileRequest request) {
    if (inKernel >= mostInKernel || !kernel.prepare(request)) {
      return false;
    }
    request.state = State.IN_KERNEL;
    inKernel++;
    submission.ask();
    return true;
  }

  @Override
  public void endOfRound() {
    kernel.submit();
    if (handle.isResting()) {
      handle.wake();
    }
    InternalError thrown = fault;
    if (thrown != null) {
      fault = null;
      throw thrown; // for the reactor to have the culprit looked for
    }
  }

  private void completionsArrived() {
    handle.wake();
  }

  @Override
  public int poll() {
    int reaped = kernel.reap(this, REAP_BATCH);
    startWaiting();
    if (kernel.hasUnsubmitted()) {
      submission.ask(); // the kernel was out of memory
    }
    return reaped;
  }

  private void startWaiting() {
    FileRequest request = forRing.first();
    while (request != null && prepare(request)) {
      forRing.remove(request);
      request = forRing.first();
    }
    BouncePool pool = bounces;
    request = forBuffer.first();
    while (request != null && pool != null && !pool.isEmpty()) {
      forBuffer.remove(request);
      issue(request);
      request = forBuffer.first();
    }
  }

  @Override
  public boolean arm() {
    boolean stuck = inKernel == 0 && !forRing.isEmpty(); // nothing would wake us for those
    return !stuck && !kernel.hasUnsubmitted() && kernel.armWakeup();
  }

  @Override
  public void disarm() {
    kernel.disarmWakeup();
  }

  @Override
  public void failed(Throwable cause) {
    LOG.error("{}: the file engine failed; its disks no longer answer", reactor.name(), cause);
  }

  @Override
  public void completed(long userData, int result, int flags) {
    if (userData == FileRing.CANCELLATION) {
      return;
    }
    FileRequest request = requests.get(FileRequest.slotOf(userData));
    assert request.generation == FileRequest.generationOf(userData) : request;
    inKernel--;
    if (result < 0) {
      failed(request, -result);
      return;
    }
    switch (request.io().type()) {
      case READ, WRITE -> moved(request, result);
      case UNMAP, WRITE_ZEROES -> {
        if (request.mustAllocate()) {
          request.allocating = true;
          issue(request);
        } else if (request.durable && !request.syncing) {
          request.syncing = true;
          issue(request);
        } else {
          succeeded(request);
        }
      }
      case FLUSH -> succeeded(request);
      case COMPARE, ZONE_APPEND -> throw new IllegalStateException("not offered: " + request);
    }
  }

  /** Bytes were read or written, perhaps fewer than asked. */
  private void moved(FileRequest request, int bytes) {
    BdevIo io = request.io();
    if (request.bounced && io.type() == IoType.READ && !copied(request, bytes)) {
      return;
    }
    long done = request.doneBytes + bytes;
    if (done == io.lengthBytes()) {
      succeeded(request);
      return;
    }
    long resumable = request.channel().resumable(done);
    if (resumable == request.doneBytes) {
      refuse(request, FailureLog.END_OF_FILE, IoStatus.IO_ERROR);
      return;
    }
    request.doneBytes = resumable;
    if (request.stopped) {
      end(request, IoStatus.ABORTED);
    } else if (request.overdue) {
      refuse(request, Errno.ETIMEDOUT.number(), IoStatus.IO_ERROR);
    } else {
      issue(request);
    }
  }

  private void failed(FileRequest request, int number) {
    Errno errno = Errno.of(number);
    boolean expired =
        request.overdue && !request.stopped && (errno == Errno.ECANCELED || errno == Errno.EINTR);
    if (expired) {
      refuse(request, Errno.ETIMEDOUT.number(), IoStatus.IO_ERROR);
      return;
    }
    if ((errno == Errno.EINTR || errno == Errno.EAGAIN) && request.retries++ < MOST_RETRIES) {
      issue(request);
      return;
    }
    BdevIo io = request.io();
    if (errno == Errno.EOPNOTSUPP && io.type() == IoType.WRITE_ZEROES && !request.otherWay) {
      request.otherWay = true;
      request.punching = !request.punching;
      issue(request);
      return;
    }
    IoStatus status = Failures.statusOf(errno, io.type());
    if (request.promisesDurability() && Failures.losesData(errno, io.type())) {
      FileBdev file = request.channel().file();
      file.log().failed(request, number);
      file.fail(io.type() == IoType.WRITE ? "a durable write" : "fdatasync", number);
      end(request, status);
    } else {
      refuse(request, number, status);
    }
  }

  /** The storage failed a request and lost nothing: the disk's policy says what now. */
  private void refuse(FileRequest request, int number, IoStatus status) {
    FileChannel channel = request.channel();
    HeldRequests held = channel.held();
    if (held != null && !request.stopped && Failures.mayPass(status, number)) {
      held.hold(request, number);
      return;
    }
    if (Failures.isWorthALine(status)) {
      channel.file().log().failed(request, number);
    }
    end(request, status);
  }

  /** Sends a request that was held on its way once more. */
  void tryAgain(FileRequest request) {
    FileChannel channel = request.channel();
    if (channel.file().hasFailed() && request.io().type() != IoType.READ) {
      end(request, IoStatus.IO_ERROR);
      return;
    }
    request.retries = 0;
    channel.watch(request);
    issue(request);
  }

  /** Cancels what the storage has been doing for a channel since before a time. */
  void expire(FileChannel channel, long beforeNanos) {
    for (int slot = 0; slot < requests.size(); slot++) {
      FileRequest request = requests.get(slot);
      if (request.isOverdue(channel, beforeNanos)) {
        request.overdue = true;
        channel.file().log().overdue(request);
        if (pullBack(request)) {
          refuse(request, Errno.ETIMEDOUT.number(), IoStatus.IO_ERROR);
        }
      }
    }
  }

  private void succeeded(FileRequest request) {
    request.doneBytes = request.io().lengthBytes();
    // The kernel reports lost data to one sync only: another that succeeds beside it promises
    // nothing.
    boolean lost = request.promisesDurability() && request.channel().file().hasFailed();
    end(request, lost ? IoStatus.IO_ERROR : IoStatus.SUCCESS);
  }

  private void end(FileRequest request, IoStatus status) {
    BdevIo io = request.io();
    long done = request.doneBytes;
    if (request.held) {
      request.channel().released(status == IoStatus.SUCCESS);
    }
    BouncePool pool = bounces;
    if (request.bounce != 0 && pool != null) {
      pool.give(request.bounce);
    }
    request.end();
    requests.give(request);
    try {
      io.complete(status, done);
    } catch (RuntimeException e) {
      LOG.error("{}: the user of {} failed; its other requests go on", reactor.name(), io, e);
    }
  }

  /** Tries to end a request early; one the disk has begun runs to its end. */
  void stop(BdevIo io) {
    FileRequest request = requests.get(io.moduleSlot());
    request.stopped = true;
    if (pullBack(request)) {
      end(request, IoStatus.ABORTED);
    }
  }

  /**
   * Takes a request out of where it waits; false when the kernel has it, and then that is asked to
   * give it back.
   */
  private boolean pullBack(FileRequest request) {
    switch (request.state) {
      case WAITS_FOR_RING -> forRing.remove(request);
      case WAITS_FOR_BUFFER -> forBuffer.remove(request);
      case HELD -> Objects.requireNonNull(request.channel().held()).remove(request);
      case IN_KERNEL -> {
        kernel.cancel(request);
        submission.ask();
        return false;
      }
      case FREE -> throw new IllegalStateException("not started: " + request);
    }
    return true;
  }
}
