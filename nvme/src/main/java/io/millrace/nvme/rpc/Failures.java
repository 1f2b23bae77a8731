package io.millrace.nvme.rpc;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.rpc.BdevErrors;
import io.millrace.linux.Errno;
import io.millrace.nvme.NvmeException;
import io.millrace.rpc.RpcException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;

/** The driver's failures as JSON-RPC errors. */
final class Failures {
  private Failures() {}

  /** The same answer, with failures as a client gets them. */
  static CompletionStage<JsonNode> answer(CompletionStage<JsonNode> stage) {
    return stage.exceptionallyCompose(e -> CompletableFuture.failedStage(of(e)));
  }

  /** The error for a failure; what is no known kind is left as it is, a defect. */
  static Throwable of(Throwable e) {
    Throwable known = NvmeException.cause(e);
    return switch (known) {
      case NvmeException nvme -> RpcException.of(errno(nvme), nvme.getMessage());
      case BdevException bdev -> BdevErrors.of(bdev);
      default -> known;
    };
  }

  /** The errno that says what kind of failure it was. */
  static Errno errno(NvmeException e) {
    return switch (e.kind()) {
      case GONE -> Errno.ENXIO;
      case TIMEOUT -> Errno.ETIMEDOUT;
      case NOT_READY -> Errno.EBUSY;
      case UNSUPPORTED -> Errno.EOPNOTSUPP;
      case PROTOCOL, REFUSED, SYSTEM -> Errno.EIO;
    };
  }
}
