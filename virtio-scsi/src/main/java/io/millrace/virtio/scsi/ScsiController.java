package io.millrace.virtio.scsi;

import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.reactor.Reactor;
import io.millrace.scsi.LogicalUnit;
import io.millrace.scsi.LogicalUnits;
import io.millrace.scsi.ScsiTarget;
import io.millrace.scsi.TargetPort;
import io.millrace.vhost.user.server.Coalescing;
import io.millrace.vhost.user.server.Placement;
import io.millrace.vhost.user.server.VhostController;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A SCSI controller: a socket, the device behind it, and its targets with their logical units.
 * Control thread.
 */
public final class ScsiController extends VhostController {
  /** Where SCSI controllers are configured, as SPDK names it. */
  public static final String SUBSYSTEM = "vhost_scsi";

  private final String name;
  private final ScsiDevice device;
  private final BdevRegistry bdevs;
  private final LogicalUnits units;
  private final PortIds portIds;
  private final Reactor control;
  private final Map<Integer, Target> targets = new TreeMap<>();

  /** Numbers of target ports, unique in the process. */
  interface PortIds {
    int next() throws BdevException;

    void free(int id);
  }

  /** A target that there is. */
  private static final class Target {
    final ScsiTarget target;
    final Map<Integer, Disk> disks = new TreeMap<>();

    Target(ScsiTarget target) {
      this.target = target;
    }
  }

  /** A bdev at a LUN. */
  private static final class Disk {
    final BdevDescriptor descriptor;
    final LogicalUnit unit;
    @Nullable CompletableFuture<@Nullable Void> going;

    Disk(BdevDescriptor descriptor, LogicalUnit unit) {
      this.descriptor = descriptor;
      this.unit = unit;
    }
  }

  ScsiController(
      ScsiDevice device,
      BdevRegistry bdevs,
      LogicalUnits units,
      PortIds portIds,
      Placement placement,
      Reactor control) {
    super(device, placement);
    this.name = device.name();
    this.device = device;
    this.bdevs = bdevs;
    this.units = units;
    this.portIds = portIds;
    this.control = control;
  }

  @Override
  protected void applyCoalescing(Coalescing setting) {
    device.coalescing(setting);
  }

  @Override
  public String subsystem() {
    return SUBSYSTEM;
  }

  /** As SPDK nests it: the targets, each with its logical units. */
  @Override
  public Map<String, Object> backendSpecific() {
    List<Map<String, Object>> all = new ArrayList<>();
    targets.forEach((number, target) -> {
      List<Map<String, Object>> luns = new ArrayList<>();
      luns(number).forEach((lun, bdev) -> luns.add(ordered("id", lun, "bdev_name", bdev)));
      Map<String, Object> entry =
          ordered("id", target.target.port().relativeId(), "target_name", "Target " + number);
      entry.put("scsi_dev_num", number);
      entry.put("luns", luns);
      all.add(entry);
    });
    return Map.of("scsi", all);
  }

  @Override
  public List<String> bdevNames() {
    return targets.values().stream()
        .flatMap(target -> target.disks.values().stream())
        .map(disk -> disk.descriptor.bdev().name())
        .toList();
  }

  private static Map<String, Object> ordered(
      String key, Object value, String nextKey, Object nextValue) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(key, value);
    map.put(nextKey, nextValue);
    return map;
  }

  /** Numbers of its targets. */
  public Collection<Integer> targets() {
    return List.copyOf(targets.keySet());
  }

  /** Names of the bdevs of a target, by LUN. */
  public Map<Integer, String> luns(int target) {
    Map<Integer, String> names = new TreeMap<>();
    Target of = targets.get(target);
    if (of != null) {
      of.disks.forEach((lun, disk) -> names.put(lun, disk.descriptor.bdev().name()));
    }
    return names;
  }

  /**
   * Has a bdev at a LUN of a target, which is made if it is not there yet.
   *
   * @param number of the target, -1 for the first that is free
   * @param lun 0 to {@link ScsiTarget#MAX_LUN}
   * @param bdevName name or UUID
   * @param readOnly whether guests may only read
   * @return the target's number
   */
  public int add(int number, int lun, String bdevName, boolean readOnly) throws BdevException {
    int chosen = number >= 0 ? number : firstFree();
    if (chosen >= ScsiConfig.TARGETS) {
      throw new BdevException(
          Kind.INVALID, "%s: a target's number is 0 to %d".formatted(name, ScsiConfig.TARGETS - 1));
    }
    if (lun < 0 || lun > ScsiTarget.MAX_LUN) {
      throw new BdevException(
          Kind.INVALID, "%s: a LUN is 0 to %d".formatted(name, ScsiTarget.MAX_LUN));
    }
    Target target = targets.get(chosen);
    if (target != null && target.disks.containsKey(lun)) {
      throw new BdevException(
          Kind.EXISTS, "%s: target %d has a LUN %d already".formatted(name, chosen, lun));
    }
    boolean writable = !readOnly && bdevs.get(bdevName).properties().writable();
    Listener listener = new Listener(chosen, lun);
    BdevDescriptor descriptor = bdevs.open(bdevName, writable, listener);
    LogicalUnit unit;
    try {
      unit = units.take(descriptor.bdev());
      if (target == null) {
        target = newTarget(chosen, unit);
      }
    } catch (BdevException e) {
      descriptor.close();
      throw e;
    }
    target.disks.put(lun, new Disk(descriptor, unit));
    device.using(descriptor.bdev());
    target.target.add(lun, unit, descriptor, !writable);
    device.tell(ScsiEvent.added(chosen, lun));
    return chosen;
  }

  private int firstFree() {
    int number = 0;
    while (targets.containsKey(number)) {
      number++;
    }
    return number;
  }

  private Target newTarget(int number, LogicalUnit unit) throws BdevException {
    int port;
    try {
      port = portIds.next();
    } catch (BdevException e) {
      units.give(unit);
      throw e;
    }
    Target made = new Target(new ScsiTarget(new TargetPort("%s.%d".formatted(name, number), port)));
    targets.put(number, made);
    device.target(number, made.target);
    return made;
  }

  /**
   * Removes a target with all its logical units; its guests are told.
   *
   * @return complete when no command uses them any more
   */
  public CompletionStage<@Nullable Void> removeTarget(int number) throws BdevException {
    Target target = targets.get(number);
    if (target == null) {
      throw new BdevException(Kind.NOT_FOUND, "%s has no target %d".formatted(name, number));
    }
    CompletableFuture<?>[] all =
        List.copyOf(target.disks.keySet()).stream()
            .map(lun -> remove(number, target, lun))
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(all).<@Nullable Void>thenApply(gone -> null);
  }

  /** Removes one logical unit of a target; the target goes with its last one. */
  public CompletionStage<@Nullable Void> removeLun(int number, int lun) throws BdevException {
    Target target = targets.get(number);
    if (target == null || !target.disks.containsKey(lun)) {
      throw new BdevException(
          Kind.NOT_FOUND, "%s has no target %d with a LUN %d".formatted(name, number, lun));
    }
    return remove(number, target, lun);
  }

  private CompletableFuture<@Nullable Void> remove(int number, Target target, int lun) {
    Disk disk = Objects.requireNonNull(target.disks.get(lun));
    CompletableFuture<@Nullable Void> going = disk.going;
    if (going != null) {
      return going;
    }
    CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();
    disk.going = gone;
    target.target.remove(
        lun,
        () -> {
          if (!control.execute(() -> removed(number, target, lun, disk, gone))) {
            gone.complete(null);
          }
        });
    device.tell(ScsiEvent.removed(number, lun)); // whoever looks then finds it no more
    return gone;
  }

  private void removed(
      int number, Target target, int lun, Disk disk, CompletableFuture<@Nullable Void> gone) {
    device.notUsing(disk.descriptor.bdev());
    units.give(disk.unit);
    disk.descriptor.close();
    target.disks.remove(lun);
    if (target.disks.isEmpty()) {
      targets.remove(number);
      device.target(number, null);
      portIds.free(target.target.port().relativeId());
    }
    gone.complete(null);
  }

  @Override
  protected void release(Runnable done) {
    List<CompletableFuture<?>> all = new ArrayList<>();
    targets.forEach((number, target) ->
        List.copyOf(target.disks.keySet()).forEach(lun -> all.add(remove(number, target, lun))));
    var _ =
        CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new))
            .whenComplete((gone, e) -> done.run());
  }

  /** Passes a bdev's events on. */
  private final class Listener implements BdevListener {
    private final int target;
    private final int lun;

    Listener(int target, int lun) {
      this.target = target;
      this.lun = lun;
    }

    @Override
    public void removed() {
      Target of = targets.get(target);
      if (of != null && of.disks.containsKey(lun)) {
        var _ = remove(target, of, lun);
      }
    }

    @Override
    public void resized() {
      Target of = targets.get(target);
      Disk disk = of == null ? null : of.disks.get(lun);
      if (disk != null) {
        disk.unit.resized();
        device.tell(ScsiEvent.resized(target, lun));
      }
    }
  }
}
