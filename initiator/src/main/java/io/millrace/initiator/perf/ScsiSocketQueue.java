package io.millrace.initiator.perf;

import io.millrace.initiator.BlkCompletion;
import io.millrace.initiator.ScsiCdb;
import io.millrace.initiator.ScsiCompletion;
import io.millrace.initiator.ScsiRequestQueue;
import io.millrace.initiator.VirtioScsi;

/** A job's request queue of a SCSI controller, for one logical unit. Data path. */
final class ScsiSocketQueue extends SocketQueue {
  private static final int RESPONSE_SHIFT = 8; // of a status of this queue

  private final ScsiRequestQueue queue;
  private final long lun;
  private final int blockShift;
  private final byte[] transfer = new byte[ScsiCdb.BYTES_16];
  private final byte[] unmap = ScsiCdb.unmapOfOne();
  private final ScsiCompletion completion = this::completed;
  private BlkCompletion handler = (token, status, bytes) -> {};

  /**
   * A queue.
   *
   * @param lun of {@link VirtioScsi#lun}
   * @param blockShift of its logical block
   * @param connection descriptor of the socket, to see the back-end hang up
   */
  ScsiSocketQueue(ScsiRequestQueue queue, long lun, int blockShift, int connection) {
    super(queue, connection);
    this.queue = queue;
    this.lun = lun;
    this.blockShift = blockShift;
  }

  @Override
  boolean offer(Direction direction, long offsetBytes, long address, int bytes, int token) {
    long block = offsetBytes >>> blockShift;
    return switch (direction) {
      case READ -> {
        ScsiCdb.fill(transfer, ScsiCdb.READ_16, 0, block, bytes >>> blockShift);
        yield submit(transfer, address, bytes, true, token);
      }
      case WRITE -> {
        ScsiCdb.fill(transfer, ScsiCdb.WRITE_16, 0, block, bytes >>> blockShift);
        yield submit(transfer, address, bytes, false, token);
      }
      case TRIM -> {
        ScsiCdb.putUnmapList(address, block, bytes >>> blockShift);
        yield submit(unmap, address, ScsiCdb.UNMAP_LIST_BYTES, false, token);
      }
      case SYNC -> {
        ScsiCdb.fill(transfer, ScsiCdb.SYNCHRONIZE_CACHE_16, 0, 0, 0);
        yield submit(transfer, 0, 0, false, token);
      }
    };
  }

  private boolean submit(byte[] cdb, long address, int bytes, boolean in, int token) {
    return queue.submit(lun, token, VirtioScsi.ATTRIBUTE_SIMPLE, cdb, address, bytes, in, token);
  }

  @Override
  public void poll(BlkCompletion to) {
    handler = to;
    queue.poll(completion);
  }

  private void completed(long token, int response, int status, int slot, long writtenBytes) {
    handler.completed(token, (response << RESPONSE_SHIFT) | status, writtenBytes);
  }

  @Override
  public String describe(int status) {
    return "virtio-scsi response %d, SCSI status %02xh"
        .formatted(status >>> RESPONSE_SHIFT, status & 0xff);
  }
}
