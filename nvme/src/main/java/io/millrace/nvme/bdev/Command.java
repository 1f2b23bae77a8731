package io.millrace.nvme.bdev;

import io.millrace.bdev.BdevIo;
import io.millrace.linux.RawMemory;
import io.millrace.nvme.NvmeRequest;
import org.jspecify.annotations.Nullable;

/** One command of a bdev request. From its channel's pool; one reactor's thread. */
final class Command extends NvmeRequest {
  private static final int SEGMENTS = 8; // room at first

  private final NvmeChannel channel;
  final int slot;
  @Nullable NvmeIo parent;
  int bytes;
  long bounce; // host address of the buffer that its data goes through, 0 for none
  private int firstSegment;
  private int firstOffset;

  Command(NvmeChannel channel, int slot) {
    super(SEGMENTS);
    this.channel = channel;
    this.slot = slot;
  }

  @Override
  protected void completed(int status, long result) {
    channel.done(this, status, result);
  }

  /** The request that it is of. */
  NvmeIo parent() {
    NvmeIo current = parent;
    if (current == null) {
      throw new IllegalStateException("free slot " + slot);
    }
    return current;
  }

  /** Remembers where its data is in the request's memory. */
  void startsAt(NvmeIo of) {
    parent = of;
    firstSegment = of.segment;
    firstOffset = of.segmentOffset;
  }

  /** Copies the data between the request's memory and the buffer. The memory may fault. */
  void copy(BdevIo io, boolean intoBuffer) {
    int segment = firstSegment;
    long offset = firstOffset;
    long at = bounce;
    long end = bounce + bytes;
    while (at < end) {
      long memory = io.segmentAddress(segment) + offset;
      long count = Math.min(io.segmentBytes(segment) - offset, end - at);
      if (intoBuffer) {
        RawMemory.copy(memory, at, count);
      } else {
        RawMemory.copy(at, memory, count);
      }
      at += count;
      segment++;
      offset = 0;
    }
  }
}
