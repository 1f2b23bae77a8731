package io.millrace.reactor;

import io.millrace.linux.Cpu;
import io.millrace.linux.LinuxException;
import io.netty.channel.IoEventLoop;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.Future;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that polls what it was given and, once all of that is idle, sleeps in one epoll wait
 * on kicks, completions, messages and sockets.
 *
 * <p>A round polls the hot pollers and one cold one, then runs what was deferred. Every so many
 * rounds (a <em>tick</em>) it looks at the clock, lets idle pollers cool down, and now and then
 * ({@link MessagePace}) runs messages, timers and ready descriptors. {@link #start} makes a reactor
 * with a thread of its own; {@link #stepped} one that its maker drives by {@link #runOnce}, which
 * is the same code.
 *
 * <p>All methods are for the reactor's thread, except {@link #execute}, {@link #inReactor}, {@link
 * #name}, {@link #statistics} and {@link #close}.
 */
public final class Reactor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Reactor.class);

  private static final long FOREVER_NANOS = TimeUnit.HOURS.toNanos(1);

  private final String name;
  private final long threadId = ThreadId.next();
  private final ManualIoEventLoop eventLoop;
  private final Gap gap = new Gap();
  private final Guard guard;
  private final WakeUpPrice wakeUp = new WakeUpPrice();
  private final StretchClock clock = new StretchClock(this);
  private final PollSet pollers;
  private final Alarms alarms;
  private final DeferredWork deferred;
  private final MessagePace messages = new MessagePace();
  private final ReactorStatistics statistics = new ReactorStatistics();
  private final OutsideCalls outsideCalls = new OutsideCalls();
  private final boolean stepped;
  private final boolean restless;
  private @Nullable Thread thread;
  private long steppedNow;
  private volatile boolean stopping;

  private Reactor(String name, boolean stepped, boolean restless) {
    this.name = name;
    this.stepped = stepped;
    this.restless = restless;
    this.guard = new Guard(name);
    this.pollers = new PollSet(guard, wakeUp, statistics, clock, nanoTime());
    this.alarms = new Alarms(guard);
    this.deferred = new DeferredWork(guard, clock);
    this.eventLoop =
        new ManualIoEventLoop(null, null, EpollIoHandler.newFactory(), new ReactorTicker(this));
  }

  /**
   * Starts a reactor with a thread of its own, which is pinned when this returns.
   *
   * @param name the thread's name
   * @param cpu the processor to pin it to, or -1 for any
   */
  public static Reactor start(String name, int cpu) {
    return start(name, cpu, false);
  }

  /**
   * As {@link #start(String, int)}.
   *
   * @param restless whether it polls all the time: it never sleeps, and arms no poller
   */
  public static Reactor start(String name, int cpu, boolean restless) {
    Reactor reactor = new Reactor(name, false, restless);
    CompletableFuture<@Nullable Void> pinned = new CompletableFuture<>();
    Thread thread = new Thread(() -> reactor.run(cpu, pinned), name);
    thread.setDaemon(true);
    reactor.thread = thread;
    reactor.eventLoop.setOwningThread(thread);
    thread.start();
    pinned.join();
    return reactor;
  }

  /**
   * A reactor without a thread: the calling thread owns it and drives it with {@link #runOnce}.
   *
   * @param name for messages
   */
  public static Reactor stepped(String name) {
    Reactor reactor = new Reactor(name, true, false);
    reactor.thread = Thread.currentThread();
    reactor.eventLoop.setOwningThread(Thread.currentThread());
    return reactor;
  }

  /** The name given at the start. */
  public String name() {
    return name;
  }

  /** Its {@link ThreadId}. Any thread. */
  public long threadId() {
    return threadId;
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
    Message sent = new Message(guard, wakeUp, message);
    try {
      eventLoop.execute(sent);
      messages.sent();
    } catch (RejectedExecutionException e) {
      return false;
    }
    // The loop takes tasks after its end and forgets them; what it has not run yet is called off.
    return !(eventLoop.isShuttingDown() && sent.compareAndSet(false, true));
  }

  /**
   * Runs a task after a delay.
   *
   * @param delayNanos from now, on the reactor's clock
   * @return cancel it to call the task off
   */
  public Timer schedule(long delayNanos, Runnable task) {
    Future<?> pending = eventLoop.schedule(() -> guard.run(task), delayNanos, TimeUnit.NANOSECONDS);
    return () -> pending.cancel(false);
  }

  /**
   * Makes an alarm, not set yet.
   *
   * @param due runs each time it goes off
   */
  public Alarm alarm(Runnable due) {
    return alarm(due, () -> true);
  }

  /**
   * Makes an alarm, not set yet, that may be for a reactor that is awake only.
   *
   * @param due runs each time it goes off
   * @param wakes whether it ends the sleep that is about to begin; else it goes off after that, at
   *     whatever time
   */
  public Alarm alarm(Runnable due, BooleanSupplier wakes) {
    return new Alarm(alarms, due, wakes);
  }

  /** The reactor's clock in nanoseconds; only differences mean anything. */
  public long nanoTime() {
    return stepped ? steppedNow : System.nanoTime();
  }

  /** A clock that costs next to nothing, for what is measured of every request. */
  public StretchClock stretchClock() {
    return clock;
  }

  /** Starts polling; the poller is hot at first. */
  public PollerHandle add(Poller poller) {
    return pollers.add(poller, nanoTime());
  }

  /** Makes a place for work that is put off to the end of a round again and again. */
  public Deferral deferral(Deferred work) {
    return new Deferral(work, deferred);
  }

  /** Runs work that is put off for once, at the end of this round. */
  public void defer(Deferred work) {
    deferral(work).ask();
  }

  /**
   * Watches a descriptor for data, level-triggered.
   *
   * @param descriptor stays the caller's, who closes the watch before the descriptor
   */
  public FdWatch watch(int descriptor, FdListener listener) {
    return new FdWatch(descriptor, false, listener, guard).register(eventLoop, name);
  }

  /**
   * Watches an eventfd that somebody else writes, edge-triggered: each write is reported and
   * nothing has to be read, so a descriptor that its sender made blocking cannot block this thread.
   *
   * @param descriptor stays the caller's, who closes the watch before the descriptor
   */
  public FdWatch watchEdges(int descriptor, Runnable written) {
    return new FdWatch(descriptor, true, (r, w) -> written.run(), guard).register(eventLoop, name);
  }

  /** Tells the listener of every memory fault on this reactor. */
  public void addFaultListener(FaultListener listener) {
    guard.add(listener);
  }

  /** No longer tells the listener. */
  public void removeFaultListener(FaultListener listener) {
    guard.remove(listener);
  }

  /** For Netty's sockets to live on this reactor. */
  public IoEventLoop eventLoop() {
    return eventLoop;
  }

  /** What its thread did with its time. Any thread. */
  public ReactorStatistics statistics() {
    return statistics;
  }

  /** Whether it polls all the time and never sleeps. Any thread. */
  public boolean isRestless() {
    return restless;
  }

  /** Those of its thread. */
  public OutsideCalls outsideCalls() {
    return outsideCalls;
  }

  /** What it did with each of its pollers so far, oldest first. */
  public List<PollerReport> pollers() {
    return pollers.report();
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
    tick(false);
    return work;
  }

  /** No {@link Gap} after this round: a poller has work for its next turn, or lingers in it. */
  public void skipGap() {
    gap.skip();
  }

  private void run(int cpu, CompletableFuture<@Nullable Void> pinned) {
    pin(cpu, pinned);
    while (!stopping) {
      try {
        loop();
      } catch (InternalError e) {
        guard.memoryFault(e); // the JVM delivers a fault where it likes: between two rounds, too
      }
    }
    shutDownLoop();
  }

  private void loop() {
    while (!stopping) {
      roundsUntilTick();
      tick(true);
    }
  }

  /**
   * A method with an end, and not part of the endless loop, so that the compiler makes one version
   * of it that is used from the next tick on.
   */
  private void roundsUntilTick() {
    int work = 0;
    int done = 0;
    while (!TickPace.isDue(statistics.roundsSinceTick(), work, done > 0)) {
      done = guardedRound();
      gap.after(done, pollers.hotCount());
      work += done;
      if (pollers.activeCount() == 0) {
        return;
      }
    }
  }

  private void pin(int cpu, CompletableFuture<@Nullable Void> done) {
    try {
      if (cpu >= 0) {
        Cpu.pinCurrentThread(cpu);
      }
    } catch (LinuxException e) {
      LOG.warn("{}: not pinned to core {}, runs on any: {}", name, cpu, e.getMessage());
    } finally {
      done.complete(null);
    }
  }

  private int guardedRound() {
    try {
      int work = pollers.round();
      statistics.round(work);
      if (deferred.any()) {
        deferred.run();
      }
      return work;
    } catch (InternalError e) {
      guard.memoryFault(e);
      return 1;
    }
  }

  private void tick(boolean maySleep) {
    long now = nanoTime();
    statistics.tick(now);
    gap.tick(now, pollers.hotCount());
    clock.begin();
    alarms.goOff(now);
    try {
      boolean quiet = pollers.coolDown(now, !restless);
      boolean idle = !restless && (pollers.activeCount() == 0 || (quiet && pollers.restAll(now)));
      if (deferred.any()) {
        deferred.run();
      } else if (idle && maySleep && !stopping) {
        wakeUp.sleeps(now);
        clock.begin(); // what a message measures after the sleep did not begin before it
        eventLoop.run(alarms.sleeps(now, FOREVER_NANOS), MessagePace.TURN_NANOS);
        long woke = nanoTime();
        wakeUp.awake();
        alarms.awake(woke);
        statistics.woke(woke);
        return;
      }
      if (stepped || messages.begins(now, pollers.restingCount())) {
        clock.begin();
        messages.looked(now, eventLoop.runNow(MessagePace.TURN_NANOS));
      }
    } catch (InternalError e) {
      guard.memoryFault(e);
    }
  }

  private void shutDownLoop() {
    var ended = eventLoop.shutdownGracefully(0, 0, TimeUnit.NANOSECONDS);
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
    execute(() -> {}); // a bare wake-up is lost on a thread that is just about to sleep
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

  /** For Netty's timers; a stepped reactor that is being closed has its clock go on by itself. */
  long tickerNanos() {
    if (stopping) {
      steppedNow++; // a clock that stands still would never get past the loop's quiet period
    }
    return nanoTime();
  }
}
