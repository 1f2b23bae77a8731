package io.millrace.server;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.rpc.BdevMethods;
import io.millrace.bdev.rpc.BdevNotifications;
import io.millrace.initiator.rpc.VirtioMethods;
import io.millrace.nvme.bdev.PciDevices;
import io.millrace.nvme.rpc.NvmeMethods;
import io.millrace.rpc.ConfigException;
import io.millrace.rpc.ConfigFile;
import io.millrace.rpc.ConfigLoader;
import io.millrace.rpc.FrameworkMethods;
import io.millrace.rpc.FrameworkMethods.Subsystem;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Notifications;
import io.millrace.rpc.RpcServer;
import io.millrace.rpc.StartConfiguration;
import io.millrace.rpc.state.ConfigurationJournal;
import io.millrace.rpc.state.JournaledStart;
import io.millrace.rpc.state.StateMethods;
import io.millrace.server.metrics.MetricsAddress;
import io.millrace.server.metrics.MetricsServer;
import io.millrace.vhost.user.rpc.ControllerSockets;
import io.millrace.vhost.user.rpc.IostatMethods;
import io.millrace.vhost.user.rpc.VhostMethods;
import io.millrace.vhost.user.server.VhostControllers;
import io.millrace.virtio.blk.BlkController;
import io.millrace.virtio.blk.BlkControllers;
import io.millrace.virtio.blk.rpc.BlkMethods;
import io.millrace.virtio.scsi.ScsiController;
import io.millrace.virtio.scsi.ScsiControllers;
import io.millrace.virtio.scsi.rpc.ScsiMethods;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The configuration file and JSON-RPC, over one registry of methods. A class of its own so that a
 * server that needs neither loads neither. For the main thread.
 */
final class ControlPlane {
  private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);

  /** In the order in which they come up; those of SPDK that have a counterpart here. */
  private static final List<Subsystem> SUBSYSTEMS =
      List.of(
          new Subsystem(SchedulerMethods.SUBSYSTEM, List.of(), true),
          new Subsystem("bdev", List.of(), true),
          new Subsystem("scsi", List.of("bdev"), false),
          new Subsystem(ScsiController.SUBSYSTEM, List.of("scsi"), true),
          new Subsystem(BlkController.SUBSYSTEM, List.of("bdev"), true));

  /** In a configuration file an unknown method of these is an error. */
  private static final Set<String> NAMES =
      SUBSYSTEMS.stream().map(Subsystem::name).collect(Collectors.toUnmodifiableSet());

  /** What SPDK's save_config writes in those even where the module that it sets up is not used. */
  private static final Set<String> OF_ABSENT_MODULES =
      Set.of("bdev_iscsi_set_options", "bdev_raid_set_options");

  /** Nothing is configured at the start. */
  private static final StartConfiguration NOTHING =
      new StartConfiguration() {
        @Override
        public CompletionStage<@Nullable Void> startup() {
          return CompletableFuture.completedStage(null);
        }

        @Override
        public CompletionStage<@Nullable Void> runtime() {
          return CompletableFuture.completedStage(null);
        }
      };

  private static final long STOP_SECONDS = 5;

  private final Cores cores;
  private final @Nullable ConfigurationJournal journal;
  private final BdevRegistry bdevs;
  private final MethodRegistry methods = new MethodRegistry();
  private final CoreLocks locks = new CoreLocks(CoreLocks.DIRECTORY);
  private final Notifications notifications = new Notifications();
  private final NvmeMethods nvme;
  private Supplier<CompletionStage<@Nullable Void>> initialise =
      () -> CompletableFuture.failedStage(new IllegalStateException("it comes up by itself"));
  private @Nullable RpcServer server;
  private @Nullable MetricsServer metrics;

  /** Brings every module's methods together. */
  ControlPlane(
      ControllerSockets sockets,
      @Nullable SavedState saved,
      Cores cores,
      BdevRegistry bdevs,
      VhostControllers controllers,
      BlkControllers blk,
      ScsiControllers scsi,
      RingScheduler scheduler) {
    this.cores = cores;
    this.journal = saved == null ? null : saved.journal();
    this.bdevs = bdevs;
    ServerMethods.addTo(methods);
    FrameworkMethods.addTo(methods, SUBSYSTEMS, () -> initialise.get());
    LogMethods.addTo(methods);
    notifications.addTo(methods);
    SchedulerMethods.addTo(methods, scheduler, cores.polling());
    ThreadMethods.addTo(methods, cores, bdevs, controllers::rings);
    CoreMethods.addTo(methods, cores, locks, controllers::rings);
    BdevMethods.addTo(methods, bdevs, cores.control());
    nvme =
        NvmeMethods.addTo(
            methods, bdevs, cores.control(), PciDevices::open, NvmeFunctions::withVfio);
    VirtioMethods.addTo(methods, bdevs, cores.control());
    VhostMethods.addTo(methods, controllers);
    IostatMethods.addTo(methods, controllers);
    BlkMethods.addTo(methods, controllers, blk, sockets);
    ScsiMethods.addTo(methods, controllers, scsi, sockets);
    if (journal != null) {
      StateMethods.addTo(methods, journal);
    }
  }

  /** All methods; once a reactor runs, the control thread's. */
  MethodRegistry methods() {
    return methods;
  }

  /**
   * Makes what the state directory has, or else what the file says, and enters run time. What the
   * file made stays if it fails half-way.
   */
  void configure(@Nullable ConfigFile file) throws CommandException, InterruptedException {
    try {
      cores.onControl(this::watchBdevs);
      StartConfiguration start = start(file);
      await(start::startup);
      await(start::runtime);
      cores.onControl(() -> {
        methods.enterRuntime();
        return true;
      });
    } catch (ConfigException e) {
      throw CommandException.misused(e);
    } catch (ExecutionException e) {
      throw CommandException.misused(Cores.cause(e));
    }
  }

  private void await(Callable<CompletionStage<@Nullable Void>> task)
      throws InterruptedException, ExecutionException {
    cores.onControl(task).toCompletableFuture().get();
  }

  private StartConfiguration start(@Nullable ConfigFile file) throws ConfigException {
    ConfigLoader loader =
        file == null ? null : ConfigLoader.check(file, methods, NAMES, OF_ABSENT_MODULES);
    if (journal != null) {
      return new JournaledStart(journal, methods, loader, cores.control().eventLoop());
    }
    return loader == null ? NOTHING : loader;
  }

  /**
   * Makes the calls of {@link #configure} that can be made before the subsystems are up; the others
   * when a client calls framework_start_init.
   *
   * @param disks serves those of the command line; called before the other calls, on the control
   *     thread
   * @param initialised completed when all that is done, or has failed
   */
  void prepare(
      @Nullable ConfigFile file,
      Callable<Boolean> disks,
      CompletableFuture<@Nullable Void> initialised)
      throws CommandException, InterruptedException {
    try {
      cores.onControl(this::watchBdevs);
      StartConfiguration start = start(file);
      initialise = () -> initialise(start, disks).whenComplete((up, e) -> told(initialised, e));
      await(start::startup);
    } catch (ConfigException e) {
      throw CommandException.misused(e);
    } catch (ExecutionException e) {
      throw CommandException.misused(Cores.cause(e));
    }
  }

  private CompletionStage<@Nullable Void> initialise(
      StartConfiguration start, Callable<Boolean> disks) {
    try {
      disks.call();
    } catch (Exception e) {
      return CompletableFuture.failedStage(e);
    }
    return start
        .runtime()
        .thenApplyAsync(
            done -> {
              methods.enterRuntime();
              return null;
            },
            cores.control().eventLoop());
  }

  private static void told(CompletableFuture<@Nullable Void> initialised, @Nullable Throwable e) {
    if (e == null) {
      initialised.complete(null);
    } else {
      initialised.completeExceptionally(e);
    }
  }

  /** Clients are told of the command line's disks as well. */
  private boolean watchBdevs() {
    BdevNotifications told = new BdevNotifications(notifications);
    bdevs.all().forEach(told::registered);
    bdevs.addWatcher(told);
    return true;
  }

  /** Listens. */
  void listen(Path socket) throws CommandException, InterruptedException {
    try {
      String passed = PassedSockets.nameIn(socket.toString());
      EventLoop loop = cores.control().eventLoop();
      CompletionStage<RpcServer> listening =
          passed == null
              ? RpcServer.listen(socket, loop, methods)
              : RpcServer.inherit(PassedSockets.ofProcess().number(passed), loop, methods);
      server = listening.toCompletableFuture().get();
    } catch (IOException e) {
      throw CommandException.misused(e);
    } catch (ExecutionException e) {
      throw CommandException.misused(Cores.cause(e));
    }
  }

  /** Serves metrics, also where nobody listens for calls. */
  void serveMetrics(MetricsAddress address) throws CommandException {
    RpcServer listening = server;
    try {
      metrics =
          MetricsServer.start(
              address,
              methods,
              cores.control(),
              () -> listening == null ? 0 : listening.connections());
    } catch (IOException e) {
      throw CommandException.misused(e);
    }
  }

  /** Where metrics are; null for nowhere. */
  @Nullable String metricsUrl() {
    MetricsServer serving = metrics;
    return serving == null ? null : serving.url();
  }

  /** Shuts every NVMe controller down in order and gives it back; their disks have no users. */
  CompletionStage<@Nullable Void> releaseControllers() throws BdevException {
    return nvme.close();
  }

  /** What goes with the server stays configured; others may have its cores. */
  private CompletionStage<@Nullable Void> leave() {
    methods.configuration().seal();
    try {
      locks.release();
    } catch (CoreLocks.RefusedException e) {
      LOG.warn("remove it by hand: {}", e.getMessage());
    }
    return CompletableFuture.completedStage(null);
  }

  /** Stops listening and drops the clients. */
  void stop() throws InterruptedException, ExecutionException, TimeoutException {
    MetricsServer serving = metrics;
    if (serving != null) {
      serving.close();
    }
    cores.awaitOnControl(this::leave, STOP_SECONDS);
    RpcServer listening = server;
    if (listening != null) {
      cores.awaitOnControl(listening::close, STOP_SECONDS);
    }
  }
}
