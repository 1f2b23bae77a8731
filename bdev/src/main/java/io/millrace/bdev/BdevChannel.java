package io.millrace.bdev;

import io.millrace.bdev.BdevIo.State;
import io.millrace.reactor.Reactor;
import org.jspecify.annotations.Nullable;

/**
 * The way of one reactor to one bdev. Data-path code: everything here runs on that reactor.
 *
 * <p>{@link #submit} checks a request once for every module (type, range, alignment, write
 * protection, rate limits, locked ranges) and hands it to {@link #start}; the module ends it with
 * {@link BdevIo#complete}. Users share a channel: it is opened for the first and closed after the
 * last of them ({@link BdevDescriptor#openChannel}).
 */
public abstract class BdevChannel {
  private final Bdev bdev;
  private final ChannelMeter meter;
  private final LockedRanges locks = new LockedRanges();
  private @Nullable ChannelLimiter limiter; // null as long as nothing is limited
  private @Nullable BdevIo firstInFlight;
  private int inFlightCount;
  int users;

  /** Made by {@link Bdev#newChannel}, on the reactor that it is for. */
  protected BdevChannel(Bdev bdev, Reactor reactor) {
    this.bdev = bdev;
    this.meter = new ChannelMeter(reactor.stretchClock());
  }

  /**
   * For a module whose requests are done when {@link #start} returns, nearly all of them: to
   * measure each would take longer than the request does. Called by its constructor.
   */
  protected final void endsAtOnce() {
    meter.timer().atOnce();
  }

  /**
   * Does a checked request; ends it with {@link BdevIo#complete}, now or later, exactly once.
   *
   * @param io in range, aligned to blocks, of a supported type; READ and WRITE have segments that
   *     add up to their length
   */
  protected abstract void start(BdevIo io);

  /**
   * Tries to end a started request early; it completes either way, with ABORTED if this worked.
   *
   * @param io started and not yet complete
   */
  protected void stop(BdevIo io) {
    // A module whose requests never wait for anything has nothing to stop.
  }

  /**
   * A started request does not wait for a rate limit any longer: a module that passed it to another
   * bdev says so there.
   *
   * @param io started and not yet complete
   */
  protected void hurry(BdevIo io) {
    // A module that hands requests to the medium has nobody to tell.
  }

  /** Frees what the channel has; nothing is in flight. */
  protected void release() {
    // Nothing to free by default.
  }

  /**
   * For a module that does nothing but pass requests to that channel: they end as they do there.
   */
  protected final void endsLike(BdevChannel other) {
    if (other.meter.timer().isAtOnce()) {
      endsAtOnce();
    }
  }

  /** The device this channel leads to. */
  public final Bdev bdev() {
    return bdev;
  }

  /** What this channel has done so far. */
  public final ChannelStatistics statistics() {
    return meter.counts();
  }

  final ChannelMeter meter() {
    return meter;
  }

  /** Requests submitted and not completed, those that wait for something included. */
  public final int inFlightCount() {
    return inFlightCount;
  }

  /**
   * Submits a request. Never refuses: what cannot be done completes with a status that says why.
   *
   * @param io filled by its user; the channel's until its {@code completed} runs, exactly once
   */
  public final void submit(BdevIo io) {
    assert io.state == State.FREE : io;
    io.channel = this;
    RequestTimer timer = meter.timer();
    timer.begin(io);
    IoStatus refusal = bdev.check(io);
    boolean unhindered = refusal == IoStatus.SUCCESS && limiter == null && !locks.any();
    if (unhindered && timer.isAtOnce()) {
      startUnlisted(io);
      return;
    }
    io.state = State.WAITING;
    link(io);
    if (refusal != IoStatus.SUCCESS) {
      io.complete(refusal, 0);
    } else if (limiter == null || limiter.admits(io)) {
      startUnlessLocked(io);
    } else {
      timer.waits(io);
    }
  }

  /**
   * Starts a request that is most likely done when this returns: nobody looks for it before, nor
   * for its state. One that was submitted anew when it was done has been seen to by that.
   */
  private void startUnlisted(BdevIo io) {
    start(io);
    if (io.channel != null && !io.listed) {
      io.state = State.STARTED;
      link(io);
    }
  }

  private void startUnlessLocked(BdevIo io) {
    if (locks.blocks(io)) {
      io.state = State.WAITING;
      meter.timer().waits(io);
    } else {
      io.state = State.STARTED;
      start(io);
    }
  }

  /**
   * Asks that a submitted request end soon. It completes once, with ABORTED or as it would have.
   *
   * @param io submitted to this channel; one already completed is left alone
   */
  public final void cancel(BdevIo io) {
    switch (io.state) {
      case FREE -> {}
      case HELD, GRANTED -> {
        takeFromLine(io);
        io.complete(IoStatus.ABORTED, 0);
      }
      case WAITING -> io.complete(IoStatus.ABORTED, 0);
      case STARTED -> stop(io);
    }
  }

  /**
   * Has a submitted request, and those of its source that are held before it, not wait for rate
   * limits any longer, as somebody waits for it who has to go on. What that costs is owed: it has
   * later requests wait.
   *
   * @param io submitted to this channel; one already completed is left alone
   */
  public final void expedite(BdevIo io) {
    io.expedited(true);
    switch (io.state) {
      case FREE, WAITING -> {}
      case HELD, GRANTED -> {
        ChannelLimiter holder = limiter;
        if (holder != null) {
          holder.expedite(io);
        }
      }
      case STARTED -> hurry(io);
    }
  }

  // ---- rate limits ------------------------------------------------------------------------------

  /** Goes on with these limits; null for none. */
  final void adopt(Reactor reactor, @Nullable RateLimiter limits) {
    ChannelLimiter holder = limiter;
    if (holder != null) {
      holder.adopt(limits);
    } else if (limits != null) {
      limiter = new ChannelLimiter(this, reactor, limits);
    }
  }

  /** Nothing is limited any more, and nothing is held. */
  final void unlimited() {
    limiter = null;
  }

  /** A request that was held may start. */
  final void admitted(BdevIo io) {
    io.state = State.WAITING;
    IoStatus refusal = bdev.check(io); // the bdev may have another size by now
    if (refusal != IoStatus.SUCCESS) {
      io.complete(refusal, 0);
    } else {
      startUnlessLocked(io);
    }
  }

  private void takeFromLine(BdevIo io) {
    ChannelLimiter holder = limiter;
    if (holder != null) {
      holder.remove(io);
    }
  }

  /** The latest request that was submitted and has not ended; older ones follow. */
  final @Nullable BdevIo newestInFlight() {
    return firstInFlight;
  }

  // ---- ended, and locked ------------------------------------------------------------------------

  final void ended(BdevIo io, IoStatus status) {
    if (io.listed) {
      unlink(io);
    }
    io.channel = null;
    meter.ended(io, status);
    if (locks.any() && io.state == State.STARTED) {
      locks.ended(io);
    }
  }

  /**
   * Locks a range on this channel.
   *
   * @param locked runs once nothing in flight on this channel overlaps it
   */
  final void lock(RangeLock lock, Runnable locked) {
    int overlapping = 0;
    for (BdevIo io = firstInFlight; io != null; io = io.next) {
      if (io.state == State.STARTED && lock.overlaps(io)) {
        overlapping++;
      }
    }
    locks.add(lock, overlapping, locked);
  }

  /** Unlocks a range and starts what waited for it, oldest first. */
  final void unlock(RangeLock lock) {
    locks.remove(lock);
    for (BdevIo io = oldestStartable(); io != null; io = oldestStartable()) {
      io.state = State.STARTED;
      start(io);
    }
  }

  /** Looked for anew each time: a start may complete, cancel and submit others. */
  private @Nullable BdevIo oldestStartable() {
    BdevIo oldest = null;
    for (BdevIo io = firstInFlight; io != null; io = io.next) {
      if (io.state == State.WAITING && !locks.blocks(io)) {
        oldest = io;
      }
    }
    return oldest;
  }

  private void link(BdevIo io) {
    BdevIo first = firstInFlight;
    io.previous = null;
    io.next = first;
    if (first != null) {
      first.previous = io;
    }
    firstInFlight = io;
    io.listed = true;
    inFlightCount++;
  }

  private void unlink(BdevIo io) {
    BdevIo before = io.previous;
    BdevIo after = io.next;
    if (before != null) {
      before.next = after;
    } else {
      firstInFlight = after;
    }
    if (after != null) {
      after.previous = before;
    }
    io.previous = null;
    io.next = null;
    io.listed = false;
    inFlightCount--;
  }
}
