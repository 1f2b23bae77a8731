package io.millrace.bdev.file;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.Errno;

/** What an errno of the kernel means for a request and for its disk. Allocates nothing. */
final class Failures {
  private Failures() {}

  static IoStatus statusOf(Errno errno, IoType type) {
    return switch (errno) {
      case ENOSPC, EDQUOT, EFBIG -> IoStatus.NO_SPACE;
      case EFAULT -> IoStatus.BAD_MEMORY;
      case ECANCELED -> IoStatus.ABORTED;
      case EOPNOTSUPP ->
          type == IoType.UNMAP || type == IoType.WRITE_ZEROES
              ? IoStatus.UNSUPPORTED
              : IoStatus.IO_ERROR;
      default -> IoStatus.IO_ERROR;
    };
  }

  /**
   * Whether the operator should know: not of what the guest or the caller did, nor of what the file
   * cannot do.
   */
  static boolean isWorthALine(IoStatus status) {
    return status == IoStatus.IO_ERROR || status == IoStatus.NO_SPACE;
  }

  /**
   * Whether a sync that failed so may have dropped data that was written before: the kernel marks
   * pages clean that it could not write. A durable write that found no space or bad arguments wrote
   * nothing.
   */
  static boolean losesData(Errno errno, IoType type) {
    return switch (errno) {
      case ECANCELED, EINTR, EAGAIN, ENOMEM, EBADF -> false;
      case ENOSPC, EDQUOT, EFBIG, EFAULT, EINVAL -> type != IoType.WRITE;
      default -> true;
    };
  }

  /**
   * Whether a request that failed so may succeed another time, when the operator has made room or
   * the storage is back; what the kernel finds wrong with the request itself stays wrong.
   */
  static boolean mayPass(IoStatus status, int number) {
    if (!isWorthALine(status)) {
      return false;
    }
    return switch (Errno.of(number)) {
      case EINVAL, EBADF, EFBIG, ENOTTY, EOPNOTSUPP -> false;
      default -> true;
    };
  }
}
