package io.millrace.virtio.scsi;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.BdevRegistry;
import io.millrace.reactor.Reactor;
import io.millrace.scsi.LogicalUnits;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.MovableRing;
import io.millrace.vhost.user.server.StallWatch;
import io.millrace.vhost.user.server.VhostServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** All SCSI controllers of the process, by name. Control thread only. */
public final class ScsiControllers {
  private static final int MOST_PORTS = 0xffff;

  private final BdevRegistry bdevs;
  private final LogicalUnits units = new LogicalUnits();
  private final Reactor control;
  private final SortedMap<Integer, Reactor> reactors;
  private final StallWatch stalls;
  private final Map<String, ScsiController> byName = new LinkedHashMap<>();
  private final BitSet ports = new BitSet();
  private int nextReactor;

  /**
   * No controllers yet.
   *
   * @param control the reactor that the caller runs on
   * @param reactors the polling ones, by core; at least one
   */
  public ScsiControllers(BdevRegistry bdevs, Reactor control, Map<Integer, Reactor> reactors) {
    this.bdevs = bdevs;
    this.control = control;
    this.reactors = new TreeMap<>(reactors);
    this.stalls = new StallWatch(control, reactors.values());
    ports.set(0); // relative port identifiers begin at 1
  }

  /**
   * Makes a controller without targets behind a socket.
   *
   * @param name unique
   * @param wanted the cores its queues may run on; null for all
   * @param socket belongs to this from now on, and is closed if this fails
   */
  public ScsiController create(String name, @Nullable BitSet wanted, VhostSocket socket)
      throws BdevException {
    try {
      BitSet cores = cores(wanted);
      List<Reactor> allowed = check(name, cores);
      ScsiDevice device =
          new ScsiDevice(name, allowed, nextReactor++ % allowed.size(), bdevs.memory());
      VhostServer server = new VhostServer(socket, device, control, allowed, stalls);
      ScsiController controller =
          new ScsiController(
              name, device, server, bdevs, units, new Ports(), control, cores);
      byName.put(name, controller);
      return controller;
    } catch (IOException | BdevException | IllegalStateException e) {
      socket.close();
      if (e instanceof BdevException refusal) {
        throw refusal;
      }
      throw new BdevException(Kind.SYSTEM, name + ": " + e.getMessage(), e);
    }
  }

  private List<Reactor> check(String name, BitSet cores) throws BdevException {
    if (!BdevProperties.isName(name)) {
      throw new BdevException(
          Kind.INVALID,
          "a controller's name has 1 to 255 characters, none of them a control character");
    }
    if (byName.containsKey(name)) {
      throw new BdevException(Kind.EXISTS, "controller " + name + " exists already");
    }
    List<Reactor> allowed = new ArrayList<>();
    cores.stream().forEach(core -> allowed.add(reactors.get(core)));
    if (allowed.isEmpty()) {
      throw new BdevException(
          Kind.INVALID,
          "%s: no core of its mask is one that this process polls on: %s"
              .formatted(name, reactors.keySet()));
    }
    return allowed;
  }

  private BitSet cores(@Nullable BitSet wanted) {
    BitSet cores = new BitSet();
    reactors.keySet().forEach(cores::set);
    if (wanted != null) {
      cores.and(wanted);
    }
    return cores;
  }

  private final class Ports implements ScsiController.PortIds {
    @Override
    public int next() throws BdevException {
      int id = ports.nextClearBit(0);
      if (id > MOST_PORTS) {
        throw new BdevException(Kind.INVALID, "all 65535 numbers of target ports are in use");
      }
      ports.set(id);
      return id;
    }

    @Override
    public void free(int id) {
      ports.clear(id);
    }
  }

  /** All controllers, oldest first. */
  public Collection<ScsiController> all() {
    return List.copyOf(byName.values());
  }

  /** The rings of all controllers that run. */
  public List<MovableRing> rings() {
    return byName.values().stream().flatMap(c -> c.rings().stream()).toList();
  }

  /** The controller of a name, or null. */
  public @Nullable ScsiController get(String name) {
    return byName.get(name);
  }

  /**
   * Deletes a controller: its front-ends are disconnected after what is in flight is answered.
   *
   * @return complete when nothing of it is left
   */
  public CompletionStage<@Nullable Void> delete(String name) throws BdevException {
    ScsiController controller = byName.remove(name);
    if (controller == null) {
      throw new BdevException(Kind.NOT_FOUND, "there is no controller " + name);
    }
    CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();
    controller.close(() -> gone.complete(null));
    return gone;
  }
}
