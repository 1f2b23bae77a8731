package io.millrace.initiator.perf;

import io.millrace.initiator.BlkCompletion;
import org.jspecify.annotations.Nullable;

/** Completes everything at once; whoever submits the first request is held up there. */
final class HeldUpQueue implements LoadQueue {
  private final int[] tokens;
  private long heldNanos;
  private int inFlight;

  HeldUpQueue(int depth, long heldNanos) {
    tokens = new int[depth];
    this.heldNanos = heldNanos;
  }

  @Override
  public void open() {}

  @Override
  public boolean submit(Direction direction, long offsetBytes, long address, int bytes, int token) {
    long until = System.nanoTime() + heldNanos;
    while (System.nanoTime() < until) {
      Thread.onSpinWait();
    }
    heldNanos = 0;
    tokens[inFlight++] = token;
    return true;
  }

  @Override
  public void kick() {}

  @Override
  public boolean ready() {
    return inFlight > 0;
  }

  @Override
  public void poll(BlkCompletion handler) {
    handler.completed(tokens[--inFlight], 0, 0);
  }

  @Override
  public int inFlightCount() {
    return inFlight;
  }

  @Override
  public boolean isBroken() {
    return false;
  }

  @Override
  public @Nullable Failure failure() {
    return null;
  }

  @Override
  public String describe(int status) {
    return "";
  }

  @Override
  public void close() {}
}
