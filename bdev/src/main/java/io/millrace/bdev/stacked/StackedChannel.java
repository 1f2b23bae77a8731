package io.millrace.bdev.stacked;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import io.millrace.reactor.Reactor;
import java.util.Arrays;

/**
 * The way of one reactor through a stacked bdev to its base. Data-path code, on that reactor.
 *
 * <p>Each request goes down as a {@link StackedIo} of the channel's pool, which grows to the depth
 * really used and allocates nothing after that: both layers then have their own list of what is in
 * flight, and so their own range locks, counts and cancels. The data segments are the same memory;
 * what the base does about their alignment it does as ever.
 *
 * <p>A module overrides {@link #down} to do something before the base and {@link #up} to do
 * something after it. Everything handed to {@code down} has to be finished, exactly once.
 */
public class StackedChannel extends BdevChannel {
  private final StackedBdev bdev;
  private final BdevChannel base;
  private final long offsetBytes;
  private StackedIo[] all = new StackedIo[0];
  private StackedIo[] free = new StackedIo[0];
  private int freeCount;

  /** Made by {@link StackedBdev#newChannel}, on the reactor. */
  protected StackedChannel(StackedBdev bdev, Reactor reactor) throws BdevException {
    super(bdev, reactor);
    this.bdev = bdev;
    this.offsetBytes = bdev.offsetBytes();
    this.base = bdev.claimedBase().openChannel(reactor);
  }

  /** For one that has nothing of its own: passes down and up as they are. */
  final StackedChannel passing() {
    endsLike(base);
    return this;
  }

  /** A request comes from above, checked; by default it is passed down as it is. */
  protected void down(StackedIo io) {
    passDown(io);
  }

  /**
   * The base has done with a request; by default that is how it ends.
   *
   * @param status how the base ended it
   */
  protected void up(StackedIo io, IoStatus status) {
    finish(io, status, io.transferredBytes());
  }

  /**
   * The bdev is being removed: what the module keeps waiting of its own accord ends now, and what
   * comes from now on does not wait.
   */
  protected void letGo() {
    // Nothing waits by default.
  }

  /** Gives the base a request; {@link #up} runs when it is done, perhaps before this returns. */
  protected final void passDown(StackedIo io) {
    BdevIo request = io.request();
    beginBelow(io);
    io.addSegmentsOf(request);
    base.submit(io);
  }

  /** Fills a request for the base, all but its data segments. */
  final void beginBelow(StackedIo io) {
    BdevIo request = io.request();
    io.beginLike(request, request.offsetBytes() + offsetBytes);
  }

  final void submitBelow(StackedIo io) {
    base.submit(io);
  }

  /**
   * Ends a request, exactly once; its {@link StackedIo} is free for another.
   *
   * @param status how it ended
   * @param transferred bytes of data really moved
   */
  protected final void finish(StackedIo io, IoStatus status, long transferred) {
    BdevIo request = io.request();
    io.request(null);
    free[freeCount++] = io;
    request.complete(status, transferred);
  }

  @Override
  protected final void start(BdevIo request) {
    StackedIo io = freeCount > 0 ? free[--freeCount] : grow();
    io.request(request);
    request.moduleSlot(io.index());
    down(io);
  }

  private StackedIo grow() {
    int now = all.length;
    int wanted = Math.max(8, now * 2);
    all = Arrays.copyOf(all, wanted);
    free = Arrays.copyOf(free, wanted);
    for (int i = wanted - 1; i >= now; i--) {
      all[i] = new StackedIo(this, i);
      free[freeCount++] = all[i];
    }
    return free[--freeCount];
  }

  @Override
  protected final void stop(BdevIo request) {
    StackedIo io = all[request.moduleSlot()];
    HeldIos holder = io.holder;
    if (holder != null) {
      holder.remove(io);
      finish(io, IoStatus.ABORTED, 0);
    } else {
      base.cancel(io);
    }
  }

  @Override
  protected final void hurry(BdevIo request) {
    StackedIo io = all[request.moduleSlot()];
    if (io.holder == null) {
      base.expedite(io);
    }
  }

  /** Closes the way to the base; a module that overrides it calls it last. */
  @Override
  protected void release() {
    bdev.claimedBase().closeChannel(base);
  }
}
