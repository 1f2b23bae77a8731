package io.millrace.simulation;

import io.millrace.simulation.Action.Kind;
import java.util.List;

/**
 * What a sector may have after a power loss: the last write that was durable by then, or one that
 * is concurrent with it or later; nothing older, and nothing that nobody wrote.
 *
 * <p>A write is durable when it was acknowledged before a flush began that succeeded, or when it
 * was acknowledged and the guest had been told that acknowledged writes are durable.
 */
final class Durability {
  private final List<Request> requests;
  private final List<Long> reopened;

  /**
   * A history from power-on to power loss.
   *
   * @param reopened when a disk was opened again that had told of lost data: flushes that end later
   *     say nothing of writes before
   */
  Durability(List<Request> requests, List<Long> reopened) {
    this.requests = requests;
    this.reopened = reopened;
  }

  /**
   * Looks at what one sector has.
   *
   * @param before what it had at power-on
   * @throws Violation that says which write was lost
   */
  void check(int sector, long before, long found) {
    Request newest = newestDurable(sector);
    if (newest == null && found == before) {
      return;
    }
    boolean written = false;
    for (Request request : requests) {
      if (request.what.kind().writes()
          && request.covers(sector)
          && request.written(sector) == found) {
        written = true;
        if (newest == null || request.responded >= newest.invoked) {
          return;
        }
      }
    }
    if (!written && found != before) {
      throw new Violation(
          "sector %d has %s after the power loss, which nobody wrote there"
              .formatted(sector, Sector.name(found)));
    }
    throw new Violation(
        "sector %d has %s after the power loss, older than what was durable: %s, by %s"
            .formatted(sector, Sector.name(found), newest, promise(newest)));
  }

  /** The durable write of a sector that began last. */
  private Request newestDurable(int sector) {
    Request newest = null;
    for (Request request : requests) {
      boolean counts = request.what.kind().writes() && request.succeeded();
      if (counts
          && request.covers(sector)
          && (newest == null || request.invoked > newest.invoked)
          && promise(request) != null) {
        newest = request;
      }
    }
    return newest;
  }

  /** What says that a write is durable; null if nothing does. */
  private Object promise(Request write) {
    if (write.promised) {
      return "its acknowledgement";
    }
    for (Request flush : requests) {
      if (flush.what.kind() == Kind.FLUSH
          && flush.succeeded()
          && flush.invoked > write.responded
          && reopened.stream().noneMatch(t -> write.responded < t && t < flush.responded)) {
        return flush;
      }
    }
    return null;
  }
}
