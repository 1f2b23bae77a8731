package io.millrace.virtio.blk;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.IoType;
import io.millrace.linux.RawMemory;
import io.millrace.vhost.user.server.QueueContext;
import io.millrace.vhost.user.server.QueueHandler;
import io.millrace.virtio.blk.BlkRequest.State;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.GuestWrites;
import io.millrace.virtqueue.VirtioFeature;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One running queue of a block device (virtio 1.3 §5.2.6): chains to bdev requests and back. Data
 * path, on the queue's reactor.
 */
final class BlkQueue implements QueueHandler {
  private static final int HEADER_BYTES = 16; // type u32, ioprio u32, sector u64
  private static final int SECTOR_OFFSET = 8;
  private static final int STATUS_BYTES = 1;
  private static final int SERIAL_SEGMENTS = BlkDevice.SERIAL_BYTES; // one byte each at the least

  /** Largest sector whose byte offset is a positive number. */
  private static final long MAX_SECTOR = Long.MAX_VALUE / BlkConfig.SECTOR_BYTES;

  private final BlkDevice device;
  private final QueueContext context;
  private final GuestWrites writes;
  private final boolean writeThrough;
  private final int maxSegments;
  private final byte[] headerBytes = new byte[HEADER_BYTES];

  // Requests: grown to the depth the guest really uses, then reused for ever.
  private BlkRequest[] all = new BlkRequest[0];
  private BlkRequest[] free = new BlkRequest[0];
  private int freeCount;

  private final BlkRequest[] taken;
  private int takenCount;
  private int startedIndex; // of taken
  private final BlkRequest[] done;
  private int doneCount;
  private final int[] started = new int[2]; // by ticket, until recycled

  private @Nullable BdevChannel channel;
  private @Nullable Runnable detached;

  /**
   * A queue.
   *
   * @param channel the way to the disk, or null if that was removed
   */
  BlkQueue(BlkDevice device, QueueContext context, @Nullable BdevChannel channel) {
    this.device = device;
    this.context = context;
    this.channel = channel;
    this.writes = context.writes();
    this.maxSegments = device.descriptor().bdev().properties().limits().maxSegments();
    // A driver that cannot flush relies on writes being durable when they complete (§5.2.5.2).
    this.writeThrough = !VirtioFeature.has(context.features(), BlkFeature.FLUSH);
    taken = new BlkRequest[context.size()];
    done = new BlkRequest[context.size()];
  }

  // ---- fetched ----------------------------------------------------------------------------------

  @Override
  public boolean take(DescriptorChain chain, int ticket) {
    if (chain.writableBytes() < STATUS_BYTES) {
      return false; // nowhere to say how it went
    }
    BlkRequest request = freeCount > 0 ? free[freeCount - 1] : grow();
    int last = chain.count() - 1;
    request.head = chain.head();
    request.ticket = ticket;
    request.statusAddress = chain.address(last) + chain.bytes(last) - STATUS_BYTES;
    fill(request, chain);
    request.state = State.TAKEN;
    freeCount--;
    taken[takenCount++] = request;
    return true;
  }

  private void fill(BlkRequest request, DescriptorChain chain) {
    long header = header(chain);
    if (header == 0) {
      refuse(request, BlkStatus.IOERR);
      return;
    }
    BlkRequestType type = BlkRequestType.of((int) header(header, 0));
    long sector = header(header, SECTOR_OFFSET);
    request.type = type;
    request.status = BlkStatus.OK;
    switch (type) {
      case IN -> fillData(request, chain, IoType.READ, sector);
      case OUT -> fillData(request, chain, IoType.WRITE, sector);
      case FLUSH -> request.begin(IoType.FLUSH, 0, 0);
      case GET_ID -> {
        request.begin(IoType.READ, 0, 0);
        addSegments(request, chain, IoType.READ, SERIAL_SEGMENTS);
      }
      case UNSUPPORTED -> refuse(request, BlkStatus.UNSUPP);
    }
  }

  private static void refuse(BlkRequest request, BlkStatus status) {
    request.type = BlkRequestType.UNSUPPORTED;
    request.status = status;
    request.begin(IoType.FLUSH, 0, 0);
  }

  private void fillData(BlkRequest request, DescriptorChain chain, IoType type, long sector) {
    long bytes =
        type == IoType.READ
            ? chain.writableBytes() - STATUS_BYTES
            : chain.readableBytes() - HEADER_BYTES;
    boolean inRange = Long.compareUnsigned(sector, MAX_SECTOR) <= 0;
    request.begin(type, inRange ? sector * BlkConfig.SECTOR_BYTES : -1, bytes);
    boolean complete = addSegments(request, chain, type, maxSegments);
    if (type == IoType.WRITE && writeThrough) {
      request.forceUnitAccess();
    }
    boolean forbidden = type == IoType.WRITE && device.isReadOnly();
    if (forbidden || !complete) {
      refuse(request, BlkStatus.IOERR);
    }
  }

  /**
   * The chain's data: what lies behind the header, or before the status byte.
   *
   * @return false when there are more than {@code most} segments; a request keeps the room that it
   *     once had, so the others are not added
   */
  private static boolean addSegments(
      BlkRequest request, DescriptorChain chain, IoType type, int most) {
    boolean read = type == IoType.READ;
    int from = read ? chain.readableCount() : 0;
    int to = read ? chain.count() : chain.readableCount();
    int skip = read ? 0 : HEADER_BYTES;
    int last = read ? to - 1 : -1;
    for (int i = from; i < to; i++) {
      int bytes = chain.bytes(i) - (i == last ? STATUS_BYTES : 0);
      if (bytes > skip) {
        if (request.segmentCount() == most) {
          return false;
        }
        request.addSegment(chain.address(i) + skip, bytes - skip);
        skip = 0;
      } else {
        skip -= bytes;
      }
    }
    return true;
  }

  /**
   * Where the header is.
   *
   * @return its host address; -1 when it was scattered and is in {@link #headerBytes}; 0 if there
   *     is none
   */
  private long header(DescriptorChain chain) {
    if (chain.readableBytes() < HEADER_BYTES) {
      return 0;
    }
    if (chain.bytes(0) >= HEADER_BYTES) {
      return chain.address(0);
    }
    int at = 0;
    for (int i = 0; at < HEADER_BYTES; i++) {
      int bytes = Math.min(chain.bytes(i), HEADER_BYTES - at);
      RawMemory.get(chain.address(i), headerBytes, at, bytes);
      at += bytes;
    }
    return -1;
  }

  /** Eight bytes of the header, read once. */
  private long header(long address, int offset) {
    return address == -1
        ? LittleEndian.getLong(headerBytes, offset)
        : RawMemory.getLong(address + offset);
  }

  private BlkRequest grow() {
    int now = all.length;
    int wanted = Math.min(context.size(), Math.max(8, now * 2));
    all = Arrays.copyOf(all, wanted);
    free = Arrays.copyOf(free, wanted);
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
      request.state = State.STARTED;
      started[request.ticket]++;
      if (to == null) {
        done(request, BlkStatus.IOERR); // the disk was removed, or is being
      } else if (request.type == BlkRequestType.GET_ID
          || request.type == BlkRequestType.UNSUPPORTED) {
        done(request, request.status);
      } else {
        to.submit(request);
      }
    }
    startedIndex = 0;
    takenCount = 0;
  }

  @Override
  public int outstanding(int ticket) {
    int count = started[ticket];
    for (int i = startedIndex; i < takenCount; i++) {
      count += taken[i].ticket == ticket ? 1 : 0;
    }
    return count;
  }

  // ---- done -------------------------------------------------------------------------------------

  void done(BlkRequest request, BlkStatus status) {
    request.status = status;
    request.state = State.DONE;
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
        written += noteData(request);
      } else if (request.type == BlkRequestType.GET_ID) {
        written += storeId(request);
      }
      RawMemory.putByte(request.statusAddress, request.status.code);
      writes.wrote(request.statusAddress, STATUS_BYTES);
      returns.give(request.head, written);
    }
  }

  /** Tells of what a read really stored, and how much that was. */
  private long noteData(BlkRequest request) {
    long left = request.transferredBytes();
    for (int i = 0; left > 0; i++) {
      long bytes = Math.min(left, request.segmentBytes(i));
      writes.wrote(request.segmentAddress(i), bytes);
      left -= bytes;
    }
    return request.transferredBytes();
  }

  /** Stores the serial: 20 bytes, shorter ones end in a NUL (§5.2.6). */
  private long storeId(BlkRequest request) {
    byte[] serial = device.serial();
    int at = 0;
    for (int i = 0; i < request.segmentCount() && at < serial.length; i++) {
      int bytes = Math.min(serial.length - at, request.segmentBytes(i));
      RawMemory.put(serial, at, bytes, request.segmentAddress(i));
      writes.wrote(request.segmentAddress(i), bytes);
      at += bytes;
    }
    return at;
  }

  @Override
  public void recycle() {
    for (int i = 0; i < doneCount; i++) {
      BlkRequest request = done[i];
      started[request.ticket]--;
      free(request);
    }
    doneCount = 0;
    if (detached != null) {
      detachIfIdle();
    }
  }

  private void free(BlkRequest request) {
    request.state = State.FREE;
    free[freeCount++] = request;
  }

  @Override
  public void cancelAll() {
    while (startedIndex < takenCount) {
      free(taken[startedIndex++]);
    }
    startedIndex = 0;
    takenCount = 0;
    BdevChannel to = channel;
    for (BlkRequest request : all) {
      if (to != null && request.state == State.STARTED) {
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
    detachIfIdle();
  }

  private void detachIfIdle() {
    Runnable tell = detached;
    if (tell != null && started[0] + started[1] == 0) {
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
