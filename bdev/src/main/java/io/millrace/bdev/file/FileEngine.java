package io.millrace.bdev.file;

import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.file.FileRequest.State;
import io.millrace.linux.Errno;
import io.millrace.linux.IoUring;
import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Deferred;
import io.millrace.reactor.FdWatch;
import io.millrace.reactor.Poller;
import io.millrace.reactor.PollerHandle;
import io.millrace.reactor.Reactor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reactor's ring, shared by all file bdevs on it. Data path; the reactor's thread only.
 *
 * <p>A request is prepared when it starts; what a round prepared goes to the kernel in one system
 * call at its end. Completions are reaped by polling, or, while the reactor sleeps, announced by
 * the ring's eventfd. A request that finds no room in the ring or no bounce buffer waits in a
 * queue. Nothing here allocates once the pool is as large as the deepest queue has been.
 */
final class FileEngine implements Poller, Deferred, IoUring.CompletionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(FileEngine.class);
  private static final Map<Reactor, FileEngine> ENGINES = new HashMap<>(); // guarded by itself

  private static final int FIRST_REQUESTS = 256;
  private static final int REAP_BATCH = 64;
  private static final int MOST_RETRIES = 8;

  private final Reactor reactor;
  private final FileRing files;
  private final IoUring ring;
  private final int mostInKernel;
  private final PollerHandle handle;
  private final FdWatch watch;
  private final RequestQueue forRing = new RequestQueue();
  private final RequestQueue forBuffer = new RequestQueue();
  private FileRequest[] requests = {};
  private FileRequest[] free = {};
  private int freeCount;
  private @Nullable BouncePool bounces;
  private int inKernel;
  private boolean deferred;
  private @Nullable InternalError fault;
  private int users; // guarded by ENGINES

  private FileEngine(Reactor reactor, FileRing files) {
    this.reactor = reactor;
    this.files = files;
    ring = files.ring();
    mostInKernel = ring.completionCapacity();
    grow(FIRST_REQUESTS);
    watch = reactor.watchEdges(ring.fd(), this::completionsArrived);
    handle = reactor.add(this);
  }

  /**
   * The reactor's engine, made for its first channel; give it back by {@link #release}. On the
   * reactor.
   *
   * @param bouncing whether misaligned memory may have to be bounced
   */
  static FileEngine acquire(Reactor reactor, boolean bouncing) throws LinuxException {
    synchronized (ENGINES) {
      FileEngine engine = ENGINES.get(reactor);
      if (engine == null) {
        engine = create(reactor);
        ENGINES.put(reactor, engine);
      }
      engine.users++;
      try {
        if (bouncing && engine.bounces == null) {
          engine.bounces = new BouncePool();
        }
      } catch (LinuxException e) {
        engine.release();
        throw e;
      }
      return engine;
    }
  }

  private static FileEngine create(Reactor reactor) throws LinuxException {
    FileRing files = FileRing.create();
    try {
      return new FileEngine(reactor, files);
    } catch (RuntimeException e) {
      files.close();
      throw e;
    }
  }

  void release() {
    synchronized (ENGINES) {
      if (--users > 0) {
        return;
      }
      ENGINES.remove(reactor);
    }
    handle.close();
    watch.close();
    files.close();
    if (bounces != null) {
      bounces.close();
    }
  }

  FileRing files() {
    return files;
  }

  void start(FileChannel channel, BdevIo io) {
    if (freeCount == 0) {
      grow(requests.length * 2);
    }
    FileRequest request = free[--freeCount];
    request.begin(channel, io);
    io.moduleSlot(request.slot);
    issue(request);
  }

  private void grow(int count) {
    int had = requests.length;
    requests = Arrays.copyOf(requests, count);
    free = Arrays.copyOf(free, count);
    for (int i = had; i < count; i++) {
      requests[i] = new FileRequest(i);
      free[freeCount++] = requests[i];
    }
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
      deferOnce();
      end(request, IoStatus.BAD_MEMORY);
      return false;
    }
  }

  /** Puts the next piece into the ring; false when there is no room. */
  private boolean prepare(FileRequest request) {
    if (inKernel >= mostInKernel || !files.prepare(request)) {
      return false;
    }
    request.state = State.IN_KERNEL;
    inKernel++;
    deferOnce();
    return true;
  }

  private void deferOnce() {
    if (!deferred) {
      deferred = true;
      reactor.defer(this);
    }
  }

  @Override
  public void endOfRound() {
    deferred = false;
    files.submit();
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
    int reaped = ring.reap(this, REAP_BATCH);
    startWaiting();
    if (ring.unsubmitted() > 0) {
      deferOnce(); // the kernel was out of memory
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
    return !stuck && ring.unsubmitted() == 0 && ring.armWakeup();
  }

  @Override
  public void disarm() {
    ring.disarmWakeup();
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
    FileRequest request = requests[FileRequest.slotOf(userData)];
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
      request.channel().file().log().truncated(io.type(), io.offsetBytes() + done);
      end(request, IoStatus.IO_ERROR);
      return;
    }
    request.doneBytes = resumable;
    if (request.stopped) {
      end(request, IoStatus.ABORTED);
    } else {
      issue(request);
    }
  }

  private void failed(FileRequest request, int number) {
    Errno errno = Errno.of(number);
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
    FileBdev file = request.channel().file();
    IoStatus status = Failures.statusOf(errno, io.type());
    if (Failures.isWorthALine(status)) {
      file.log().failed(io.type(), io.offsetBytes(), number);
    }
    if (request.promisesDurability() && Failures.losesData(errno, io.type())) {
      file.fail(io.type() == IoType.WRITE ? "a durable write" : "fdatasync", number);
    }
    end(request, status);
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
    BouncePool pool = bounces;
    if (request.bounce != 0 && pool != null) {
      pool.give(request.bounce);
    }
    request.end();
    free[freeCount++] = request;
    try {
      io.complete(status, done);
    } catch (RuntimeException e) {
      LOG.error("{}: the user of {} failed; its other requests go on", reactor.name(), io, e);
    }
  }

  /** Tries to end a request early; one the disk has begun runs to its end. */
  void stop(BdevIo io) {
    FileRequest request = requests[io.moduleSlot()];
    request.stopped = true;
    switch (request.state) {
      case WAITS_FOR_RING -> {
        forRing.remove(request);
        end(request, IoStatus.ABORTED);
      }
      case WAITS_FOR_BUFFER -> {
        forBuffer.remove(request);
        end(request, IoStatus.ABORTED);
      }
      case IN_KERNEL -> {
        files.prepareCancel(request);
        deferOnce();
      }
      case FREE -> throw new IllegalStateException("not started: " + io);
    }
  }
}
