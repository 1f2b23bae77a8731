package io.millrace.nvme.bdev;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.BdevRegistry;
import io.millrace.nvme.ControllerOptions;
import io.millrace.nvme.NvmeController;
import io.millrace.nvme.NvmeException;
import io.millrace.nvme.TransportStatistics;
import io.millrace.nvme.pci.PciDevice;
import io.millrace.reactor.Reactor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The NVMe controllers of the process, by name. Control thread. */
public final class NvmeModule {
  private static final Logger LOG = LoggerFactory.getLogger(NvmeModule.class);

  /** Disks that a controller may have where nothing else was said, as SPDK has it. */
  public static final int MAX_BDEVS = 128;

  private final BdevRegistry bdevs;
  private final Reactor control;
  private final DeviceOpener opener;
  private final Map<String, AttachedController> byName = new LinkedHashMap<>();
  private final PollGroups pollGroups = new PollGroups();
  private ControllerOptions options = ControllerOptions.DEFAULTS;
  private Consumer<String> detached = name -> {};

  /**
   * A module without controllers.
   *
   * @param control the control thread's reactor, home of all controllers
   */
  public NvmeModule(BdevRegistry bdevs, Reactor control, DeviceOpener opener) {
    this.bdevs = bdevs;
    this.control = control;
    this.opener = opener;
  }

  /** Options of controllers attached from now on. */
  public ControllerOptions options() {
    return options;
  }

  /** Sets {@link #options()}. */
  public void options(ControllerOptions others) {
    options = others;
  }

  /** Has somebody told the name of each controller that is not there any more. */
  public void whenDetached(Consumer<String> listener) {
    detached = listener;
  }

  /** All controllers, oldest first. */
  public Collection<AttachedController> all() {
    return List.copyOf(byName.values());
  }

  /**
   * What I/O queue pairs did on each reactor that has one now, of all controllers and of those that
   * are not there any more; the caller's, in the order of the reactors' ids.
   */
  public Map<Reactor, TransportStatistics> transport() {
    return pollGroups.of(
        byName.values().stream()
            .filter(AttachedController::isAttached)
            .map(AttachedController::controller)
            .toList());
  }

  /** The controller of a name. */
  public AttachedController get(String name) throws BdevException {
    AttachedController found = byName.get(name);
    if (found == null) {
      throw new BdevException(Kind.NOT_FOUND, "there is no NVMe controller " + name);
    }
    return found;
  }

  /**
   * Attaches a controller and makes bdevs of its namespaces.
   *
   * @param name prefix of the bdevs' names: {@code Nvme0} for {@code Nvme0n1}
   * @param address of the device, {@code 0000:01:00.0}
   * @param maxBdevs most of them
   * @return complete with the controller when its bdevs are there; fails with a {@link
   *     BdevException}
   */
  public CompletionStage<AttachedController> attach(String name, String address, int maxBdevs)
      throws BdevException {
    return attach(name, address, maxBdevs, options);
  }

  /** The same with options of its own. */
  public CompletionStage<AttachedController> attach(
      String name, String address, int maxBdevs, ControllerOptions driven) throws BdevException {
    BdevProperties.requireName(name);
    for (AttachedController other : byName.values()) {
      if (other.name().equals(name) || other.address().equals(address)) {
        throw new BdevException(
            Kind.EXISTS,
            "NVMe controller " + other.name() + " at " + other.address() + " is attached already");
      }
    }
    PciDevice device;
    try {
      device = opener.open(address);
    } catch (IOException e) {
      throw new BdevException(Kind.SYSTEM, String.valueOf(e.getMessage()), e);
    }
    AttachedController attached =
        new AttachedController(name, address, bdevs, maxBdevs, () -> pulledOut(name));
    byName.put(name, attached);
    CompletableFuture<AttachedController> done = new CompletableFuture<>();
    var _ =
        NvmeController.attach(device, control, driven, attached)
            .whenComplete((live, e) -> {
              if (e == null) {
                attached.attached(live);
                LOG.info("{}: {} {}", name, live.data().model(), address);
                done.complete(attached);
              } else {
                byName.remove(name, attached);
                attached.notAttached();
                done.completeExceptionally(failure(e));
              }
            });
    return done;
  }

  private static Throwable failure(Throwable e) {
    Throwable known = NvmeException.cause(e);
    return known instanceof NvmeException nvme ? NvmeErrors.of(nvme) : known;
  }

  /**
   * Removes a controller's bdevs and gives it back.
   *
   * @return complete when that is done; the name is free then
   */
  public CompletionStage<@Nullable Void> detach(String name) throws BdevException {
    AttachedController attached = get(name);
    return attached.detach(() -> {
      byName.remove(name, attached);
      if (attached.isAttached()) {
        pollGroups.leave(attached.controller());
      }
      detached.accept(name);
    });
  }

  private void pulledOut(String name) {
    if (byName.containsKey(name)) {
      LOG.warn("{}: its disks are removed", name);
      try {
        var _ = detach(name);
      } catch (BdevException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** Detaches every controller. */
  public CompletionStage<@Nullable Void> close() throws BdevException {
    List<CompletableFuture<@Nullable Void>> all = new ArrayList<>();
    for (AttachedController attached : all()) {
      all.add(detach(attached.name()).toCompletableFuture());
    }
    return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).thenApply(closed -> null);
  }
}
