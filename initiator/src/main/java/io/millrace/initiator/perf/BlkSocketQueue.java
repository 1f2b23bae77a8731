package io.millrace.initiator.perf;

import io.millrace.initiator.BlkCompletion;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.VirtioBlk;
import io.millrace.linux.RawMemory;

/** A job's queue of a block device. Data path. */
final class BlkSocketQueue extends SocketQueue {
  private static final int SECTOR_SHIFT = 9;
  private static final int RANGE_BYTES = 16; // struct virtio_blk_discard_write_zeroes

  private final BlkQueue queue;

  BlkSocketQueue(BlkQueue queue, int connection) {
    super(queue, connection);
    this.queue = queue;
  }

  @Override
  boolean offer(Direction direction, long offsetBytes, long address, int bytes, int token) {
    long sector = offsetBytes >>> SECTOR_SHIFT;
    return switch (direction) {
      case READ -> queue.submit(VirtioBlk.T_IN, sector, address, bytes, token);
      case WRITE -> queue.submit(VirtioBlk.T_OUT, sector, address, bytes, token);
      case TRIM -> {
        RawMemory.putLong(address, sector);
        // Sectors in the low half, no flags in the high one.
        RawMemory.putLong(address + 8, bytes >>> SECTOR_SHIFT);
        yield queue.submit(VirtioBlk.T_DISCARD, 0, address, RANGE_BYTES, token);
      }
      case SYNC -> queue.submit(VirtioBlk.T_FLUSH, 0, 0, 0, token);
    };
  }

  @Override
  public void poll(BlkCompletion handler) {
    queue.poll(handler);
  }

  @Override
  public String describe(int status) {
    String name =
        switch (status) {
          case VirtioBlk.S_IOERR -> " (IOERR)";
          case VirtioBlk.S_UNSUPP -> " (UNSUPP)";
          default -> "";
        };
    return "virtio-blk status " + status + name;
  }
}
