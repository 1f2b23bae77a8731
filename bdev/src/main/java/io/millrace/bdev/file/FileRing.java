package io.millrace.bdev.file;

import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoType;
import io.millrace.linux.IoUring;
import io.millrace.linux.Iovec;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.Mapping;
import io.millrace.reactor.Reactor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The io_uring of one reactor with its tables of files and buffers and its iovecs: turns a {@link
 * FileRequest} into an entry. Data path.
 */
final class FileRing implements KernelQueue {
  /** user_data of a cancellation; no generation reaches it with its slot. */
  static final long CANCELLATION = -1;

  private static final Logger LOG = LoggerFactory.getLogger(FileRing.class);
  private static final int RING_ENTRIES = 512;
  private static final int FILE_SLOTS = 256;
  private static final int IOVECS = 4096;
  private static final int IOVECS_OF_ONE = 1024; // IOV_MAX

  /**
   * Requests past the page cache go to the kernel in groups of this many: the device begins with
   * the first while the next are prepared, instead of resting until a whole batch is. Measured on a
   * virtio disk at depth 32: one system call a round reaches 0.7 of fio's reads, groups of 4 reach
   * 0.95, of 2 reach 0.99. Requests to the page cache are done within the call and would lose 6 %.
   */
  private static final int DIRECT_GROUP = 2;

  private static final int HOLE = LinuxFiles.FALLOC_FL_PUNCH_HOLE | LinuxFiles.FALLOC_FL_KEEP_SIZE;
  private static final int ZEROES =
      LinuxFiles.FALLOC_FL_ZERO_RANGE | LinuxFiles.FALLOC_FL_KEEP_SIZE;

  private final IoUring ring;
  private final Mapping iovecs;
  private final RingBuffers buffers;
  private final boolean[] fileSlots;
  private int iovecCount; // of what is prepared and not submitted

  private FileRing(Reactor reactor, IoUring ring, Mapping iovecs, int fileSlots) {
    this.ring = ring;
    this.iovecs = iovecs;
    buffers = new RingBuffers(reactor, ring.resources());
    this.fileSlots = new boolean[fileSlots];
  }

  /** A ring for the calling thread, which is the reactor's. */
  static FileRing create(Reactor reactor) throws LinuxException {
    IoUring ring = IoUring.create(RING_ENTRIES);
    try {
      int fileSlots = registerFiles(ring);
      Mapping iovecs = Mapping.anonymous((long) IOVECS * Iovec.BYTES, false);
      return new FileRing(reactor, ring, iovecs, fileSlots);
    } catch (LinuxException e) {
      ring.close();
      throw e;
    }
  }

  /** Registered files save a reference count a request; a low {@code ulimit -n} forbids them. */
  private static int registerFiles(IoUring ring) {
    try {
      ring.resources().registerFilesSparse(FILE_SLOTS);
      return FILE_SLOTS;
    } catch (LinuxException e) {
      LOG.info("no registered files: {}", e.getMessage());
      return 0;
    }
  }

  @Override
  public FileEngineKind kind() {
    return FileEngineKind.IO_URING;
  }

  @Override
  public int capacity() {
    return ring.completionCapacity();
  }

  /** Puts a file into the ring's table; -1 when that is full, then its number serves as well. */
  @Override
  public int addFile(int number) {
    for (int slot = 0; slot < fileSlots.length; slot++) {
      if (!fileSlots[slot]) {
        return updateFile(slot, number) ? slot : -1;
      }
    }
    return -1;
  }

  @Override
  public void removeFile(int slot) {
    updateFile(slot, -1);
  }

  private boolean updateFile(int slot, int number) {
    try {
      ring.resources().updateFile(slot, number);
      fileSlots[slot] = number >= 0;
      return true;
    } catch (LinuxException e) {
      LOG.warn("{}", e.getMessage());
      return false;
    }
  }

  @Override
  public RingBuffers buffers() {
    return buffers;
  }

  /** Puts a request's next piece into the ring; false when there is no room even after a submit. */
  @Override
  public boolean prepare(FileRequest request) {
    if (!tryPrepare(request)) {
      submit();
      if (!tryPrepare(request)) {
        return false;
      }
    }
    if (request.channel().isDirect() && ring.unsubmitted() >= DIRECT_GROUP) {
      submit();
    }
    return true;
  }

  @Override
  public void cancel(FileRequest request) {
    if (!ring.prepareCancel(request.userData(), CANCELLATION)) {
      submit();
      ring.prepareCancel(request.userData(), CANCELLATION);
    }
  }

  /** Hands the kernel what is prepared. What it does not take now it takes another time. */
  @Override
  public void submit() {
    ring.submit();
    if (ring.unsubmitted() == 0) {
      iovecCount = 0; // the kernel has copied them
    }
  }

  @Override
  public boolean hasUnsubmitted() {
    return ring.unsubmitted() > 0;
  }

  @Override
  public int reap(IoUring.CompletionHandler handler, int max) {
    return ring.reap(handler, max);
  }

  @Override
  public int fd() {
    return ring.fd();
  }

  @Override
  public boolean armWakeup() {
    return ring.armWakeup();
  }

  @Override
  public void disarmWakeup() {
    ring.disarmWakeup();
  }

  private boolean tryPrepare(FileRequest request) {
    BdevIo io = request.io();
    FileChannel channel = request.channel();
    int fd = channel.descriptor();
    boolean fixed = channel.isFixed();
    long userData = request.userData();
    if (request.syncing) {
      return ring.prepareFsync(fd, fixed, true, userData);
    }
    long offset = io.offsetBytes();
    long length = io.lengthBytes();
    return switch (io.type()) {
      case READ, WRITE -> transfer(request, fd, fixed);
      case FLUSH -> ring.prepareFsync(fd, fixed, true, userData);
      case UNMAP, WRITE_ZEROES ->
          ring.prepareFallocate(fd, fixed, allocateMode(request), offset, length, userData);
      case COMPARE, ZONE_APPEND -> throw new IllegalStateException("not offered: " + io);
    };
  }

  /** What fallocate(2) is to do for an UNMAP or WRITE_ZEROES. */
  static int allocateMode(FileRequest request) {
    if (request.io().type() == IoType.UNMAP) {
      return HOLE;
    }
    if (request.allocating) {
      return LinuxFiles.FALLOC_FL_KEEP_SIZE;
    }
    return request.punching ? HOLE : ZEROES;
  }

  private boolean transfer(FileRequest request, int fd, boolean fixed) {
    BdevIo io = request.io();
    if (!request.bounced && io.segmentCount() > 1) {
      return vector(request, fd, fixed);
    }
    long address = request.bounced ? request.bounce : io.segmentAddress(0) + request.doneBytes;
    int bytes = request.pieceBytes();
    long offset = io.offsetBytes() + request.doneBytes;
    long userData = request.userData();
    RegisteredMemory memory = request.bounced ? null : request.channel().memory();
    int slot = memory == null ? RegisteredRange.NO_SLOT : memory.slotOf(address, bytes);
    boolean registered = slot != RegisteredRange.NO_SLOT;
    if (io.type() == IoType.READ) {
      return registered
          ? ring.prepareReadFixed(fd, fixed, address, bytes, offset, slot, userData)
          : ring.prepareRead(fd, fixed, address, bytes, offset, userData);
    }
    int flags = flags(request);
    return registered
        ? ring.prepareWriteFixed(fd, fixed, address, bytes, offset, flags, slot, userData)
        : ring.prepareWrite(fd, fixed, address, bytes, offset, flags, userData);
  }

  private boolean vector(FileRequest request, int fd, boolean fixed) {
    BdevIo io = request.io();
    int most =
        Math.min(io.segmentCount(), IOVECS_OF_ONE); // the rest goes on as after a short transfer
    if (iovecCount + most > IOVECS) {
      return false;
    }
    long vector = iovecs.address() + (long) iovecCount * Iovec.BYTES;
    int count = request.vector(vector, most);
    long offset = io.offsetBytes() + request.doneBytes;
    long userData = request.userData();
    boolean prepared =
        io.type() == IoType.READ
            ? ring.prepareReadv(fd, fixed, vector, count, offset, userData)
            : ring.prepareWritev(fd, fixed, vector, count, offset, flags(request), userData);
    if (prepared) {
      iovecCount += count;
    }
    return prepared;
  }

  private static int flags(FileRequest request) {
    return request.durable ? IoUring.RWF_DSYNC : 0;
  }

  @Override
  public void close() {
    buffers.close();
    ring.close();
    iovecs.close();
  }
}
