package io.millrace.nvme.bdev;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.IoStatus;
import io.millrace.nvme.NvmeException;
import io.millrace.nvme.NvmeStatus;

/** NVMe's failures in the block layer's terms. */
final class NvmeErrors {
  private static final int READ_ONLY_RANGE = 0x182;

  private NvmeErrors() {}

  static BdevException of(NvmeException e) {
    BdevException.Kind kind =
        switch (e.kind()) {
          case GONE -> BdevException.Kind.NOT_FOUND;
          case UNSUPPORTED -> BdevException.Kind.INVALID;
          case NOT_READY -> BdevException.Kind.BUSY;
          case TIMEOUT, PROTOCOL, REFUSED, SYSTEM -> BdevException.Kind.SYSTEM;
        };
    return new BdevException(kind, String.valueOf(e.getMessage()), e);
  }

  static IoStatus of(int status) {
    return switch (NvmeStatus.code(status)) {
      case NvmeStatus.SUCCESS -> IoStatus.SUCCESS;
      case NvmeStatus.COMPARE_FAILURE -> IoStatus.MISCOMPARE;
      case NvmeStatus.LBA_OUT_OF_RANGE -> IoStatus.OUT_OF_RANGE;
      case NvmeStatus.CAPACITY_EXCEEDED -> IoStatus.NO_SPACE;
      case NvmeStatus.WRITE_PROTECTED, READ_ONLY_RANGE -> IoStatus.READ_ONLY;
      case NvmeStatus.ABORTED_BY_REQUEST, NvmeStatus.ABORTED_SQ_DELETION -> IoStatus.ABORTED;
      case NvmeStatus.INVALID_OPCODE -> IoStatus.UNSUPPORTED;
      default -> IoStatus.IO_ERROR;
    };
  }
}
