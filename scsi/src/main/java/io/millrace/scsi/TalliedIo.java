package io.millrace.scsi;

import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import org.jspecify.annotations.Nullable;

/** Adds up what a command changed on the medium, in however many parts. Data path. */
abstract class TalliedIo extends BdevIo {
  private long writtenBytes;

  TalliedIo(int segments, @Nullable Object source) {
    super(segments, source);
  }

  /** A new command: it has changed nothing. */
  final void beginTally() {
    writtenBytes = 0;
  }

  /** The bdev is done with it, or with one part. */
  abstract void partCompleted(IoStatus ioStatus);

  @Override
  protected final void completed(IoStatus ioStatus) {
    if (ioStatus == IoStatus.SUCCESS && type().isWrite()) {
      writtenBytes += lengthBytes();
    }
    partCompleted(ioStatus);
  }

  /** Bytes of blocks that it changed so far. */
  final long writtenBytes() {
    return writtenBytes;
  }
}
