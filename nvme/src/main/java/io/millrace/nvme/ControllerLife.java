package io.millrace.nvme;

import io.millrace.nvme.NvmeController.State;
import io.millrace.nvme.NvmeException.Kind;
import io.millrace.nvme.pci.PciDevice;
import io.millrace.reactor.Reactor;
import io.millrace.reactor.Timer;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The states of a controller and the ways between them. Home reactor, but for what queue pairs
 * report, which comes here as a message.
 */
final class ControllerLife implements QueueOwner {
  private static final Logger LOG = LoggerFactory.getLogger(ControllerLife.class);

  private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long BETWEEN_TRIES_MILLIS = 1000;

  private final ControllerParts parts;
  private final String name;
  private final Reactor home;
  private final Namespaces namespaces;
  private final ControllerListener listener;
  private final AsyncEvents events;
  private final ShadowDoorbells shadows;
  private @Nullable ControllerData data;
  private @Nullable CompletableFuture<@Nullable Void> changing;
  private @Nullable Timer watch;
  private volatile State state = State.STARTING;
  private volatile String failure = "";

  ControllerLife(
      PciDevice device, Reactor home, ControllerOptions options, ControllerListener listener)
      throws IOException, NvmeException {
    this.home = home;
    this.listener = listener;
    this.parts = new ControllerParts(device, home, options, this, this::wantedBack);
    this.name = parts.name;
    this.namespaces =
        new Namespaces(
            name, new NamespaceScan(name, parts.admin, parts.registers, parts.quirks), listener);
    this.shadows =
        new ShadowDoorbells(name, device.dma(), parts.admin, parts.registers.doorbellStride());
    this.events = new AsyncEvents(name, home, parts.admin, this::namespacesChanged);
  }

  ControllerParts parts() {
    return parts;
  }

  State state() {
    return state;
  }

  String failure() {
    return failure;
  }

  Namespaces namespaces() {
    return namespaces;
  }

  @Nullable ControllerData data() {
    return data;
  }

  /** Brings it up for the first time. */
  CompletableFuture<@Nullable Void> begin() {
    parts.mayUseMemory(true);
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    changing = done; // a reset that is asked for meanwhile is this one
    var _ =
        parts
            .bringUp
            .stop()
            .<@Nullable Void>thenCompose(stopped -> tryStart(1))
            .whenComplete((live, e) -> {
              changing = null;
              if (e == null) {
                look();
                done.complete(null);
              } else {
                end(State.CLOSED);
                done.completeExceptionally(NvmeException.cause(e));
              }
            });
    return done;
  }

  /** Starts the stopped controller, again and again if need be. */
  private CompletableFuture<@Nullable Void> tryStart(int attempt) {
    return start()
        .exceptionallyCompose(e -> {
          Throwable cause = NvmeException.cause(e);
          boolean hopeless =
              attempt >= parts.options.resets()
                  || state == State.FAILED
                  || (cause instanceof NvmeException known && known.kind() == Kind.GONE);
          if (hopeless) {
            return CompletableFuture.failedFuture(cause);
          }
          LOG.warn("{}; trying once more", cause.getMessage());
          return suspend(false)
              .thenCompose(suspended -> parts.wait.pause(BETWEEN_TRIES_MILLIS))
              .thenCompose(later -> parts.bringUp.stop())
              .thenCompose(stopped -> reclaim())
              .thenCompose(empty -> tryStart(attempt + 1));
        });
  }

  private CompletableFuture<@Nullable Void> start() {
    return parts
        .bringUp
        .start(parts.hasInterrupts())
        .thenCompose(started -> parts.bringUp.identify())
        .thenCompose(this::identified)
        .thenCompose(granted -> {
          state = State.LIVE; // pairs that join from now on make their queues themselves
          return parts.pairs.createAll();
        })
        .thenCompose(made -> stillServes())
        .thenCompose(made -> {
          events.start(data0());
          return namespaces.refresh(data0().namespaces());
        });
  }

  /** It may have lied to a pair that has its queues while others waited for theirs. */
  private CompletableFuture<@Nullable Void> stillServes() {
    return state == State.LIVE
        ? BringUp.done()
        : CompletableFuture.failedFuture(new NvmeException(Kind.PROTOCOL, failure));
  }

  private ControllerData data0() {
    ControllerData current = data;
    if (current == null) {
      throw new IllegalStateException(name + " was not identified");
    }
    return current;
  }

  private CompletableFuture<@Nullable Void> identified(ControllerData found) {
    data = found;
    return parts
        .bringUp
        .queues(parts.options.queues())
        .thenCompose(granted ->
            shadows
                .offer(found, parts.options)
                .thenAccept(doorbells ->
                    parts.pairs.granted(
                        granted,
                        new RetryRule(parts.options.retries(), found.retryDelaysMillis()),
                        doorbells)));
  }

  /**
   * Stops the controller, starts it and sends again what it had. One at a time: a second call waits
   * for the first.
   */
  CompletableFuture<@Nullable Void> reset(String why) {
    return change(
        State.RESETTING,
        () -> {
          LOG.warn("{}: resetting it: {}", name, why);
          return halt().<@Nullable Void>thenCompose(stopped -> tryStart(1));
        });
  }

  /** Stops the controller; requests wait until it is enabled. */
  CompletableFuture<@Nullable Void> disable() {
    return change(State.DISABLED, this::halt);
  }

  /** Starts a controller that was disabled. */
  CompletableFuture<@Nullable Void> enable() {
    return state == State.LIVE
        ? BringUp.done()
        : change(State.RESETTING, () -> halt().<@Nullable Void>thenCompose(stopped -> tryStart(1)));
  }

  private CompletableFuture<@Nullable Void> change(
      State meanwhile, Supplier<CompletableFuture<@Nullable Void>> step) {
    CompletableFuture<@Nullable Void> current = changing;
    if (current != null) {
      return current;
    }
    if (state == State.GONE || state == State.CLOSED) {
      return CompletableFuture.failedFuture(
          new NvmeException(Kind.NOT_READY, name + ": the controller is " + state));
    }
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    changing = done;
    boolean failed = state == State.FAILED;
    state = meanwhile;
    failure = "";
    if (failed) {
      parts.mayUseMemory(true);
    }
    var _ =
        step.get()
            .whenComplete((ok, e) -> {
              changing = null;
              if (e == null) {
                done.complete(null);
              } else {
                Throwable cause = NvmeException.cause(e);
                lost(cause);
                done.completeExceptionally(cause);
              }
            });
    return done;
  }

  /** Takes the queues away, stops the controller, and puts back what it had. */
  private CompletableFuture<@Nullable Void> halt() {
    return suspend(true).thenCompose(suspended -> parts.bringUp.stop()).thenCompose(s -> reclaim());
  }

  private CompletableFuture<@Nullable Void> suspend(boolean trusted) {
    parts.admin.pair().detach(trusted);
    return parts.pairs.onAll(pair -> pair.detach(trusted));
  }

  private CompletableFuture<@Nullable Void> reclaim() {
    parts.admin.pair().kill(NvmeStatus.ABORTED_SQ_DELETION | NvmeStatus.DNR);
    return parts.pairs.onAll(pair -> {
      pair.revive();
      pair.reclaim();
    });
  }

  /** It cannot be brought back: ends what it had, once it cannot touch memory any more. */
  private void lost(Throwable cause) {
    if (cause instanceof NvmeException known && known.kind() == Kind.GONE) {
      gone();
    } else {
      fail(String.valueOf(cause.getMessage()));
    }
  }

  /** Takes the controller out of service. */
  void fail(String why) {
    if (state == State.FAILED || state == State.GONE || state == State.CLOSED) {
      return;
    }
    LOG.error("{}; it is out of service, bdev_nvme_reset_controller tries it again", why);
    state = State.FAILED;
    failure = why;
    parts.registers.disable();
    var _ = kill();
  }

  private void wantedBack() {
    LOG.warn("{}: the kernel wants the device back; its disks are removed", name);
    listener.gone();
  }

  private void gone() {
    if (state == State.GONE || state == State.CLOSED) {
      return;
    }
    LOG.error("{}: the device is gone", name);
    state = State.GONE;
    var _ = kill();
    listener.gone();
  }

  private CompletableFuture<@Nullable Void> kill() {
    parts.mayUseMemory(false);
    parts.admin.pair().kill(NvmeStatus.INTERNAL_PATH_ERROR);
    return parts.pairs.onAll(pair -> pair.kill(NvmeStatus.INTERNAL_PATH_ERROR));
  }

  /** Looks after the controller now and then: its own failure comes without a completion. */
  private void look() {
    int status = parts.registers.status();
    if (state != State.GONE && status == ControllerRegisters.GONE) {
      gone();
    } else if (state == State.LIVE && ControllerRegisters.isFatal(status)) {
      var _ = reset(name + ": it says that it has failed");
    }
    if (state != State.CLOSED && state != State.GONE) {
      if (state == State.LIVE && !parts.hasInterrupts()) {
        events.pollFor(WATCH_NANOS);
      }
      watch = home.schedule(WATCH_NANOS, this::look);
    }
  }

  private void namespacesChanged() {
    if (state == State.LIVE) {
      var _ =
          rescan()
              .exceptionally(e -> {
                LOG.warn(
                    "{}: its namespaces are not known: {}",
                    name,
                    NvmeException.cause(e).getMessage());
                return null;
              });
    }
  }

  /** Looks for namespaces that came, went or changed. */
  CompletableFuture<@Nullable Void> rescan() {
    return namespaces.refresh(data0().namespaces());
  }

  /**
   * Shuts the controller down in order and gives the device back. Nobody has a queue pair any more.
   */
  CompletableFuture<@Nullable Void> close() {
    CompletableFuture<@Nullable Void> current = changing;
    if (current != null) {
      return current.handle((ok, e) -> null).thenCompose(over -> close());
    }
    if (state == State.CLOSED) {
      return BringUp.done();
    }
    boolean live = state == State.LIVE;
    ControllerData known = data;
    long millis = known == null ? 0 : known.shutdownMillis();
    CompletableFuture<@Nullable Void> shut = live ? parts.bringUp.shutDown(millis) : BringUp.done();
    state = live ? State.RESETTING : state; // takes no more queues
    return shut.exceptionally(
            e -> {
              LOG.warn("{}; giving it back all the same", NvmeException.cause(e).getMessage());
              return null;
            })
        .thenCompose(down -> live ? parts.bringUp.stop() : BringUp.done())
        .exceptionally(e -> null)
        .<@Nullable Void>thenCompose(
            stopped -> kill()) // what the control plane still had in a queue
        .whenComplete((killed, e) -> end(State.CLOSED));
  }

  private void end(State last) {
    state = last;
    Timer looking = watch;
    if (looking != null) {
      looking.cancel();
    }
    parts.mayUseMemory(false);
    parts.close();
    shadows.close();
  }

  @Override
  public void lied(QueuePair pair, String what) {
    home.execute(() -> fail(what));
  }

  @Override
  public void abort(QueuePair pair, int commandId) {
    home.execute(() -> {
      if (pair == parts.admin.pair()) {
        adminHangs(name + ": an admin command takes too long");
      } else if (state == State.LIVE) {
        int which = pair.id() | commandId << 16;
        var _ = parts.admin.send(NvmeCommand.of(Opcode.ABORT, 0).dwords(which));
      }
    });
  }

  @Override
  public void hangs(QueuePair pair, String what) {
    home.execute(() -> {
      if (state == State.LIVE) {
        var _ = reset(what);
      }
    });
  }

  private void adminHangs(String what) {
    if (changing != null) {
      parts.admin.pair().kill(NvmeStatus.ABORTED_BY_REQUEST | NvmeStatus.DNR); // that try is over
    } else if (state == State.LIVE) {
      var _ = reset(what);
    }
  }

  @Override
  public boolean takesQueues() {
    return state == State.LIVE;
  }

  @Override
  public boolean isLost() {
    return state == State.FAILED || state == State.GONE || state == State.CLOSED;
  }
}
