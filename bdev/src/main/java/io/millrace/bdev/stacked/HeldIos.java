package io.millrace.bdev.stacked;

import org.jspecify.annotations.Nullable;

/**
 * Requests that a module keeps waiting, oldest first, linked through themselves. Data path.
 *
 * <p>The links that every {@code BdevIo} has for the rate limits are not taken for it: a module's
 * request has those while the bdev below holds it, and who cancels or hurries it has to tell the
 * two apart: this takes it out here, that is the base's to do.
 */
final class HeldIos {
  private @Nullable StackedIo first;
  private @Nullable StackedIo last;
  private int count;

  @Nullable StackedIo first() {
    return first;
  }

  int count() {
    return count;
  }

  void add(StackedIo io) {
    assert io.holder == null : io;
    StackedIo before = last;
    io.holder = this;
    io.earlier = before;
    io.later = null;
    if (before != null) {
      before.later = io;
    } else {
      first = io;
    }
    last = io;
    count++;
  }

  void remove(StackedIo io) {
    assert io.holder == this : io;
    StackedIo before = io.earlier;
    StackedIo after = io.later;
    if (before != null) {
      before.later = after;
    } else {
      first = after;
    }
    if (after != null) {
      after.earlier = before;
    } else {
      last = before;
    }
    io.holder = null;
    io.earlier = null;
    io.later = null;
    count--;
  }
}
