package io.millrace.initiator.bdev;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.initiator.RequestQueue;
import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Alarm;
import io.millrace.reactor.Deferral;
import io.millrace.reactor.Deferred;
import io.millrace.reactor.FdWatch;
import io.millrace.reactor.Poller;
import io.millrace.reactor.PollerHandle;
import io.millrace.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One queue of a vhost-user disk. Data path: everything runs on the channel's reactor; nothing is
 * allocated a request but room to wait, once.
 *
 * <p>A request has a slot with a buffer in the memory that the other process sees. What does not
 * fit in the buffer, or exceeds the device's limits, goes in parts, one after the other.
 */
final class VhostUserChannel extends BdevChannel implements Poller, Deferred, DiskQueue.Ends {
  /** Descriptors of a queue. */
  static final int QUEUE_SIZE = 128;

  /** Requests with the device at once; three descriptors each. */
  static final int DEPTH = 32;

  /** Buffer of each, in bytes. */
  static final int SLOT_BYTES = 128 << 10;

  /** Shared memory that a channel needs. */
  static final long MEMORY_BYTES = (long) DEPTH * SLOT_BYTES;

  /** Times in a row that a device may have something to say first. */
  private static final int MOST_ATTENTIONS = 16;

  /** Pauses of a device that cannot take a part now: about ten seconds. */
  private static final int MOST_PAUSES = 110;

  private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final int PAUSE_DOUBLINGS = 7; // and then it stays

  private final VhostUserBdev disk;
  private final Reactor reactor;
  private final int queueIndex;
  private final DiskQueue queue;
  private final RequestQueue requests;
  private final long memory;
  private final boolean cached; // a completed write may be lost until a flush
  private final Alarm alarm; // for those that are paused
  private final PollerHandle handle;
  private final Deferral kick;
  private final FdWatch calls;
  private final FdWatch connection;

  private final @Nullable BdevIo[] ios = new @Nullable BdevIo[DEPTH]; // by slot
  private final long[] doneBytes = new long[DEPTH];
  private final long[] partBytes = new long[DEPTH];
  private final boolean[] flushing = new boolean[DEPTH]; // the FLUSH after a write with FUA
  private final int[] attentions = new int[DEPTH]; // in a row, of one part
  private final int[] pauses = new int[DEPTH];
  private final boolean[] paused = new boolean[DEPTH];
  private final int[] freeSlots = new int[DEPTH];
  private int freeCount;
  private final ArrayDeque<BdevIo> waiting = new ArrayDeque<>();
  private boolean beginning; // what waited
  private @Nullable InternalError fault; // of a request's memory, for the end of the round
  private boolean dead;

  VhostUserChannel(
      VhostUserBdev disk, Reactor reactor, DiskDevice device, int queueIndex, long memory) {
    super(disk, reactor);
    this.disk = disk;
    this.reactor = reactor;
    this.queueIndex = queueIndex;
    this.memory = memory;
    queue = device.open(queueIndex);
    requests = queue.requests();
    cached = disk.properties().volatileCache();
    alarm = reactor.alarm(this::tryAgain);
    for (int i = 0; i < DEPTH; i++) {
      freeSlots[i] = DEPTH - 1 - i;
    }
    freeCount = DEPTH;
    kick = reactor.deferral(this);
    handle = reactor.add(this);
    calls = reactor.watchEdges(requests.events().call().number(), handle::wake);
    int socket = device.socketDescriptor();
    connection =
        reactor.watch(
            socket,
            (readable, writable) -> {
              if (DescriptorPassing.isHungUp(socket)) { // else an answer for the control thread
                hungUp();
              }
            });
  }

  /** What one request to such a disk may be. */
  static BdevLimits limits(long unmapGranularity) {
    int granularity = (int) Math.min(unmapGranularity, BdevLimits.MAX_TRANSFER_BYTES);
    return new BdevLimits(BdevLimits.MAX_TRANSFER_BYTES, BdevLimits.MAX_SEGMENTS, 1, SLOT_BYTES)
        .withUnmap(BdevLimits.MAX_TRANSFER_BYTES, granularity);
  }

  @Override
  protected void start(BdevIo io) {
    if (dead) {
      io.complete(IoStatus.IO_ERROR, 0);
    } else if (io.type() == IoType.FLUSH && !queue.flushes()) {
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
    attentions[slot] = 0;
    pauses[slot] = 0;
    submitPart(slot, io);
  }

  private void submitPart(int slot, BdevIo io) {
    long buffer = memory + (long) slot * SLOT_BYTES;
    long offset = io.offsetBytes() + doneBytes[slot];
    long left = io.lengthBytes() - doneBytes[slot];
    switch (io.type()) {
      case READ, WRITE, COMPARE -> {
        partBytes[slot] = Math.min(left, queue.maxTransferBytes());
        if (io.type() != IoType.READ && !copied(slot, io, false)) {
          return;
        }
        int bytes = (int) partBytes[slot];
        queue.transfer(io.type(), offset, buffer, bytes, io.isForceUnitAccess(), slot);
      }
      case UNMAP, WRITE_ZEROES ->
          partBytes[slot] = queue.clear(io.type(), offset, left, io.mayUnmap(), buffer, slot);
      case FLUSH -> {
        partBytes[slot] = left;
        queue.flush(slot);
      }
      case ZONE_APPEND -> throw new IllegalStateException("not offered: " + io);
    }
    kickLater();
  }

  private void kickLater() {
    kick.ask();
    if (handle.isResting()) {
      handle.wake();
    }
  }

  @Override
  public void endOfRound() {
    if (!dead) {
      requests.kick();
    }
    InternalError thrown = fault;
    if (thrown != null) {
      fault = null;
      throw thrown; // for the reactor to have the culprit looked for
    }
  }

  @Override
  public int poll() {
    int count = queue.poll(this);
    if (requests.isBroken()) {
      hungUp();
    }
    return count;
  }

  @Override
  public void done(int slot, IoStatus status) {
    BdevIo io = ios[slot];
    if (io == null) {
      return; // the queue went down meanwhile
    }
    if (status != IoStatus.SUCCESS) {
      finish(slot, io, status);
      return;
    }
    if (!flushing[slot]) {
      if (io.type() == IoType.READ && !copied(slot, io, true)) {
        return;
      }
      doneBytes[slot] += partBytes[slot];
    }
    attentions[slot] = 0;
    pauses[slot] = 0;
    if (doneBytes[slot] < io.lengthBytes()) {
      submitPart(slot, io);
    } else if (io.isForceUnitAccess()
        && cached
        && !flushing[slot]
        && !queue.forcesUnitAccess(io.type())) {
      flushing[slot] = true;
      submitFlush(slot);
    } else {
      finish(slot, io, IoStatus.SUCCESS);
    }
  }

  private void submitFlush(int slot) {
    queue.flush(slot);
    kickLater();
  }

  @Override
  public void again(int slot, boolean later) {
    BdevIo io = ios[slot];
    if (io == null) {
      return; // as above
    }
    if (later ? ++pauses[slot] > MOST_PAUSES : ++attentions[slot] > MOST_ATTENTIONS) {
      finish(slot, io, IoStatus.IO_ERROR);
    } else if (later) {
      paused[slot] = true;
      if (!alarm.isSet()) {
        long pause = FIRST_PAUSE_NANOS << Math.min(pauses[slot] - 1, PAUSE_DOUBLINGS);
        alarm.set(reactor.nanoTime() + pause);
      }
    } else {
      submitAgain(slot, io);
    }
  }

  /** After a pause: all that wait for one. */
  private void tryAgain() {
    for (int slot = 0; slot < DEPTH; slot++) {
      BdevIo io = ios[slot];
      if (paused[slot] && io != null) {
        paused[slot] = false;
        submitAgain(slot, io);
      }
    }
  }

  private void submitAgain(int slot, BdevIo io) {
    if (flushing[slot]) {
      submitFlush(slot);
    } else {
      submitPart(slot, io);
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
      return;
    }
    for (int slot = 0; slot < DEPTH; slot++) {
      if (paused[slot] && io.equals(ios[slot])) {
        paused[slot] = false;
        finish(slot, io, IoStatus.ABORTED);
        return;
      }
    }
  }

  @Override
  public boolean arm() {
    return requests.ring().enableCalls();
  }

  @Override
  public void disarm() {
    requests.ring().disableCalls();
  }

  @Override
  public void failed(Throwable cause) {
    hungUp();
  }

  /** The other process is gone or talks nonsense: nothing it has will come back. */
  void hungUp() {
    if (dead) {
      return;
    }
    dead = true;
    connection.close();
    calls.close();
    handle.close();
    alarm.clear();
    for (int slot = 0; slot < DEPTH; slot++) {
      BdevIo io = ios[slot];
      if (io != null) {
        ios[slot] = null;
        paused[slot] = false;
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
