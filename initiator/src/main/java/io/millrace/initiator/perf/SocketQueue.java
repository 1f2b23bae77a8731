package io.millrace.initiator.perf;

import io.millrace.initiator.BlkCompletion;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.VirtioBlk;
import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import org.jspecify.annotations.Nullable;

/** A job's virtqueue. Data path. */
final class SocketQueue implements LoadQueue {
  private static final int SECTOR_SHIFT = 9;
  private static final int RANGE_BYTES = 16; // struct virtio_blk_discard_write_zeroes
  private static final int ECONNRESET = 104;

  /**
   * Requests that are shown to the device at once. Drivers show each by itself; one batch of all
   * would make driver and device wait for each other in turn (a sixth slower at depth 32).
   */
  private static final int PUBLISH_EVERY = 4;

  private final BlkQueue queue;
  private final int connection; // descriptor of the socket, to see the back-end hang up
  private int unpublished;

  SocketQueue(BlkQueue queue, int connection) {
    this.queue = queue;
    this.connection = connection;
  }

  @Override
  public void open() {
    // The driver started the queue.
  }

  @Override
  public boolean submit(Direction direction, long offsetBytes, long address, int bytes, int token) {
    if (!offer(direction, offsetBytes, address, bytes, token)) {
      return false;
    }
    if (++unpublished >= PUBLISH_EVERY) {
      kick();
    }
    return true;
  }

  private boolean offer(Direction direction, long offsetBytes, long address, int bytes, int token) {
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
  public void kick() {
    unpublished = 0;
    queue.kick();
  }

  @Override
  public boolean ready() {
    return queue.ring().hasUsed();
  }

  @Override
  public void poll(BlkCompletion handler) {
    queue.poll(handler);
  }

  @Override
  public int inFlightCount() {
    return queue.inFlightCount();
  }

  @Override
  public boolean isBroken() {
    return queue.isBroken();
  }

  @Override
  public @Nullable Failure failure() {
    return hangUp(connection);
  }

  /** Whether a back-end hung up; null when it did not. */
  static @Nullable Failure hangUp(int connection) {
    try {
      // Nothing was asked, so what can be read is the end of the connection.
      return DescriptorPassing.await(connection, false, 0)
          ? new Failure(ECONNRESET, "the back-end hung up")
          : null;
    } catch (LinuxException e) {
      return new Failure(e.number(), String.valueOf(e.getMessage()));
    }
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

  @Override
  public void close() {
    // The driver stops the queue.
  }
}
