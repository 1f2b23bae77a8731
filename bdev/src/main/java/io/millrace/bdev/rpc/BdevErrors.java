package io.millrace.bdev.rpc;

import io.millrace.bdev.BdevException;
import io.millrace.linux.Errno;
import io.millrace.linux.LinuxException;
import io.millrace.rpc.RpcException;
import java.io.FileNotFoundException;

/** A bdev's failure as the errno that SPDK answers. */
public final class BdevErrors {
  private BdevErrors() {}

  /** The error for a failed call: the negative errno, its text, and the message as detail. */
  public static RpcException of(BdevException e) {
    return RpcException.of(errno(e), e.getMessage());
  }

  /** The errno that says what kind of failure it was. */
  public static Errno errno(BdevException e) {
    return switch (e.kind()) {
      case NOT_FOUND -> Errno.ENODEV;
      case EXISTS -> Errno.EEXIST;
      case BUSY -> Errno.EBUSY;
      case INVALID -> Errno.EINVAL;
      case CLAIMED, READ_ONLY -> Errno.EPERM;
      case SYSTEM -> cause(e);
    };
  }

  private static Errno cause(BdevException e) {
    if (e.getCause() instanceof FileNotFoundException) {
      return Errno.ENODEV; // a device is what is looked for
    }
    return e.getCause() instanceof LinuxException linux && linux.errno() != Errno.UNKNOWN
        ? linux.errno()
        : Errno.EIO;
  }
}
