package io.millrace.initiator.bdev;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.BdevRegistry;
import io.millrace.initiator.InitiatorException;
import io.millrace.reactor.Reactor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Devices of other servers whose disks are bdevs of this one, by name. Control thread; a device is
 * opened on a thread of its own, for it may take its time.
 */
public final class VhostUserModule {
  /** Targets that are looked at, each at LUN 0, as SPDK has it. */
  static final int TARGETS = 64;

  private final BdevRegistry registry;
  private final Reactor control;
  private final Map<String, Attached> byName = new LinkedHashMap<>();

  /**
   * A device that is attached.
   *
   * @param scsi whether it is a SCSI controller
   * @param disks its bdevs, those that were removed since among them
   */
  public record Attached(String name, Path socket, boolean scsi, List<VhostUserBdev> disks) {}

  /** Opens the disks of a device; blocks. */
  private interface Opening {
    List<VhostUserBdev> open() throws BdevException;
  }

  /**
   * A module without devices.
   *
   * @param control runs the registry's thread
   */
  public VhostUserModule(BdevRegistry registry, Reactor control) {
    this.registry = registry;
    this.control = control;
  }

  /** All that are attached, oldest first. */
  public List<Attached> all() {
    return byName.values().stream().filter(one -> !one.disks.isEmpty()).toList();
  }

  /**
   * Attaches a block device, as a bdev of its name.
   *
   * @param queues reactors that may use it at the same time
   * @return complete when the bdev is there; fails with a {@link BdevException}
   */
  public CompletionStage<Attached> attachBlk(String name, Path socket, int queues)
      throws BdevException {
    return attach(
        name,
        socket,
        false,
        () -> List.of(VhostUserBdev.open(name, uuid(name, socket), socket, queues)));
  }

  /**
   * Attaches a SCSI controller, the LUN 0 of each target as a bdev {@code NAMEtN}.
   *
   * @param queues reactors that may use each of them at the same time
   * @return complete when the bdevs are there; fails with a {@link BdevException}
   */
  public CompletionStage<Attached> attachScsi(String name, Path socket, int queues)
      throws BdevException {
    return attach(name, socket, true, () -> scan(name, socket, queues));
  }

  private static UUID uuid(String name, Path socket) {
    return UUID.nameUUIDFromBytes((name + '\n' + socket).getBytes(StandardCharsets.UTF_8));
  }

  /** Looks which targets there are, and connects again with queues for the disks of all. */
  private static List<VhostUserBdev> scan(String name, Path socket, int queues)
      throws BdevException {
    try {
      ScsiSession looking = ScsiSession.open(socket, 1);
      List<Integer> targets = new ArrayList<>();
      try {
        for (int target = 0; target < TARGETS; target++) {
          if (looking.hasUnit(target, 0)) {
            targets.add(target);
          }
        }
      } finally {
        looking.close();
      }
      if (targets.isEmpty()) {
        throw new BdevException(
            Kind.NOT_FOUND,
            "%s: no target of %s from 0 to %d has a LUN 0".formatted(name, socket, TARGETS - 1));
      }
      return open(name, socket, targets, ScsiSession.open(socket, queues * targets.size()));
    } catch (InitiatorException e) {
      throw new BdevException(Kind.SYSTEM, name + ": " + e.getMessage(), e);
    }
  }

  private static List<VhostUserBdev> open(
      String name, Path socket, List<Integer> targets, ScsiSession session)
      throws BdevException, InitiatorException {
    List<ScsiDisk> units = new ArrayList<>();
    try {
      for (int target : targets) {
        units.add(session.disk(target, 0));
      }
      List<VhostUserBdev> disks = new ArrayList<>();
      for (int i = 0; i < units.size(); i++) {
        String disk = name + "t" + targets.get(i);
        disks.add(new VhostUserBdev(units.get(i), disk, uuid(disk, socket), socket));
      }
      return disks;
    } catch (BdevException | InitiatorException e) {
      session.close();
      throw e;
    }
  }

  private CompletionStage<Attached> attach(String name, Path socket, boolean scsi, Opening opening)
      throws BdevException {
    BdevProperties.requireName(name);
    Attached attached = new Attached(name, socket, scsi, new ArrayList<>());
    if (byName.putIfAbsent(name, attached) != null) {
      throw new BdevException(Kind.EXISTS, "a virtio device " + name + " is attached already");
    }
    CompletableFuture<Attached> done = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("attach-" + name)
        .start(() -> {
          List<VhostUserBdev> disks;
          try {
            disks = opening.open();
          } catch (BdevException | RuntimeException e) {
            control.execute(() -> failed(attached, e, done));
            return;
          }
          if (!control.execute(() -> opened(attached, disks, done))) {
            disks.forEach(BdevRegistry::discard); // the server ends
          }
        });
    return done;
  }

  private void failed(Attached attached, Throwable e, CompletableFuture<Attached> done) {
    byName.remove(attached.name, attached);
    done.completeExceptionally(e);
  }

  private void opened(
      Attached attached, List<VhostUserBdev> disks, CompletableFuture<Attached> done) {
    List<VhostUserBdev> known = new ArrayList<>();
    try {
      for (VhostUserBdev disk : disks) {
        registry.register(disk);
        known.add(disk);
      }
    } catch (BdevException e) {
      for (VhostUserBdev disk : disks) {
        if (known.contains(disk)) {
          var _ = remove(disk);
        } else {
          BdevRegistry.discard(disk);
        }
      }
      failed(attached, e, done);
      return;
    }
    attached.disks.addAll(disks);
    disks.forEach(disk -> disk.follow(control, registry));
    done.complete(attached);
  }

  /**
   * Removes a device's bdevs and ends the connection.
   *
   * @return complete when they are gone; the name is free then
   */
  public CompletionStage<@Nullable Void> detach(String name) throws BdevException {
    Attached attached = byName.get(name);
    if (attached == null || attached.disks.isEmpty()) {
      throw new BdevException(Kind.NOT_FOUND, "there is no virtio device " + name);
    }
    CompletableFuture<?>[] all =
        attached.disks.stream().map(this::remove).toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(all)
        .<@Nullable Void>thenApply(gone -> {
          byName.remove(name, attached);
          return null;
        });
  }

  /** Removes a bdev, if nobody else has. */
  private CompletableFuture<@Nullable Void> remove(Bdev disk) {
    try {
      return registry.all().contains(disk)
          ? registry.remove(disk.name()).toCompletableFuture()
          : CompletableFuture.completedFuture(null);
    } catch (BdevException e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
