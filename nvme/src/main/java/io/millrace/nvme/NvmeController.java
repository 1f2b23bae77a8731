package io.millrace.nvme;

import io.millrace.nvme.NvmeException.Kind;
import io.millrace.nvme.pci.PciDevice;
import io.millrace.reactor.Reactor;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One NVMe controller that this process drives. Its home is the reactor that it was attached on:
 * everything here runs there, except what says otherwise.
 *
 * <p>A controller that hangs, or says that it has failed, is reset, and what it had is sent again.
 * One that lies, that does not come back, or that was pulled out is taken out of service: its DMA
 * is stopped first, then every request ends with an error.
 */
public final class NvmeController {
  /** What a controller is at. */
  public enum State {
    STARTING,
    LIVE,
    RESETTING,
    /** Stopped by its operator; requests wait. */
    DISABLED,
    /** Out of service; requests end with an error. */
    FAILED,
    /** Pulled out. */
    GONE,
    CLOSED
  }

  private final ControllerLife life;
  private final ControllerParts parts;
  private final String name;
  private final Reactor home;
  private final DmaTable dma;

  private NvmeController(ControllerLife life) {
    this.life = life;
    this.parts = life.parts();
    this.name = parts.name;
    this.home = parts.home;
    this.dma = new DmaTable(parts.device.dma());
  }

  /**
   * Takes a device over: stops it if it runs, starts it, asks for its namespaces, tells the
   * listener of each.
   *
   * @param device closed with the controller, and when this fails
   * @param home the calling reactor
   * @return complete when it is live; fails with an {@link NvmeException}
   */
  public static CompletionStage<NvmeController> attach(
      PciDevice device, Reactor home, ControllerOptions options, ControllerListener listener) {
    try {
      NvmeController controller =
          new NvmeController(new ControllerLife(device, home, options, listener));
      return controller.life.begin().thenApply(live -> controller);
    } catch (NvmeException e) {
      device.close();
      return CompletableFuture.failedFuture(e);
    } catch (IOException e) {
      device.close();
      return CompletableFuture.failedFuture(
          new NvmeException(Kind.SYSTEM, device.name() + ": " + e.getMessage(), e));
    }
  }

  /** Its PCI address. Any thread. */
  public String name() {
    return name;
  }

  /** What it is at. Any thread. */
  public State state() {
    return life.state();
  }

  /** Why it is FAILED; empty if it is not. */
  public String failure() {
    return life.failure();
  }

  /** What it says of itself; there since it was first live. */
  public ControllerData data() {
    ControllerData current = life.data();
    if (current == null) {
      throw new IllegalStateException(name + " was never live");
    }
    return current;
  }

  /** Its namespaces, by id. */
  public Collection<NamespaceData> namespaces() {
    return life.namespaces().all();
  }

  /** The device below. */
  public PciDevice device() {
    return parts.device;
  }

  /** Which memory it reaches, as it is now. Any thread. */
  public DmaTable.Map memory() {
    return dma.map();
  }

  /** Bytes of its memory page less one. Any thread. */
  public long pageMask() {
    return parts.pageMask;
  }

  /** Its home. Any thread. */
  public Reactor home() {
    return home;
  }

  /** How many I/O queue pairs it granted. Any thread. */
  public int queueCount() {
    return parts.pairs.granted();
  }

  /** The reactors that have an I/O queue pair of it. Any thread. */
  public Set<Reactor> reactors() {
    return parts.pairs.reactors();
  }

  /**
   * What its I/O queue pairs did on each reactor since it was attached, also on one that has none
   * any more; they go on counting. Any thread.
   */
  public Map<Reactor, TransportStatistics> statistics() {
    return parts.pairs.statistics();
  }

  /**
   * The calling reactor's queue pair, shared by all who ask there.
   *
   * @return give it back by {@link #release}
   * @throws NvmeException there are no more
   */
  public QueuePair acquire(Reactor reactor) throws NvmeException {
    return parts.pairs.acquire(reactor);
  }

  /** Gives the calling reactor's queue pair back, with nothing of the caller's in it. */
  public void release(Reactor reactor) {
    parts.pairs.release(reactor);
  }

  /** Lets the controller reach memory that requests will point at. */
  public void addMemory(long address, long bytes) {
    dma.add(address, bytes);
  }

  /** Takes memory back that nothing points at any more. */
  public void removeMemory(long address, long bytes) {
    dma.remove(address, bytes);
  }

  /**
   * Sends an admin command. Any thread.
   *
   * @return complete on the home reactor with whatever status; fails if it could not be sent
   */
  public CompletionStage<NvmeResult> admin(NvmeCommand command) {
    return onHome(() ->
        life.state() == State.LIVE
            ? parts.admin.send(command)
            : CompletableFuture.failedFuture(notReady()));
  }

  /**
   * Sends an I/O command through the home reactor's queue pair. For what is rare; requests of disks
   * have a {@link QueuePair}. Any thread.
   */
  public CompletionStage<NvmeResult> io(NvmeCommand command) {
    return onHomePair(pair -> {
      ControlRequest request = new ControlRequest(command, parts.device.dma());
      pair.submit(request);
      return request.done();
    });
  }

  /** Compares and writes as one: the status of the first that failed. */
  public CompletionStage<NvmeResult> compareAndWrite(NvmeCommand compare, NvmeCommand write) {
    return onHomePair(pair -> {
      ControlRequest first = new ControlRequest(compare, parts.device.dma());
      ControlRequest second = new ControlRequest(write, parts.device.dma());
      pair.submitFused(first, second);
      return first.done().thenCombine(second.done(), (one, two) -> one.succeeded() ? two : one);
    });
  }

  /** Submits something to a queue pair. */
  private interface Submission {
    CompletableFuture<NvmeResult> submit(QueuePair pair) throws IOException;
  }

  /** Submits to the home's queue pair, which is there for as long as that takes. */
  private CompletionStage<NvmeResult> onHomePair(Submission submission) {
    return onHome(() -> {
      try {
        QueuePair pair = parts.pairs.acquire(home);
        return submit(pair, submission)
            .whenComplete((r, e) -> home.execute(() -> parts.pairs.release(home)));
      } catch (NvmeException e) {
        return CompletableFuture.failedFuture(e);
      }
    });
  }

  private CompletableFuture<NvmeResult> submit(QueuePair pair, Submission submission) {
    try {
      return submission.submit(pair);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(
          new NvmeException(Kind.SYSTEM, name + ": " + e.getMessage(), e));
    }
  }

  private <T extends @Nullable Object> CompletionStage<T> onHome(
      Supplier<CompletionStage<T>> action) {
    if (home.inReactor()) {
      return action.get();
    }
    CompletableFuture<T> done = new CompletableFuture<>();
    boolean sent =
        home.execute(() ->
            action
                .get()
                .whenComplete((value, e) -> {
                  if (e == null) {
                    done.complete(value);
                  } else {
                    done.completeExceptionally(NvmeException.cause(e));
                  }
                }));
    return sent ? done : CompletableFuture.failedFuture(notReady());
  }

  private NvmeException notReady() {
    String why = life.failure().isEmpty() ? "" : ": " + life.failure();
    return new NvmeException(Kind.NOT_READY, name + ": the controller is " + state() + why);
  }

  /** Stops the controller, starts it, and sends again what it had. Any thread. */
  public CompletionStage<@Nullable Void> reset() {
    return onHome(() -> life.reset("its operator asked for it"));
  }

  /** Stops the controller; requests wait until it is enabled again. Any thread. */
  public CompletionStage<@Nullable Void> disable() {
    return onHome(life::disable);
  }

  /** Starts a controller that was disabled, or has failed. Any thread. */
  public CompletionStage<@Nullable Void> enable() {
    return onHome(life::enable);
  }

  /**
   * Has commands of an opcode end with an error that did not happen. Home.
   *
   * @param admin whether admin commands; else I/O commands
   * @param injection null for no error any more
   */
  public void inject(boolean admin, int opcode, @Nullable ErrorInjection injection) {
    if (admin) {
      parts.admin.pair().inject(injection, opcode);
    } else {
      parts.pairs.inject(injection, opcode);
    }
  }

  /** Looks for namespaces that came, went or changed. Any thread. */
  public CompletionStage<@Nullable Void> rescan() {
    return onHome(life::rescan);
  }

  /**
   * Shuts the controller down in order and gives the device back. Nobody has a queue pair or memory
   * with it any more. Any thread.
   *
   * @return complete, whatever the controller did, when the device is given back
   */
  public CompletionStage<@Nullable Void> close() {
    return onHome(() -> {
      dma.clear();
      return life.close();
    });
  }
}
