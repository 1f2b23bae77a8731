package io.millrace.initiator.bdev;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.initiator.BlkCompletion;
import io.millrace.initiator.BlkConfig;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.BlkRange;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Deferred;
import io.millrace.reactor.FdWatch;
import io.millrace.reactor.Poller;
import io.millrace.reactor.PollerHandle;
import io.millrace.reactor.Reactor;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One queue of a vhost-user disk. Data path: everything runs on the channel's reactor; nothing is
 * allocated a request but room to wait, once.
 *
 * <p>A request has a slot with a buffer in the memory that the other process sees. What does not
 * fit in the buffer, or exceeds the device's limits, goes in parts, one after the other.
 */
final class VhostUserChannel extends BdevChannel implements Poller, Deferred {
  /** Requests with the device at once; three descriptors each. */
  static final int DEPTH = 32;

  /** Buffer of each, in bytes. */
  static final int SLOT_BYTES = 128 << 10;

  /** Shared memory that a channel needs. */
  static final long MEMORY_BYTES = (long) DEPTH * SLOT_BYTES;

  private final VhostUserBdev disk;
  private final Reactor reactor;
  private final int queueIndex;
  private final BlkQueue queue;
  private final long memory;
  private final boolean flushes;
  private final boolean cached; // a completed write may be lost until a flush
  private final int maxTransferBytes;
  private final long maxDiscardBytes;
  private final long maxZeroesBytes;
  private final int maxDiscardRanges;
  private final int maxZeroesRanges;
  private final PollerHandle handle;
  private final FdWatch calls;
  private final FdWatch connection;
  private final BlkCompletion completion = this::partDone;

  private final @Nullable BdevIo[] ios = new @Nullable BdevIo[DEPTH]; // by slot
  private final long[] doneBytes = new long[DEPTH];
  private final long[] partBytes = new long[DEPTH];
  private final boolean[] flushing = new boolean[DEPTH]; // the FLUSH after a write with FUA
  private final int[] freeSlots = new int[DEPTH];
  private int freeCount;
  private final ArrayDeque<BdevIo> waiting = new ArrayDeque<>();
  private boolean kickDeferred;
  private boolean beginning; // what waited
  private @Nullable InternalError fault; // of a request's memory, for the end of the round
  private boolean dead;

  VhostUserChannel(
      VhostUserBdev disk, Reactor reactor, VirtioBlkDriver driver, int queueIndex, long memory) {
    super(disk);
    this.disk = disk;
    this.reactor = reactor;
    this.queueIndex = queueIndex;
    this.queue = driver.queue(queueIndex);
    this.memory = memory;
    BlkConfig config = driver.config();
    int block = disk.properties().blockSize();
    int largest = driver.has(VirtioBlk.F_SIZE_MAX) ? config.maxSegmentBytes() : 0;
    // A limit of 0, as qemu-storage-daemon 7.2 says, is none; one below a block cannot be kept.
    maxTransferBytes = largest < block ? SLOT_BYTES : Math.min(SLOT_BYTES, largest & -block);
    flushes = driver.has(VirtioBlk.F_FLUSH);
    cached = disk.properties().volatileCache();
    maxDiscardBytes = rangeLimit(config.maxDiscardSectors(), block);
    maxZeroesBytes = rangeLimit(config.maxWriteZeroesSectors(), block);
    maxDiscardRanges = rangeCount(config.maxDiscardSegments());
    maxZeroesRanges = rangeCount(config.maxWriteZeroesSegments());
    for (int i = 0; i < DEPTH; i++) {
      freeSlots[i] = DEPTH - 1 - i;
    }
    freeCount = DEPTH;
    handle = reactor.add(this);
    calls = reactor.watchEdges(queue.events().call().number(), handle::wake);
    int socket = driver.frontend().connection().descriptorNumber();
    connection =
        reactor.watch(
            socket,
            (readable, writable) -> {
              if (DescriptorPassing.isHungUp(socket)) { // else an answer for the control thread
                hungUp();
              }
            });
  }

  private static long rangeLimit(int sectors, int block) {
    long bytes = Integer.toUnsignedLong(sectors) * VirtioBlk.SECTOR_BYTES;
    return Math.max(block, bytes & -block);
  }

  private static int rangeCount(int segments) {
    return Math.clamp(Integer.toUnsignedLong(segments), 1, SLOT_BYTES / BlkRange.BYTES);
  }

  @Override
  protected void start(BdevIo io) {
    if (dead) {
      io.complete(IoStatus.IO_ERROR, 0);
    } else if (io.type() == IoType.FLUSH && !flushes) {
      io.complete(IoStatus.SUCCESS, 0); // the device has no cache to flush
    } else if (freeCount == 0) {
      waiting.add(io);
    } else {
      begin(io);
    }
  }

  private void begin(BdevIo io) {
    int slot = freeSlots[--freeCount];
    ios[slot] = io;
    doneBytes[slot] = 0;
    flushing[slot] = false;
    submitPart(slot, io);
  }

  private void submitPart(int slot, BdevIo io) {
    long buffer = memory + (long) slot * SLOT_BYTES;
    long offset = io.offsetBytes() + doneBytes[slot];
    long left = io.lengthBytes() - doneBytes[slot];
    long sector = offset / VirtioBlk.SECTOR_BYTES;
    switch (io.type()) {
      case READ -> {
        partBytes[slot] = Math.min(left, maxTransferBytes);
        queue.submit(VirtioBlk.T_IN, sector, buffer, (int) partBytes[slot], slot);
      }
      case WRITE -> {
        partBytes[slot] = Math.min(left, maxTransferBytes);
        if (!copied(slot, io, false)) {
          return;
        }
        queue.submit(VirtioBlk.T_OUT, sector, buffer, (int) partBytes[slot], slot);
      }
      case UNMAP -> {
        int count = putRanges(slot, sector, left, maxDiscardBytes, maxDiscardRanges, 0);
        queue.submit(VirtioBlk.T_DISCARD, 0, buffer, count * BlkRange.BYTES, slot);
      }
      case WRITE_ZEROES -> {
        int flags = io.mayUnmap() ? BlkRange.FLAG_UNMAP : 0;
        int count = putRanges(slot, sector, left, maxZeroesBytes, maxZeroesRanges, flags);
        queue.submit(VirtioBlk.T_WRITE_ZEROES, 0, buffer, count * BlkRange.BYTES, slot);
      }
      case FLUSH -> {
        partBytes[slot] = left;
        queue.submit(VirtioBlk.T_FLUSH, 0, 0, 0, slot);
      }
      case COMPARE, ZONE_APPEND -> throw new IllegalStateException("not offered: " + io);
    }
    kickLater();
  }

  /** Puts the next part of what is left into as many ranges as the device takes; how many. */
  private int putRanges(
      int slot, long sector, long left, long mostBytes, int mostRanges, int flags) {
    long buffer = memory + (long) slot * SLOT_BYTES;
    long done = 0;
    int count = 0;
    while (done < left && count < mostRanges) {
      long bytes = Math.min(left - done, mostBytes);
      long at = sector + done / VirtioBlk.SECTOR_BYTES;
      BlkRange.put(buffer, count, at, bytes / VirtioBlk.SECTOR_BYTES, flags);
      done += bytes;
      count++;
    }
    partBytes[slot] = done;
    return count;
  }

  private void kickLater() {
    if (!kickDeferred) {
      kickDeferred = true;
      reactor.defer(this);
    }
    if (handle.isResting()) {
      handle.wake();
    }
  }

  @Override
  public void endOfRound() {
    kickDeferred = false;
    if (!dead) {
      queue.kick();
    }
    InternalError thrown = fault;
    if (thrown != null) {
      fault = null;
      throw thrown; // for the reactor to have the culprit looked for
    }
  }

  @Override
  public int poll() {
    int count = queue.poll(completion);
    if (queue.isBroken()) {
      hungUp();
    }
    return count;
  }

  private void partDone(long token, int status, long writtenBytes) {
    int slot = (int) token;
    BdevIo io = ios[slot];
    if (io == null) {
      return; // the queue went down meanwhile
    }
    if (status != VirtioBlk.S_OK) {
      finish(slot, io, status == VirtioBlk.S_UNSUPP ? IoStatus.UNSUPPORTED : IoStatus.IO_ERROR);
      return;
    }
    if (!flushing[slot]) {
      if (io.type() == IoType.READ && !copied(slot, io, true)) {
        return;
      }
      doneBytes[slot] += partBytes[slot];
    }
    if (doneBytes[slot] < io.lengthBytes()) {
      submitPart(slot, io);
    } else if (io.isForceUnitAccess() && cached && !flushing[slot]) {
      flushing[slot] = true;
      queue.submit(VirtioBlk.T_FLUSH, 0, 0, 0, slot);
      kickLater();
    } else {
      finish(slot, io, IoStatus.SUCCESS);
    }
  }

  private void finish(int slot, BdevIo io, IoStatus status) {
    ios[slot] = null;
    freeSlots[freeCount++] = slot;
    io.complete(status, io.type() == IoType.FLUSH ? 0 : doneBytes[slot]);
    beginWaiting();
  }

  /** By a loop, not each from the end of the one before: they may end at once, and be many. */
  private void beginWaiting() {
    if (beginning) {
      return;
    }
    beginning = true;
    while (freeCount > 0 && !waiting.isEmpty()) {
      begin(waiting.remove());
    }
    beginning = false;
  }

  /**
   * Copies a slot's part; false when the request's memory is gone, and then the request has ended.
   */
  private boolean copied(int slot, BdevIo io, boolean toSegments) {
    try {
      copy(io, doneBytes[slot], memory + (long) slot * SLOT_BYTES, partBytes[slot], toSegments);
      RawMemory.surfaceFault(); // here and not in shared code: this is the only copy
      return true;
    } catch (InternalError e) {
      fault = e;
      kickLater(); // the end of the round throws it
      finish(slot, io, IoStatus.BAD_MEMORY);
      return false;
    }
  }

  /** Copies between a request's segments, from a place in them on, and a flat buffer. */
  private static void copy(BdevIo io, long skip, long buffer, long bytes, boolean toSegments) {
    long at = buffer;
    long left = bytes;
    long toSkip = skip;
    for (int i = 0; left > 0; i++) {
      long segment = io.segmentBytes(i);
      if (toSkip >= segment) {
        toSkip -= segment;
        continue;
      }
      long piece = Math.min(left, segment - toSkip);
      long address = io.segmentAddress(i) + toSkip;
      RawMemory.copy(toSegments ? at : address, toSegments ? address : at, piece);
      toSkip = 0;
      at += piece;
      left -= piece;
    }
  }

  @Override
  protected void stop(BdevIo io) {
    if (waiting.remove(io)) {
      io.complete(IoStatus.ABORTED, 0);
    }
  }

  @Override
  public boolean arm() {
    return queue.ring().enableCalls();
  }

  @Override
  public void disarm() {
    queue.ring().disableCalls();
  }

  @Override
  public void failed(Throwable cause) {
    hungUp();
  }

  /** The other process is gone or talks nonsense: nothing it has will come back. */
  private void hungUp() {
    if (dead) {
      return;
    }
    dead = true;
    connection.close();
    calls.close();
    handle.close();
    for (int slot = 0; slot < DEPTH; slot++) {
      BdevIo io = ios[slot];
      if (io != null) {
        ios[slot] = null;
        io.complete(IoStatus.IO_ERROR, 0);
      }
    }
    for (BdevIo io = waiting.poll(); io != null; io = waiting.poll()) {
      io.complete(IoStatus.IO_ERROR, 0);
    }
  }

  @Override
  protected void release() {
    if (!dead) {
      connection.close();
      calls.close();
      handle.close();
      disk.giveBack(queueIndex);
    }
  }
}
