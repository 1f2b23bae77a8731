package io.millrace.virtio.blk;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.RawMemory;
import io.millrace.vhost.user.server.RequestKind;
import io.millrace.vhost.user.server.RequestTrace;
import io.millrace.vhost.user.server.RequestTracker;
import io.millrace.virtqueue.ChainReader;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.VirtioFeature;

/**
 * Makes requests of a queue's chains: {@code struct virtio_blk_req} (virtio 1.3 §5.2.6). Data path,
 * on the queue's reactor. Every byte of the guest is read once and checked before it is believed.
 */
final class RequestReader {
  private static final int HEADER_BYTES = 16; // type u32, reserved u32, sector u64
  private static final int STATUS_BYTES = 1;
  private static final int SERIAL_SEGMENTS = BlkDevice.SERIAL_BYTES; // one byte each at the least

  /** Largest sector whose byte offset is a positive number. */
  private static final long MAX_SECTOR = Long.MAX_VALUE / BlkConfig.SECTOR_BYTES;

  private static final long NO_FLAGS = 0;

  private final Bdev bdev;
  private final boolean readOnly;
  private final long features;
  private final WriteCache cache;
  private final int maxSegments;
  private final int turnBytes;
  private final RangeLimits rangeLimits;
  private final ChainReader reader = new ChainReader();

  /**
   * A queue's.
   *
   * @param features negotiated
   * @param cache the session's
   */
  RequestReader(Bdev bdev, boolean readOnly, long features, WriteCache cache) {
    this.bdev = bdev;
    this.readOnly = readOnly;
    this.features = features;
    this.cache = cache;
    maxSegments = bdev.properties().limits().maxSegments();
    turnBytes = bdev.properties().limits().turnBytes();
    rangeLimits = RangeLimits.of(bdev);
  }

  /** Fills a request; one that is not to be submitted has another status than OK. */
  void fill(BlkRequest request, DescriptorChain chain) {
    if (chain.readableBytes() < HEADER_BYTES || !chain.isWhole()) {
      request.kind = RequestKind.OTHER;
      refuse(request, BlkStatus.IOERR);
      return;
    }
    boolean inOnePiece = chain.bytes(0) >= HEADER_BYTES;
    long header = RawMemory.base(chain.address(0));
    if (!inOnePiece) {
      reader.begin(chain);
    }
    long typeAndReserved = inOnePiece ? RawMemory.getLong(header) : reader.readLong();
    long sector = inOnePiece ? RawMemory.getLong(header + Long.BYTES) : reader.readLong();
    BlkRequestType type = BlkRequestType.of((int) typeAndReserved);
    request.type = type;
    request.kind = type.kind;
    request.status = BlkStatus.OK;
    if (type == BlkRequestType.IN) { // as most are: a switch looks into two tables first
      fillData(request, chain, IoType.READ, sector);
    } else {
      fillOther(request, chain, sector);
    }
  }

  private void fillOther(BlkRequest request, DescriptorChain chain, long sector) {
    switch (request.type) {
      case IN -> fillData(request, chain, IoType.READ, sector);
      case OUT -> fillData(request, chain, IoType.WRITE, sector);
      case FLUSH -> request.begin(IoType.FLUSH, 0, 0);
      case GET_ID -> {
        request.begin(IoType.READ, 0, 0);
        addSegments(request, chain, IoType.READ, SERIAL_SEGMENTS);
      }
      case DISCARD -> fillRanges(request, chain, BlkFeature.DISCARD, NO_FLAGS);
      case WRITE_ZEROES ->
          fillRanges(request, chain, BlkFeature.WRITE_ZEROES, BlkRanges.FLAG_UNMAP);
      case UNSUPPORTED -> refuse(request, BlkStatus.UNSUPP);
    }
  }

  /** Has a request followed that was filled. */
  RequestTrace follow(RequestTracker tracker, BlkRequest request, DescriptorChain chain) {
    long bytes =
        switch (request.kind) {
          case READ -> chain.writableBytes() - STATUS_BYTES;
          case WRITE -> chain.readableBytes() - HEADER_BYTES;
          case DISCARD, WRITE_ZEROES -> request.type.hasRanges ? request.ranges().totalBytes() : 0;
          case FLUSH, OTHER -> 0;
        };
    return tracker.begin(request.kind, request.offsetBytes(), bytes);
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
    if (type == IoType.WRITE && cache.isWriteThrough(features)) {
      request.forceUnitAccess();
    }
    boolean forbidden = type == IoType.WRITE && readOnly;
    if (forbidden || !complete) {
      refuse(request, BlkStatus.IOERR);
    } else if (bytes > turnBytes && bdev.check(request) == IoStatus.SUCCESS) {
      request.cutIntoParts(turnBytes); // anything else fails whole, before any part is begun
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
    int end = read ? chain.count() - 1 : chain.readableCount();
    int i = read ? chain.readableCount() : 0;
    int skip = read ? 0 : HEADER_BYTES;
    while (skip > 0 && i < end && chain.bytes(i) <= skip) {
      skip -= chain.bytes(i);
      i++;
    }
    if (i < end) { // there is one as a rule, and a loop takes as long to begin as to add it
      request.addSegment(chain.address(i) + skip, chain.bytes(i) - skip);
      i++;
    }
    while (i < end) {
      if (!addUnlessFull(request, chain.address(i), chain.bytes(i), most)) {
        return false;
      }
      i++;
    }
    int beforeStatus = read ? chain.bytes(end) - STATUS_BYTES : 0;
    return beforeStatus == 0 || addUnlessFull(request, chain.address(end), beforeStatus, most);
  }

  private static boolean addUnlessFull(BlkRequest request, long address, int bytes, int most) {
    boolean full = request.segmentCount() == most;
    if (!full) {
      request.addSegment(address, bytes);
    }
    return !full;
  }

  /**
   * A request of ranges.
   *
   * @param feature that it needs
   * @param flags that it may have
   */
  private void fillRanges(BlkRequest request, DescriptorChain chain, long feature, long flags) {
    BlkStatus status = readRanges(request, chain, feature, flags);
    if (status == BlkStatus.OK) {
      request.beginRanges(cache.isWriteThrough(features));
    } else {
      refuse(request, status);
    }
  }

  private BlkStatus readRanges(
      BlkRequest request, DescriptorChain chain, long feature, long flags) {
    if (readOnly) {
      return BlkStatus.IOERR;
    }
    if (!VirtioFeature.has(features, feature)) {
      return BlkStatus.UNSUPP;
    }
    reader.begin(chain);
    reader.skip(HEADER_BYTES);
    return request
        .ranges()
        .read(
            reader,
            chain.readableBytes() - HEADER_BYTES,
            rangeLimits,
            flags,
            bdev.sizeBytes(),
            bdev.properties().blockSize());
  }
}
