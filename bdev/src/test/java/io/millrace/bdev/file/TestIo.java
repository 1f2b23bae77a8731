package io.millrace.bdev.file;

import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;

/** A request that remembers how it ended and how often. */
final class TestIo extends BdevIo {
  private IoStatus status;
  private int completions;

  TestIo() {
    super(4);
  }

  @Override
  protected void completed(IoStatus how) {
    status = how;
    completions++;
  }

  boolean isDone() {
    return completions > 0;
  }

  int completions() {
    return completions;
  }

  IoStatus status() {
    return status;
  }

  void reset() {
    status = null;
    completions = 0;
  }
}
