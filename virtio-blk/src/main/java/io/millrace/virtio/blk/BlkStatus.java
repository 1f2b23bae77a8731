package io.millrace.virtio.blk;

import io.millrace.bdev.IoStatus;

/** The status byte of a request (virtio 1.3 §5.2.6). */
enum BlkStatus {
  OK(0),
  IOERR(1),
  UNSUPP(2);

  final byte code;

  BlkStatus(int code) {
    this.code = (byte) code;
  }

  static BlkStatus of(IoStatus status) {
    return status == IoStatus.SUCCESS ? OK : ofFailure(status);
  }

  private static BlkStatus ofFailure(IoStatus status) {
    return switch (status) {
      case SUCCESS -> OK;
      case UNSUPPORTED -> UNSUPP;
      case IO_ERROR, OUT_OF_RANGE, READ_ONLY, NO_SPACE, BAD_MEMORY, ABORTED, MISCOMPARE -> IOERR;
    };
  }
}
