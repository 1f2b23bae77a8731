package io.millrace.reactor;

import io.millrace.linux.Cpu;
import io.millrace.linux.LinuxException;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that polls what it was given and, once all of that is idle, sleeps in one epoll wait
 * on kicks, completions, messages and sockets.
 *
 * <p>A round polls the hot pollers and one cold one, then runs what was deferred. Every so many
 * rounds (a <em>tick</em>) it looks at the clock, runs messages, timers and ready descriptors, and
 * lets idle pollers cool down. {@link #start} makes a reactor with a thread of its own; {@link
 * #stepped} one that its maker drives by {@link #runOnce}, which is the same code.
 *
 * <p>All methods are for the reactor's thread, except {@link #execute}, {@link #inReactor}, {@link
 * #name} and {@link #close}.
 */
public final class Reactor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Reactor.class);

  /** How long all pollers are idle before the thread sleeps. */
  private static final long SLEEP_AFTER_NANOS = 50_000;

  /** A tick comes after this much weight of rounds, so that its cost (about 400 ns) vanishes. */
  private static final int TICK_WEIGHT = 256;

  /** Pieces of work weigh too, or long rounds would keep messages waiting. */
  private static final int WORK_WEIGHT = 2;

  /** Spins of about 27 ns after a round with work: lets a driver fill a batch undisturbed. */
  private static final int GAP_SPINS = 8;

  private static final long FOREVER_NANOS = TimeUnit.HOURS.toNanos(1);

  private final String name;
  private final ManualIoEventLoop eventLoop;
  private final PollSet pollers = new PollSet(new Failures());
  private final List<FaultListener> faultListeners = new ArrayList<>();
  private final boolean stepped;
  private @Nullable Thread thread;
  private Deferred[] deferred = new Deferred[64];
  private int deferredCount;
  private int weight;
  private boolean workedSinceTick;
  private long lastWorkNanos;
  private long steppedNow;
  private volatile boolean stopping;

  private Reactor(String name, boolean stepped) {
    this.name = name;
    this.stepped = stepped;
    this.eventLoop =
        new ManualIoEventLoop(null, null, EpollIoHandler.newFactory(), new ReactorTicker());
  }

  /**
   * Starts a reactor with a thread of its own.
   *
   * @param name the thread's name
   * @param cpu the processor to pin it to, or -1 for any
   */
  public static Reactor start(String name, int cpu) {
    Reactor reactor = new Reactor(name, false);
    Thread thread = new Thread(() -> reactor.run(cpu), name);
    thread.setDaemon(true);
    reactor.thread = thread;
    reactor.eventLoop.setOwningThread(thread);
    thread.start();
    return reactor;
  }

  /**
   * A reactor without a thread: the calling thread owns it and drives it with {@link #runOnce}.
   *
   * @param name for messages
   */
  public static Reactor stepped(String name) {
    Reactor reactor = new Reactor(name, true);
    reactor.thread = Thread.currentThread();
    reactor.eventLoop.setOwningThread(Thread.currentThread());
    return reactor;
  }

  /** The name given at the start. */
  public String name() {
    return name;
  }

  /** Whether the caller runs on this reactor. */
  public boolean inReactor() {
    return Thread.currentThread() == thread;
  }

  /**
   * Sends a message: runs it on the reactor's thread, soon, in the order sent. Any thread.
   *
   * @return false if the reactor has ended, so that the message never runs
   */
  public boolean execute(Runnable message) {
    try {
      eventLoop.execute(() -> runMessage(message));
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  /**
   * Runs a task after a delay.
   *
   * @param delayNanos from now, on the reactor's clock
   * @return cancel it to call the task off
   */
  public Timer schedule(long delayNanos, Runnable task) {
    Future<?> pending =
        eventLoop.schedule(() -> runMessage(task), delayNanos, TimeUnit.NANOSECONDS);
    return () -> pending.cancel(false);
  }

  /** The reactor's clock in nanoseconds; only differences mean anything. */
  public long nanoTime() {
    return stepped ? steppedNow : System.nanoTime();
  }

  /** Starts polling; the poller is hot at first. */
  public PollerHandle add(Poller poller) {
    return pollers.add(poller, nanoTime());
  }

  /** Runs the work once at the end of this round. */
  public void defer(Deferred work) {
    if (deferredCount == deferred.length) {
      deferred = Arrays.copyOf(deferred, deferredCount * 2);
    }
    deferred[deferredCount++] = work;
  }

  /**
   * Watches a descriptor for data, level-triggered.
   *
   * @param descriptor stays the caller's, who closes the watch before the descriptor
   */
  public FdWatch watch(int descriptor, FdListener listener) {
    return watch(new FdWatch(descriptor, false, guarded(listener)), descriptor);
  }

  /**
   * Watches an eventfd that somebody else writes, edge-triggered: each write is reported and
   * nothing has to be read, so a descriptor that its sender made blocking cannot block this thread.
   *
   * @param descriptor stays the caller's, who closes the watch before the descriptor
   */
  public FdWatch watchEdges(int descriptor, Runnable written) {
    FdListener listener = (readable, writable) -> written.run();
    return watch(new FdWatch(descriptor, true, guarded(listener)), descriptor);
  }

  /** Netty would log what a listener throws and go on: a memory fault must not end there. */
  private FdListener guarded(FdListener listener) {
    return (readable, writable) -> {
      try {
        listener.ready(readable, writable);
      } catch (InternalError e) {
        memoryFault(e);
      } catch (RuntimeException | Error e) {
        LOG.error("{}: a descriptor's listener failed", name, e);
      }
    };
  }

  private FdWatch watch(FdWatch watch, int descriptor) {
    Future<IoRegistration> registered = eventLoop.register(watch.handle());
    if (!registered.isSuccess()) {
      throw new IllegalStateException(
          name + ": descriptor " + descriptor + " cannot be watched", registered.cause());
    }
    watch.registered(registered.getNow());
    return watch;
  }

  /** Tells the listener of every memory fault on this reactor. */
  public void addFaultListener(FaultListener listener) {
    faultListeners.add(listener);
  }

  /** No longer tells the listener. */
  public void removeFaultListener(FaultListener listener) {
    faultListeners.remove(listener);
  }

  /** For Netty's sockets to live on this reactor. */
  public IoEventLoop eventLoop() {
    return eventLoop;
  }

  /** How many pollers wait for a wake-up, for tests and statistics. */
  public int restingCount() {
    return pollers.restingCount();
  }

  /**
   * One round and one tick of a stepped reactor; never blocks.
   *
   * @param nowNanos the time it is; never runs backwards
   * @return pieces of work done by pollers
   */
  public int runOnce(long nowNanos) {
    steppedNow = nowNanos;
    int work = guardedRound();
    workedSinceTick |= work > 0;
    tick(false);
    return work;
  }

  private void run(int cpu) {
    pin(cpu);
    lastWorkNanos = System.nanoTime();
    while (!stopping) {
      int work = guardedRound();
      if (work > 0) {
        workedSinceTick = true;
        gap();
      }
      weight += 1 + work * WORK_WEIGHT;
      if (weight >= TICK_WEIGHT || pollers.activeCount() == 0) {
        weight = 0;
        tick(true);
      }
    }
    shutDownLoop();
  }

  private void pin(int cpu) {
    if (cpu < 0) {
      return;
    }
    try {
      Cpu.pinCurrentThread(cpu);
    } catch (LinuxException e) {
      LOG.warn("{}: not pinned to core {}: {}", name, cpu, e.getMessage());
    }
  }

  private int guardedRound() {
    try {
      int work = pollers.round();
      if (deferredCount > 0) {
        runDeferred();
      }
      return work;
    } catch (InternalError e) {
      memoryFault(e);
      return 1;
    }
  }

  private void runDeferred() {
    for (int i = 0; i < deferredCount; i++) {
      Deferred work = deferred[i];
      try {
        work.endOfRound();
      } catch (InternalError e) {
        memoryFault(e);
      } catch (RuntimeException | Error e) {
        LOG.error("{}: {} failed at the end of a round", name, work, e);
      }
    }
    deferredCount = 0;
  }

  /** Leaves the rings alone for about 200 ns; polling other hot pollers takes that time anyway. */
  private void gap() {
    int spins = GAP_SPINS / Math.max(1, pollers.hotCount());
    for (int i = 0; i < spins; i++) {
      Thread.onSpinWait();
    }
  }

  private void tick(boolean maySleep) {
    long now = nanoTime();
    if (workedSinceTick) {
      workedSinceTick = false;
      lastWorkNanos = now;
    }
    try {
      pollers.coolDown(now);
      boolean idle =
          pollers.activeCount() == 0
              || (now - lastWorkNanos > SLEEP_AFTER_NANOS && pollers.restAll());
      if (deferredCount > 0) {
        runDeferred();
      } else if (idle && maySleep && !stopping) {
        eventLoop.run(FOREVER_NANOS);
        lastWorkNanos = System.nanoTime();
        return;
      }
      eventLoop.runNow();
    } catch (InternalError e) {
      memoryFault(e);
    }
  }

  private void runMessage(Runnable message) {
    try {
      message.run();
    } catch (InternalError e) {
      memoryFault(e);
    } catch (RuntimeException | Error e) {
      LOG.error("{}: a message failed", name, e);
    }
  }

  private void memoryFault(InternalError cause) {
    LOG.debug("{}: memory fault", name, cause);
    for (FaultListener listener : List.copyOf(faultListeners)) {
      listener.memoryFault();
    }
  }

  private void shutDownLoop() {
    Future<?> ended = eventLoop.shutdownGracefully(0, 0, TimeUnit.NANOSECONDS);
    while (!ended.isDone()) {
      eventLoop.runNow();
    }
  }

  /**
   * Ends the reactor: messages sent before still run, later ones are refused. Any thread; waits for
   * the thread to end unless called on it.
   */
  @Override
  public void close() {
    stopping = true;
    if (stepped) {
      shutDownLoop();
      return;
    }
    eventLoop.wakeup();
    Thread own = thread;
    if (own == null || inReactor()) {
      return;
    }
    try {
      own.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Failures implements PollSet.FailureSink {
    @Override
    public void failed(PollerHandle handle, Throwable cause) {
      handle.close();
      LOG.error("{}: {} failed and is no longer polled: {}", name, handle.poller, cause.toString());
      LOG.debug("{}: stack of the failure", name, cause);
      handle.poller.failed(cause);
    }

    @Override
    public void memoryFault(InternalError cause) {
      Reactor.this.memoryFault(cause);
    }
  }

  private final class ReactorTicker implements Ticker {
    @Override
    public long nanoTime() {
      if (stopping) {
        steppedNow++; // a clock that stands still would never get past the loop's quiet period
      }
      return Reactor.this.nanoTime();
    }

    @Override
    public long initialNanoTime() {
      return 0;
    }

    @Override
    public void sleep(long delay, TimeUnit unit) {
      throw new UnsupportedOperationException("a reactor does not sleep in a task");
    }
  }
}
