package io.millrace.bdev;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request that remembers how often it completed and how. */
final class TestIo extends BdevIo {
  final List<IoStatus> statuses = new ArrayList<>();
  @Nullable Runnable whenCompleted;

  TestIo() {
    super(1);
  }

  /** A request without data segments. */
  static TestIo of(IoType type, long offsetBytes, long lengthBytes) {
    TestIo io = new TestIo();
    io.begin(type, offsetBytes, lengthBytes);
    return io;
  }

  boolean isDone() {
    return !statuses.isEmpty();
  }

  @Override
  protected void completed(IoStatus status) {
    statuses.add(status);
    Runnable next = whenCompleted;
    if (next != null) {
      next.run();
    }
  }
}
