package io.millrace.server;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.ConfigFile;
import io.millrace.rpc.MethodRegistry;
import io.millrace.scsi.LogicalUnits;
import io.millrace.scsi.StoredReservations;
import io.millrace.vhost.user.rpc.ControllerSockets;
import io.millrace.vhost.user.server.ControllerException;
import io.millrace.vhost.user.server.RequestRecordings;
import io.millrace.vhost.user.server.RingBalancer;
import io.millrace.vhost.user.server.VhostControllers;
import io.millrace.virtio.blk.BlkController;
import io.millrace.virtio.blk.BlkControllers;
import io.millrace.virtio.scsi.ScsiControllers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The server in this process: reactors, bdevs, controllers, JSON-RPC; ended in the reverse order of
 * their start, also when the start fails half-way. For the main thread.
 *
 * <p>The reactors start beside the opening of images and sockets and the reading of the
 * configuration, for these are what a front-end waits for: it may connect while the rest comes up,
 * and is served as soon as it has. Where there is a rehearsal it is beside all that, and sockets
 * open when it is over.
 */
final class Target {
  /** A controller ends what hangs by itself after 5 seconds; this is for what is worse. */
  private static final long STOP_SECONDS = 10;

  /** A drive that is shut down in order writes back what it has in its cache. */
  private static final long NVME_STOP_SECONDS = 60;

  /** What the compiler needs on a core that it shares with the reactor, and some more. */
  private static final Duration REHEARSAL = Duration.ofMillis(500);

  /** Takes one step of the start back. */
  private interface Undo {
    void run() throws InterruptedException, ExecutionException, TimeoutException;
  }

  private final ServeOptions options;
  private final Cores cores;
  private final BdevRegistry bdevs = new BdevRegistry();
  private final VhostControllers controllers;
  private final BlkControllers blk;
  private final RingScheduler scheduler;
  private final Rehearsal rehearsal;
  private final Deque<Undo> undo = new ArrayDeque<>();
  private final CompletableFuture<@Nullable Void> initialised = new CompletableFuture<>();
  private CompletableFuture<@Nullable Void> over = new CompletableFuture<>();
  private final @Nullable SavedState saved;
  private volatile @Nullable ScsiControllers scsi;
  private @Nullable RequestRecordings recordings; // the control thread's
  private @Nullable ControlPlane controlPlane; // the only one who attaches NVMe controllers

  private Target(ServeOptions options, @Nullable SavedState saved, Cores cores) {
    this.options = options;
    this.saved = saved;
    this.cores = cores;
    this.controllers = new VhostControllers(cores.control(), cores.polling());
    this.blk = new BlkControllers(bdevs, controllers);
    List<Reactor> polling = List.copyOf(cores.polling().values());
    this.scheduler =
        new RingScheduler(new RingBalancer(cores.control(), polling, controllers::rings));
    this.rehearsal = new Rehearsal(cores, REHEARSAL);
    undo.push(this::closeState); // after the last reactor that could ask for something
    undo.push(cores::close);
    undo.push(this::releaseNvmeControllers);
    undo.push(() -> cores.awaitOnControl(bdevs::removeAll, STOP_SECONDS));
    undo.push(() -> cores.awaitOnControl(controllers::deleteAll, STOP_SECONDS));
    undo.push(() -> cores.onControl(this::closeRecordings));
  }

  private boolean closeRecordings() {
    RequestRecordings followed = recordings;
    if (followed != null) {
      followed.close();
    }
    return true;
  }

  /** Starts everything, at once. */
  static Target start(ServeOptions options) throws CommandException, InterruptedException {
    return start(options, EarlyRehearsal.none());
  }

  /**
   * Starts everything.
   *
   * @param early what sockets wait for, where it is of use
   * @throws CommandException something asked for cannot be; nothing is left behind
   */
  static Target start(ServeOptions options, EarlyRehearsal early)
      throws CommandException, InterruptedException {
    CompletableFuture<Cores> starting = new CompletableFuture<>();
    Thread.ofPlatform().name("start").start(() -> startCores(options, starting));
    Disks disks = new Disks(options);
    SavedState saved = null;
    Target target = null;
    boolean started = false;
    try {
      disks.open();
      saved = SavedState.open(options);
      ConfigFile configuration = SavedState.fileToLoad(options, saved);
      early.cancelUnlessOfUse(options, configuration, saved);
      if (!early.isWanted()) {
        disks.listen(early::awaitEnd);
      }
      target = new Target(options, saved, get(starting));
      target.serve(disks, configuration, early);
      target.cores.leaveToReactors();
      started = true;
      return target;
    } finally {
      if (!started) {
        disks.close();
        if (target != null) {
          target.stop();
        } else {
          var _ = starting.thenAccept(Cores::closeAll);
          if (saved != null) {
            saved.close();
          }
        }
      }
    }
  }

  /** All methods that {@code serve} has, to read about: nothing runs behind them any more. */
  static MethodRegistry declaredMethods() throws CommandException, InterruptedException {
    ServeOptions nothing = ServeOptions.in(Path.of(""));
    Target target = new Target(nothing, null, Cores.start(null, false));
    try {
      return new ControlPlane(
              new ControllerSockets(nothing.socketDirectory(), nothing.access()),
              null,
              target.cores,
              target.bdevs,
              target.controllers,
              target.blk,
              target.scsi(),
              target.scheduler)
          .methods();
    } finally {
      target.stop();
    }
  }

  private static void startCores(ServeOptions options, CompletableFuture<Cores> starting) {
    try {
      starting.complete(Cores.start(options.cores(), options.poll()));
    } catch (CommandException | RuntimeException | Error e) {
      starting.completeExceptionally(e);
    }
  }

  private static Cores get(CompletableFuture<Cores> starting)
      throws CommandException, InterruptedException {
    try {
      return starting.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof CommandException known
          ? known
          : CommandException.failed(Cores.cause(e));
    }
  }

  private void serve(Disks disks, @Nullable ConfigFile configuration, EarlyRehearsal early)
      throws CommandException, InterruptedException {
    ControlPlane plane = isControlled(configuration) ? makeControlPlane(early) : null;
    if (early.isWanted()) {
      Preload.finish(); // while it goes on
      disks.listen(early::awaitEnd);
    }
    over = disks.over();
    if (options.waitForRpc()) {
      undo.push(() ->
          cores.onControl(() -> {
            disks.close();
            return true;
          }));
    } else {
      serveDisks(disks);
    }
    if (plane != null) {
      undo.push(plane::stop);
      serve(plane, disks, configuration);
    }
    if (!options.waitForRpc()) {
      initialised.complete(null);
    }
  }

  /** Whether anything but the command line says what to serve, or may ask about it. */
  private boolean isControlled(@Nullable ConfigFile configuration) {
    return SavedState.isConfigured(configuration, saved)
        || options.rpcSocket() != null
        || options.metrics() != null;
  }

  private ControlPlane makeControlPlane(EarlyRehearsal early) {
    var sockets =
        new ControllerSockets(options.socketDirectory(), options.access(), early::awaitEnd);
    ControlPlane plane =
        new ControlPlane(sockets, saved, cores, bdevs, controllers, blk, scsi(), scheduler);
    controlPlane = plane;
    return plane;
  }

  private void serve(ControlPlane plane, Disks disks, @Nullable ConfigFile configuration)
      throws CommandException, InterruptedException {
    if (options.waitForRpc()) {
      plane.prepare(configuration, () -> serveOnControl(disks), initialised);
    } else {
      plane.configure(configuration);
    }
    if (options.rpcSocket() != null) {
      plane.listen(options.rpcSocket());
    }
    if (options.metrics() != null) {
      plane.serveMetrics(options.metrics());
    }
  }

  private boolean serveOnControl(Disks disks) throws BdevException, ControllerException {
    controllers.reportSlow(options.slowMicros());
    disks.serve(bdevs, blk);
    if (disks.hasScsi()) {
      disks.serveScsi(bdevs, scsi());
    }
    scheduler.start();
    recordings = RequestRecordings.follow(controllers);
    return true;
  }

  private void serveDisks(Disks disks) throws CommandException, InterruptedException {
    try {
      cores.onControl(() -> serveOnControl(disks));
    } catch (ExecutionException e) {
      throw switch (e.getCause()) {
        case BdevException refused -> CommandException.misused(refused);
        case ControllerException refused -> CommandException.misused(refused);
        case null, default -> CommandException.failed(Cores.cause(e));
      };
    }
  }

  private void closeState() {
    if (saved != null) {
      saved.close();
    }
  }

  /** Made when somebody may want them: a server of block devices alone does not load them. */
  private ScsiControllers scsi() {
    ScsiControllers made = scsi;
    if (made == null) {
      LogicalUnits units =
          saved == null
              ? new LogicalUnits()
              : new LogicalUnits(new StoredReservations(saved.store()));
      made = new ScsiControllers(bdevs, controllers, units);
      scsi = made;
    }
    return made;
  }

  /**
   * Rehearses, if that is wanted, as long as no front-end is there and something of it is left. Not
   * where there is SCSI: what is compiled for block requests alone would be so for its requests
   * too.
   *
   * @param ending when to end it all the same
   */
  void rehearse(Rehearsal.Ending ending) throws InterruptedException {
    if (options.rehearsal()) {
      rehearsal.play(requests -> ending.isDue(requests) || hasSessionsOrScsi());
    }
  }

  private boolean hasSessionsOrScsi() throws InterruptedException {
    try {
      return cores.onControl(() ->
          controllers.all().stream()
              .anyMatch(one -> !(one instanceof BlkController) || !one.sessions().isEmpty()));
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What is served, on one line. */
  String summary() throws InterruptedException {
    try {
      return cores.onControl(this::served);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Has the service manager told from now on that this works, and what it serves. */
  void reportTo(ServiceManager manager) throws InterruptedException {
    if (!manager.isThere()) {
      return;
    }
    Heartbeat heart =
        new Heartbeat(
            manager.beatNanos(),
            cores.control(),
            cores.polling().values(),
            () -> manager.alive(served()));
    try {
      cores.onControl(() -> {
        heart.start();
        return true;
      });
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private String served() {
    int disks = controllers.all().size();
    int polling = cores.polling().size();
    String text = count(disks, "disk") + " on " + count(polling, "core");
    if (options.rpcSocket() != null) {
      text += ", JSON-RPC at " + options.rpcSocket();
    }
    ControlPlane plane = controlPlane;
    String metrics = plane == null ? null : plane.metricsUrl();
    return metrics == null ? text : text + ", metrics at " + metrics;
  }

  /**
   * Complete when it serves: from the start, or when a client has had it come up. Fails if that
   * failed.
   */
  CompletableFuture<@Nullable Void> initialised() {
    return initialised;
  }

  /** Complete when no front-end can come to any disk of the command line any more. */
  CompletionStage<@Nullable Void> over() {
    return over;
  }

  private static String count(int number, String thing) {
    return number + " " + thing + (number == 1 ? "" : "s");
  }

  /**
   * Stops accepting, lets what is in flight finish, and takes everything down; what does not end in
   * time is left to the end of the process.
   */
  void stop() throws InterruptedException {
    while (!undo.isEmpty()) {
      try {
        undo.pop().run();
      } catch (ExecutionException | TimeoutException e) {
        LoggerFactory.getLogger(Target.class)
            .warn("the server did not stop cleanly: {}", Cores.cause(e).toString());
      }
    }
  }

  private void releaseNvmeControllers()
      throws InterruptedException, ExecutionException, TimeoutException {
    ControlPlane plane = controlPlane;
    if (plane != null) {
      cores.awaitOnControl(plane::releaseControllers, NVME_STOP_SECONDS);
    }
  }
}
