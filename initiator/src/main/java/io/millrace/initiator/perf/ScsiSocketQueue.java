package io.millrace.initiator.perf;

import io.millrace.initiator.BlkCompletion;
import io.millrace.initiator.ScsiCompletion;
import io.millrace.initiator.ScsiRequestQueue;
import io.millrace.initiator.VirtioScsi;
import io.millrace.linux.RawMemory;

/** A job's request queue of a SCSI controller, for one logical unit. Data path. */
final class ScsiSocketQueue extends SocketQueue {
  private static final byte READ_16 = (byte) 0x88;
  private static final byte WRITE_16 = (byte) 0x8a;
  private static final byte SYNCHRONIZE_CACHE_16 = (byte) 0x91;
  private static final byte UNMAP = 0x42;
  private static final int UNMAP_LIST_BYTES = 24; // a header of 8, one descriptor
  private static final int CDB_BYTES = 16;
  private static final int RESPONSE_SHIFT = 8; // of a status of this queue

  private final ScsiRequestQueue queue;
  private final long lun;
  private final int blockShift;
  private final byte[] transfer = new byte[CDB_BYTES];
  private final byte[] unmap = new byte[10];
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
    unmap[0] = UNMAP;
    unmap[8] = UNMAP_LIST_BYTES;
  }

  @Override
  boolean offer(Direction direction, long offsetBytes, long address, int bytes, int token) {
    long block = offsetBytes >>> blockShift;
    return switch (direction) {
      case READ -> {
        fill(READ_16, block, bytes >>> blockShift);
        yield submit(transfer, address, bytes, true, token);
      }
      case WRITE -> {
        fill(WRITE_16, block, bytes >>> blockShift);
        yield submit(transfer, address, bytes, false, token);
      }
      case TRIM -> {
        // Lengths of 22 and 16 behind themselves, big-endian (SBC-4 §5.32).
        RawMemory.putLong(address, Long.reverseBytes((22L << 48) | (16L << 32)));
        RawMemory.putLong(address + 8, Long.reverseBytes(block));
        RawMemory.putLong(address + 16, Long.reverseBytes((long) (bytes >>> blockShift) << 32));
        yield submit(unmap, address, UNMAP_LIST_BYTES, false, token);
      }
      case SYNC -> {
        fill(SYNCHRONIZE_CACHE_16, 0, 0);
        yield submit(transfer, 0, 0, false, token);
      }
    };
  }

  private boolean submit(byte[] cdb, long address, int bytes, boolean in, int token) {
    return queue.submit(lun, token, VirtioScsi.ATTRIBUTE_SIMPLE, cdb, address, bytes, in, token);
  }

  private void fill(byte opcode, long block, int blocks) {
    transfer[0] = opcode;
    for (int i = 0; i < Long.BYTES; i++) {
      transfer[2 + i] = (byte) (block >>> (56 - Byte.SIZE * i));
    }
    for (int i = 0; i < Integer.BYTES; i++) {
      transfer[10 + i] = (byte) (blocks >>> (24 - Byte.SIZE * i));
    }
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
