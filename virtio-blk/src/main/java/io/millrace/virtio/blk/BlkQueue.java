package io.millrace.virtio.blk;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.IoStatus;
import io.millrace.linux.RawMemory;
import io.millrace.vhost.user.server.GoingMemory;
import io.millrace.vhost.user.server.QueueContext;
import io.millrace.vhost.user.server.QueueCounters;
import io.millrace.vhost.user.server.QueueHandler;
import io.millrace.vhost.user.server.RequestTracker;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.GuestWrites;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One running queue of a block device (virtio 1.3 §5.2.6): chains to bdev requests and back. Data
 * path, on the queue's reactor.
 */
final class BlkQueue implements QueueHandler {
  private static final int STATUS_BYTES = 1;

  /** Bytes of one request after which the next queue has its turn. */
  private static final long TURN_BYTES = 128 << 10;

  private final BlkDevice device;
  private final QueueContext context;
  private final GuestWrites writes;
  private final QueueCounters counters;
  private final RequestReader reader;
  private final boolean copies; // data on this thread, or has the kernel do it there

  // Requests: grown to the depth the guest really uses, then reused for ever. The same goes for the
  // lists of them: a front-end may have 256 queues of 32768 descriptors, and use none.
  private BlkRequest[] all = new BlkRequest[0];
  private BlkRequest[] free = new BlkRequest[0];
  private int freeCount;

  private BlkRequest[] taken = new BlkRequest[0];
  private int takenCount;
  private int startedIndex; // of taken
  private BlkRequest[] done = new BlkRequest[0];
  private int doneCount;
  private int respondedCount; // of done, and not recycled
  private final TurnQueue waiting = new TurnQueue();
  private int startedCount; // until recycled
  private int markedCount;

  private @Nullable RequestTracker tracker; // while somebody wants to know of each request
  private @Nullable BdevChannel channel;
  private @Nullable Runnable detached;
  private boolean cancelled;

  /**
   * A queue.
   *
   * @param cache the session's cache mode
   * @param channel the way to the disk, or null if that was removed
   */
  BlkQueue(
      BlkDevice device, QueueContext context, WriteCache cache, @Nullable BdevChannel channel) {
    this.device = device;
    this.context = context;
    this.channel = channel;
    this.writes = context.writes();
    this.counters = context.counters();
    this.copies =
        device.descriptor().bdev().properties().limits().turnBytes()
            < BdevLimits.MAX_TRANSFER_BYTES;
    this.reader =
        new RequestReader(
            device.descriptor().bdev(), device.isReadOnly(), context.features(), cache);
  }

  // ---- fetched ----------------------------------------------------------------------------------

  @Override
  public long take(DescriptorChain chain) {
    if (chain.writableBytes() < STATUS_BYTES) {
      return NO_REQUEST; // nowhere to say how it went
    }
    BlkRequest request = freeCount > 0 ? free[freeCount - 1] : grow();
    int last = chain.count() - 1;
    request.head = chain.head();
    request.statusAddress = chain.address(last) + chain.bytes(last) - STATUS_BYTES;
    chain.answersInto(request.statusAddress, STATUS_BYTES);
    reader.fill(request, chain);
    RequestTracker following = tracker;
    if (following != null) {
      request.trace = reader.follow(following, request, chain);
    }
    request.taken();
    freeCount--;
    taken[takenCount++] = request;
    if (!copies) {
      return 0;
    }
    return request.type.hasRanges
        ? Math.min(TURN_BYTES, request.ranges().totalBytes())
        : request.lengthBytes();
  }

  @Override
  public void follow(@Nullable RequestTracker following) {
    tracker = following;
  }

  @Override
  public int undone() {
    return outstanding() - doneCount;
  }

  @Override
  public void followUndone() {
    RequestTracker following = tracker;
    for (int i = 0; following != null && i < all.length; i++) {
      all[i].followIfUndone(following);
    }
  }

  private BlkRequest grow() {
    int now = all.length;
    int wanted = Math.min(context.size(), Math.max(8, now * 2));
    all = Arrays.copyOf(all, wanted);
    free = Arrays.copyOf(free, wanted);
    taken = Arrays.copyOf(taken, wanted);
    done = Arrays.copyOf(done, wanted);
    for (int i = now; i < wanted; i++) {
      all[i] = new BlkRequest(this);
      free[freeCount++] = all[i];
    }
    return free[freeCount - 1];
  }

  // ---- submitted --------------------------------------------------------------------------------

  @Override
  public void submitTaken() {
    BdevChannel to = detached == null ? channel : null; // or a busy guest would keep the disk
    while (startedIndex < takenCount) {
      BlkRequest request = taken[startedIndex++];
      request.started();
      startedCount++;
      if (to == null) {
        done(request, BlkStatus.IOERR); // the disk was removed, or is being
      } else if (request.type == BlkRequestType.GET_ID
          || request.type == BlkRequestType.UNSUPPORTED) {
        done(request, request.status);
      } else if (request.hasParts()) {
        submitParts(request, to);
      } else {
        to.submit(request);
      }
    }
    startedIndex = 0;
    takenCount = 0;
  }

  /**
   * Submits the part at hand. When it completes at once, the next one has to wait until the other
   * queues of the reactor had their turn, unless it is a range and all of them together are short.
   * One after the other, as they need no room of their own then.
   *
   * @return bytes that were worked on
   */
  private long submitParts(BlkRequest request, BdevChannel to) {
    long worked = 0;
    IoStatus status;
    do {
      worked += request.lengthBytes();
      request.returned = null;
      request.submitting = true;
      to.submit(request);
      request.submitting = false;
      status = request.returned;
      if (status == null) {
        return worked; // it completes later, and goes on then
      }
      request.partEnded();
      if (status != IoStatus.SUCCESS || !request.beginNextPart()) {
        done(request, BlkStatus.of(status));
        return worked;
      }
    } while (worked + request.lengthBytes() <= TURN_BYTES);
    waiting.add(request);
    return worked;
  }

  @Override
  public boolean waitsForTurn() {
    return !waiting.isEmpty();
  }

  @Override
  public long goOn() {
    BlkRequest request = waiting.take();
    if (request == null) {
      return 0;
    }
    BdevChannel to = detached == null ? channel : null;
    if (to != null) {
      return submitParts(request, to);
    }
    done(request, BlkStatus.IOERR); // the disk was removed
    return 1;
  }

  @Override
  public int outstanding() {
    return startedCount + takenCount - startedIndex;
  }

  // ---- done -------------------------------------------------------------------------------------

  /** The bdev is done with a request, or with one part of it. */
  void completed(BlkRequest request, IoStatus status) {
    if (!request.hasParts()) {
      done(request, BlkStatus.of(status));
      return;
    }
    if (request.submitting) {
      request.returned = status;
      return;
    }
    request.partEnded();
    BdevChannel to = channel;
    if (status == IoStatus.SUCCESS && !cancelled && to != null && request.beginNextPart()) {
      submitParts(request, to);
    } else {
      done(request, BlkStatus.of(status));
    }
  }

  private void done(BlkRequest request, BlkStatus status) {
    request.ended(status);
    done[doneCount++] = request;
    context.requestDone();
  }

  // ---- published --------------------------------------------------------------------------------

  @Override
  public void respond(Returns returns) {
    for (int i = 0; i < doneCount; i++) {
      BlkRequest request = done[i];
      long written = STATUS_BYTES;
      if (request.type == BlkRequestType.IN) {
        written += request.noteStored(writes);
      } else if (request.type == BlkRequestType.GET_ID) {
        written += request.storeId(device.serial(), writes);
      }
      RawMemory.putByte(request.statusAddress, request.status.code);
      writes.wroteAmong(request.statusAddress, STATUS_BYTES);
      returns.give(request.head, written);
    }
    respondedCount = doneCount;
    writes.flush();
  }

  @Override
  public void recycle() {
    for (int i = 0; i < doneCount; i++) {
      BlkRequest request = done[i];
      if (i < respondedCount) { // here, not there: its driver waits for the answer
        counters.answered(request.kind, request.movedBytes(), request.status != BlkStatus.OK);
      }
      startedCount--;
      free(request);
    }
    doneCount = 0;
    respondedCount = 0;
    if (detached != null) {
      detachIfIdle();
    }
  }

  private void free(BlkRequest request) {
    request.recycle();
    if (request.marked) {
      request.marked = false;
      markedCount--;
    }
    free[freeCount++] = request;
  }

  @Override
  public void cancelAll() {
    cancelled = true;
    while (startedIndex < takenCount) {
      free(taken[startedIndex++]);
    }
    startedIndex = 0;
    takenCount = 0;
    for (BlkRequest next = waiting.take(); next != null; next = waiting.take()) {
      done(next, BlkStatus.IOERR);
    }
    BdevChannel to = channel;
    for (BlkRequest request : all) {
      if (to != null && request.inUse) {
        to.cancel(request);
      }
    }
  }

  // ---- memory that goes -------------------------------------------------------------------------

  @Override
  public void mark(GoingMemory going) {
    if (going.isEmpty() && markedCount == 0) {
      return; // memory came, or was not in use: nothing to look for in a deep queue
    }
    markedCount = 0;
    for (BlkRequest request : all) {
      request.marked = request.inUse && request.pointsInto(going);
      markedCount += request.marked ? 1 : 0;
    }
  }

  @Override
  public int markedCount() {
    return markedCount;
  }

  @Override
  public void expedite(boolean onlyMarked) {
    BdevChannel to = channel;
    for (BlkRequest request : all) {
      if (to != null && request.inUse && (request.marked || !onlyMarked)) {
        to.expedite(request);
      }
    }
  }

  @Override
  public void cancelMarked() {
    BdevChannel to = channel;
    for (BlkRequest request : all) {
      if (to != null && request.marked) {
        to.cancel(request);
      }
    }
  }

  // ---- life -------------------------------------------------------------------------------------

  /**
   * The disk is going away: what is in flight ends, everything later fails.
   *
   * @param whenDetached runs once the channel is closed
   */
  void detach(Runnable whenDetached) {
    detached = whenDetached;
    expedite(false);
    detachIfIdle();
  }

  private void detachIfIdle() {
    Runnable tell = detached;
    if (tell != null && startedCount == 0) {
      detached = null;
      closeChannel();
      tell.run();
    }
  }

  private void closeChannel() {
    BdevChannel open = channel;
    channel = null;
    if (open != null) {
      device.descriptor().closeChannel(open);
    }
  }

  QueueContext context() {
    return context;
  }

  @Override
  public void close() {
    closeChannel();
    device.queueClosed(this);
    Runnable tell = detached;
    if (tell != null) {
      detached = null;
      tell.run();
    }
  }
}
