package io.millrace.vhost.user.server;

import io.millrace.linux.EventFd;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Deferred;
import io.millrace.reactor.FdWatch;
import io.millrace.reactor.Poller;
import io.millrace.reactor.PollerHandle;
import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.AddressTranslation;
import io.millrace.virtqueue.ChainStatus;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.DeviceQueue;
import io.millrace.virtqueue.GuestMemoryMap;
import io.millrace.virtqueue.GuestWrites;
import io.millrace.virtqueue.QueueState;
import io.millrace.virtqueue.SplitDeviceQueue;
import io.millrace.virtqueue.VringAddresses;
import io.millrace.virtqueue.VringLayout;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One running ring on its reactor: fetches chains, hands them to the device's {@link QueueHandler},
 * publishes what comes back, and notifies once for a batch. Data-path code.
 *
 * <p>A request's edges: taken ({@link #poll}), submitted ({@link QueueHandler#submitTaken}), done
 * ({@link #requestDone}), published ({@link #endOfRound}).
 */
final class VringWorker implements Poller, Deferred, QueueContext, QueueHandler.Returns {
  /** Most chains of one poll: the next queue's turn comes soon, and completions with it. */
  private static final int BATCH = 32;

  private enum State {
    RUNNING,
    /** Takes no more; stops when all is given back. */
    DRAINING,
    /** The guest's memory is not touched again; stops when all is given back. */
    ABANDONED,
    STOPPED
  }

  private final VringSetup setup;
  private final Reactor reactor;
  private final WorkerEvents events;
  private final DeviceQueue queue;
  private final QueueHandler handler;
  private final DescriptorChain chain = new DescriptorChain();
  private final int[] refused = new int[BATCH]; // heads of bad chains of this round
  private final PollerHandle handle;
  private @Nullable FdWatch kickWatch;
  private boolean memoryMayVanish;
  private int call;
  private int refusedCount;
  private int inFlight; // outstanding(), noted for other threads: the handler is this thread's only
  private int marked; // the handler's, in the same way
  private State state = State.RUNNING;
  private boolean deferred;
  private @Nullable Runnable mapDrained;
  private @Nullable Runnable stopped;

  private VringWorker(
      VringSetup setup,
      VringLayout layout,
      Reactor reactor,
      DeviceSession device,
      WorkerEvents events)
      throws QueueStartException {
    this.setup = setup;
    this.reactor = reactor;
    this.events = events;
    this.call = setup.call();
    this.memoryMayVanish = setup.memoryMayVanish();
    // The front-end tells where to go on in the avail ring; the used ring tells that itself.
    QueueState start = new QueueState(setup.availIndex(), SplitDeviceQueue.usedIndex(layout));
    queue =
        new SplitDeviceQueue(
            layout, setup.map().translation(), setup.features(), start, setup.writes());
    surfaceFault();
    handler = device.startQueue(this);
    try {
      kickWatch = watch(setup.kick());
    } catch (QueueStartException e) {
      handler.close();
      throw e;
    }
    handle = reactor.add(this); // last: what is polled must be known to whoever stops it
  }

  /**
   * Starts a ring; runs on the reactor.
   *
   * @param events told of what the session has to know
   */
  static VringWorker start(
      VringSetup setup, Reactor reactor, DeviceSession device, WorkerEvents events)
      throws QueueStartException {
    VringLayout layout =
        VringLayout.locate(setup.map().translation(), setup.size(), setup.addresses());
    if (layout == null) {
      throw new QueueStartException(badAddresses(setup.name(), setup.addresses()));
    }
    return new VringWorker(setup, layout, reactor, device, events);
  }

  private static String badAddresses(String name, VringAddresses at) {
    return "%s: ring addresses desc 0x%x, avail 0x%x, used 0x%x are misaligned or not in shared memory"
        .formatted(name, at.desc(), at.avail(), at.used());
  }

  // ---- the request path -------------------------------------------------------------------------

  @Override
  public int poll() {
    if (state != State.RUNNING) {
      return 0;
    }
    int fetched = 0;
    int room = Math.min(BATCH, queue.size() - outstanding());
    ChainStatus status = ChainStatus.EMPTY;
    while (fetched < room) {
      status = queue.fetch(chain);
      if (status == ChainStatus.FETCHED) {
        if (!handler.take(chain)) {
          refuse(status);
        }
      } else if (status.isBadChain()) {
        refuse(status);
      } else {
        break;
      }
      fetched++;
    }
    surfaceFault(); // also after a look that found nothing: that was a load too
    if (fetched > 0) {
      handler.submitTaken();
      inFlight = outstanding();
    }
    if (status == ChainStatus.BROKEN_RING) {
      breakRing();
    }
    return fetched;
  }

  private int outstanding() {
    return handler.outstanding() + refusedCount;
  }

  /** A chain that cannot be served goes back with nothing written, and the queue goes on. */
  private void refuse(ChainStatus why) {
    refused[refusedCount++] = chain.head();
    requestDone();
    events.badChain(why);
  }

  private void breakRing() {
    state = State.DRAINING;
    handle.close();
    events.broken();
  }

  @Override
  public void requestDone() {
    if (!deferred) {
      deferred = true;
      reactor.defer(this);
    }
  }

  @Override
  public void give(int head, long writtenBytes) {
    queue.complete(head, writtenBytes);
  }

  @Override
  public void endOfRound() {
    deferred = false;
    if (state != State.ABANDONED) {
      respond();
    }
    refusedCount = 0;
    handler.recycle();
    inFlight = outstanding();
    if (mapDrained != null || stopped != null) {
      checkDrained();
    }
  }

  /** Everything that touches the guest's memory, before anything that must not be cut short. */
  private void respond() {
    for (int i = 0; i < refusedCount; i++) {
      queue.complete(refused[i], 0);
    }
    handler.respond(this);
    // A driver that gets answers sends what waited for them: it is looked for, and no kick asked.
    handle.wake();
    boolean wanted = queue.publish();
    surfaceFault();
    if (wanted && call >= 0) {
      EventFd.signal(call);
    }
  }

  private void surfaceFault() {
    if (memoryMayVanish) {
      RawMemory.surfaceFault();
    }
  }

  @Override
  public boolean arm() {
    if (kickWatch == null) {
      return false; // the front-end gave no kick: it wants the ring polled
    }
    boolean quiet = queue.enableNotifications();
    surfaceFault();
    return quiet;
  }

  @Override
  public void disarm() {
    queue.disableNotifications();
    surfaceFault();
  }

  // ---- life -------------------------------------------------------------------------------------

  /** Another kick descriptor; the old one is no longer used when this returns. -1 for none. */
  void kick(int descriptor) {
    if (kickWatch != null) {
      kickWatch.close();
      kickWatch = null;
    }
    try {
      kickWatch = watch(descriptor);
    } catch (QueueStartException e) {
      events.lostRing(String.valueOf(e.getMessage()));
    }
    handle.wake(); // a kick may have gone to the old one
  }

  private @Nullable FdWatch watch(int descriptor) throws QueueStartException {
    if (descriptor < 0) {
      return null;
    }
    try {
      return reactor.watchEdges(descriptor, this::kicked);
    } catch (IllegalStateException e) {
      throw new QueueStartException(setup.name() + ": its kick is of no use: " + e.getMessage(), e);
    }
  }

  private void kicked() {
    handle.wake();
  }

  /** Another call descriptor; the old one is no longer used when this returns. -1 for none. */
  void call(int descriptor) {
    call = descriptor;
    if (descriptor >= 0 && state == State.RUNNING) {
      EventFd.signal(descriptor); // a call may have gone to the old one
    }
  }

  /**
   * Goes on with another memory map.
   *
   * @param mayVanish whether a front-end could truncate memory of that map
   * @param drained runs once no request points into what is going
   */
  void relocate(GuestMemoryMap map, boolean mayVanish, GoingMemory going, Runnable drained) {
    memoryMayVanish |= mayVanish; // requests still point into the map before, too
    AddressTranslation translation = map.translation();
    VringLayout layout = VringLayout.locate(translation, setup.size(), setup.addresses());
    if (layout == null) {
      events.lostRing(badAddresses(setup.name(), setup.addresses()));
      abandon();
    } else {
      queue.relocate(layout, translation);
    }
    handler.mark(going);
    mapDrained = drained;
    checkDrained();
  }

  /** Ends early what can be ended of the requests that point into memory that is going. */
  void cancelMarked() {
    handler.cancelMarked();
  }

  /**
   * Takes no more chains, gives back what was taken, and stops.
   *
   * @param done gets where the queue stands; runs on the reactor
   */
  void drain(Consumer<QueueState> done) {
    if (state == State.RUNNING) {
      state = State.DRAINING;
    }
    stop(() -> done.accept(queue.state()));
  }

  /** Stops without another access to the guest's memory; runs {@code done} when nothing is left. */
  void abandon(Runnable done) {
    abandon();
    stop(done);
  }

  private void abandon() {
    if (state != State.STOPPED && state != State.ABANDONED) {
      state = State.ABANDONED;
      handle.close();
      handler.cancelAll();
      requestDone(); // what was done when a fault cut its answer short
    }
  }

  private void stop(Runnable done) {
    handle.close();
    stopped = done;
    checkDrained();
  }

  private void checkDrained() {
    marked = handler.markedCount();
    if (mapDrained != null && marked == 0) {
      Runnable tell = mapDrained;
      mapDrained = null;
      tell.run();
    }
    if (stopped != null && outstanding() == 0) {
      Runnable tell = stopped;
      stopped = null;
      close();
      tell.run();
    }
  }

  private void close() {
    if (state != State.STOPPED) {
      state = State.STOPPED;
      inFlight = 0;
      kick(-1);
      handler.close();
    }
  }

  @Override
  public void failed(Throwable cause) {
    events.failed(cause);
  }

  /** Requests taken and not given back; any thread, approximately. */
  int inFlight() {
    return inFlight;
  }

  /** Of them, those that point into memory that is going; any thread, approximately. */
  int marked() {
    return marked;
  }

  // ---- QueueContext -----------------------------------------------------------------------------

  @Override
  public Reactor reactor() {
    return reactor;
  }

  @Override
  public int index() {
    return setup.index();
  }

  @Override
  public int size() {
    return setup.size();
  }

  @Override
  public long features() {
    return setup.features();
  }

  @Override
  public GuestWrites writes() {
    return setup.writes();
  }

  @Override
  public boolean memoryMayVanish() {
    return memoryMayVanish;
  }

  @Override
  public String toString() {
    return setup.name();
  }
}
