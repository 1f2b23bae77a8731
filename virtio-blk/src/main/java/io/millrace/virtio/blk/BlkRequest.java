package io.millrace.virtio.blk;

import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;

/** One virtio-blk request. Owned by its queue's pool; touched only by that queue's reactor. */
final class BlkRequest extends BdevIo {
  /** Room for this many segments at once: an ordinary request of a Linux guest has few. */
  private static final int USUAL_SEGMENTS = 4;

  enum State {
    FREE,
    TAKEN,
    STARTED,
    DONE
  }

  private final BlkQueue queue;
  State state = State.FREE;
  BlkRequestType type = BlkRequestType.UNSUPPORTED;
  BlkStatus status = BlkStatus.OK;
  int head; // descriptor index to return in the used ring
  int ticket;
  long statusAddress; // host address of the status byte, already checked

  BlkRequest(BlkQueue queue) {
    super(USUAL_SEGMENTS);
    this.queue = queue;
  }

  @Override
  protected void completed(IoStatus ioStatus) {
    queue.done(this, BlkStatus.of(ioStatus));
  }

  @Override
  public String toString() {
    return "request " + head + " " + type + " " + state + ": " + super.toString();
  }
}
