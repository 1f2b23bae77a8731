package io.millrace.simulation;

import io.millrace.initiator.VirtioBlk;

/** One request of the guest, and all that it knows of it. Times count its own doings. */
final class Request {
  static final long NEVER = Long.MAX_VALUE;

  final Action.Submit what;
  final int era;
  final long invoked;
  long responded = NEVER;
  int status = VirtioBlk.S_NOT_WRITTEN;
  long[] read = new long[0]; // values, of a read that succeeded

  /** Whether the guest was told before that writes are durable when they complete. */
  boolean promised;

  /** Whether it may have been done more than once. */
  boolean repeated;

  Request(Action.Submit what, int era, long invoked) {
    this.what = what;
    this.era = era;
    this.invoked = invoked;
  }

  boolean succeeded() {
    return status == VirtioBlk.S_OK;
  }

  boolean covers(int sector) {
    return sector >= what.sector() && sector < what.sector() + what.count();
  }

  /** The value that a sector has once it is written. */
  long written(int sector) {
    return what.kind() == Action.Kind.WRITE
        ? Sector.of(what.id(), sector - what.sector())
        : Sector.ZERO;
  }

  /** The value that was read of a sector. */
  long read(int sector) {
    return read[sector - what.sector()];
  }

  @Override
  public String toString() {
    String end = responded == NEVER ? "unanswered" : responded + " status " + status;
    return "%s [%d, %s]%s%s"
        .formatted(
            what, invoked, end, promised ? " promised durable" : "", repeated ? " repeated" : "");
  }
}
