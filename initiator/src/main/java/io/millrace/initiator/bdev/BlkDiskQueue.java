package io.millrace.initiator.bdev;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.initiator.BlkCompletion;
import io.millrace.initiator.BlkConfig;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.BlkRange;
import io.millrace.initiator.RequestQueue;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import org.jspecify.annotations.Nullable;

/** Requests of virtio-blk (virtio 1.3 §5.2.6). Data path. */
final class BlkDiskQueue implements DiskQueue {
  private final BlkQueue queue;
  private final boolean flushes;
  private final int maxTransferBytes;
  private final long maxDiscardBytes;
  private final long maxZeroesBytes;
  private final int maxDiscardRanges;
  private final int maxZeroesRanges;
  private final BlkCompletion completion = this::completed;
  private @Nullable Ends ends;

  BlkDiskQueue(VirtioBlkDriver driver, int index, int block) {
    queue = driver.queue(index);
    BlkConfig config = driver.config();
    int largest = driver.has(VirtioBlk.F_SIZE_MAX) ? config.maxSegmentBytes() : 0;
    // A limit of 0, as qemu-storage-daemon 7.2 says, is none; one below a block cannot be kept.
    maxTransferBytes =
        largest < block
            ? VhostUserChannel.SLOT_BYTES
            : Math.min(VhostUserChannel.SLOT_BYTES, largest & -block);
    flushes = driver.has(VirtioBlk.F_FLUSH);
    maxDiscardBytes = rangeLimit(config.maxDiscardSectors(), block);
    maxZeroesBytes = rangeLimit(config.maxWriteZeroesSectors(), block);
    maxDiscardRanges = rangeCount(config.maxDiscardSegments());
    maxZeroesRanges = rangeCount(config.maxWriteZeroesSegments());
  }

  private static long rangeLimit(int sectors, int block) {
    long bytes = Integer.toUnsignedLong(sectors) * VirtioBlk.SECTOR_BYTES;
    return Math.max(block, bytes & -block);
  }

  private static int rangeCount(int segments) {
    int most = VhostUserChannel.SLOT_BYTES / BlkRange.BYTES;
    return Math.clamp(Integer.toUnsignedLong(segments), 1, most);
  }

  @Override
  public RequestQueue requests() {
    return queue;
  }

  @Override
  public int maxTransferBytes() {
    return maxTransferBytes;
  }

  @Override
  public boolean flushes() {
    return flushes;
  }

  @Override
  public boolean forcesUnitAccess(IoType type) {
    return false;
  }

  @Override
  public void transfer(
      IoType type, long offsetBytes, long buffer, int bytes, boolean durable, int slot) {
    int code = type == IoType.READ ? VirtioBlk.T_IN : VirtioBlk.T_OUT;
    queue.submit(code, offsetBytes / VirtioBlk.SECTOR_BYTES, buffer, bytes, slot);
  }

  @Override
  public long clear(
      IoType type, long offsetBytes, long leftBytes, boolean mayUnmap, long buffer, int slot) {
    boolean discard = type == IoType.UNMAP;
    long mostBytes = discard ? maxDiscardBytes : maxZeroesBytes;
    int mostRanges = discard ? maxDiscardRanges : maxZeroesRanges;
    int flags = !discard && mayUnmap ? BlkRange.FLAG_UNMAP : 0;
    long done = 0;
    int count = 0;
    while (done < leftBytes && count < mostRanges) {
      long bytes = Math.min(leftBytes - done, mostBytes);
      long at = (offsetBytes + done) / VirtioBlk.SECTOR_BYTES;
      BlkRange.put(buffer, count, at, bytes / VirtioBlk.SECTOR_BYTES, flags);
      done += bytes;
      count++;
    }
    int code = discard ? VirtioBlk.T_DISCARD : VirtioBlk.T_WRITE_ZEROES;
    queue.submit(code, 0, buffer, count * BlkRange.BYTES, slot);
    return done;
  }

  @Override
  public void flush(int slot) {
    queue.submit(VirtioBlk.T_FLUSH, 0, 0, 0, slot);
  }

  @Override
  public int poll(Ends to) {
    ends = to;
    return queue.poll(completion);
  }

  private void completed(long token, int status, long writtenBytes) {
    Ends told = ends;
    if (told != null) {
      told.done(
          (int) token,
          switch (status) {
            case VirtioBlk.S_OK -> IoStatus.SUCCESS;
            case VirtioBlk.S_UNSUPP -> IoStatus.UNSUPPORTED;
            default -> IoStatus.IO_ERROR;
          });
    }
  }
}
