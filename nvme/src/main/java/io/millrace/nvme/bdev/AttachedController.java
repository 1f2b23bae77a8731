package io.millrace.nvme.bdev;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.nvme.ControllerListener;
import io.millrace.nvme.NamespaceData;
import io.millrace.nvme.NvmeController;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A controller under the name that its operator gave it, and the bdevs of its namespaces. Control
 * thread.
 */
public final class AttachedController implements ControllerListener {
  private static final Logger LOG = LoggerFactory.getLogger(AttachedController.class);

  private final String name;
  private final String address;
  private final BdevRegistry bdevs;
  private final Runnable gone;
  private final int maxBdevs;
  private final Map<Integer, NvmeBdev> disks = new TreeMap<>();
  private final NvmeDescription description;
  private final CompletableFuture<@Nullable NvmeController> arrival = new CompletableFuture<>();
  private @Nullable NvmeController controller;
  private @Nullable CompletableFuture<@Nullable Void> detaching;

  AttachedController(String name, String address, BdevRegistry bdevs, int maxBdevs, Runnable gone) {
    this.name = name;
    this.address = address;
    this.bdevs = bdevs;
    this.maxBdevs = maxBdevs;
    this.gone = gone;
    this.description = new NvmeDescription(address);
  }

  /** The operator's name of it. */
  public String name() {
    return name;
  }

  /** The address that it was attached by. */
  public String address() {
    return address;
  }

  /** Its transport id in SPDK's shape. */
  public Map<String, Object> transport() {
    return description.transport();
  }

  /** Whether {@link #controller()} is there: not while it is brought up for the first time. */
  public boolean isAttached() {
    return controller != null;
  }

  /** Whether it is being given back. */
  public boolean isDetaching() {
    return detaching != null;
  }

  /** The controller. */
  public NvmeController controller() {
    NvmeController current = controller;
    if (current == null) {
      throw new IllegalStateException(name + " is not attached yet");
    }
    return current;
  }

  /** Its disks, in the order of their namespaces. */
  public List<NvmeBdev> disks() {
    return List.copyOf(disks.values());
  }

  /** The controller is live: makes the bdevs of its namespaces. */
  void attached(NvmeController live) {
    controller = live;
    live.namespaces().forEach(this::namespaceAdded);
    arrival.complete(live);
  }

  /** It was not to be had. */
  void notAttached() {
    arrival.complete(null);
  }

  /** Removes all bdevs and gives the controller back, once however often it is asked for. */
  CompletableFuture<@Nullable Void> detach(Runnable over) {
    CompletableFuture<@Nullable Void> current = detaching;
    if (current != null) {
      return current;
    }
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    detaching = done;
    var _ =
        arrival
            .<@Nullable Void>thenCompose(this::giveBack)
            .whenComplete((given, e) -> {
              over.run();
              if (e == null) {
                done.complete(null);
              } else {
                done.completeExceptionally(e);
              }
            });
    return done;
  }

  private CompletionStage<@Nullable Void> giveBack(@Nullable NvmeController arrived) {
    return arrived == null
        ? CompletableFuture.completedFuture(null)
        : removeDisks().<@Nullable Void>thenCompose(removed -> arrived.close());
  }

  @Override
  public void namespaceAdded(NamespaceData namespace) {
    NvmeController of = controller;
    String disk = name + "n" + Integer.toUnsignedString(namespace.nsid());
    if (of == null || detaching != null) {
      return; // told of them all once it is live; too late for more
    }
    if (!NvmeBdev.isUsable(namespace)) {
      LOG.warn(
          "{}: namespace {} has {} bytes of metadata a block and no protection information that"
              + " the controller makes; it is not used, format it without metadata",
          name,
          namespace.nsid(),
          namespace.metadataBytes());
      return;
    }
    if (disks.size() >= maxBdevs) {
      LOG.warn("{}: {} disks are what max_bdevs allows; {} is not made", name, maxBdevs, disk);
      return;
    }
    try {
      NvmeBdev bdev = new NvmeBdev(disk, uuid(of, namespace), of, namespace, description);
      bdevs.register(bdev);
      disks.put(namespace.nsid(), bdev);
    } catch (BdevException e) {
      LOG.error("{}: namespace {} is no disk: {}", name, namespace.nsid(), e.getMessage());
    }
  }

  /**
   * The namespace's own UUID, unless it has none or another bdev has it: some drives share theirs.
   */
  private UUID uuid(NvmeController of, NamespaceData namespace) {
    UUID own = namespace.uuid();
    if (own != null && isFree(own)) {
      return own;
    }
    String unique = of.data().subsystem() + of.data().serial() + ":" + address;
    return UUID.nameUUIDFromBytes(
        (unique + "n" + namespace.nsid()).getBytes(StandardCharsets.UTF_8));
  }

  private boolean isFree(UUID uuid) {
    return bdevs.all().stream().noneMatch(bdev -> bdev.properties().uuid().equals(uuid));
  }

  @Override
  public void namespaceResized(NamespaceData namespace) {
    NvmeBdev bdev = disks.get(namespace.nsid());
    if (bdev != null) {
      bdev.resize(namespace.blockCount());
      bdevs.resized(bdev);
    }
  }

  @Override
  public void namespaceRemoved(int nsid) {
    NvmeBdev bdev = disks.remove(nsid);
    if (bdev != null) {
      var _ = remove(bdev);
    }
  }

  @Override
  public void gone() {
    gone.run();
  }

  private CompletableFuture<@Nullable Void> removeDisks() {
    List<CompletableFuture<@Nullable Void>> all = new ArrayList<>();
    for (NvmeBdev bdev : disks()) {
      all.add(remove(bdev));
    }
    disks.clear();
    return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
        .thenApply(removed -> null);
  }

  private CompletableFuture<@Nullable Void> remove(NvmeBdev bdev) {
    try {
      return bdevs.remove(bdev.name()).toCompletableFuture();
    } catch (BdevException e) {
      return CompletableFuture.completedFuture(null); // somebody removed it before
    }
  }
}
