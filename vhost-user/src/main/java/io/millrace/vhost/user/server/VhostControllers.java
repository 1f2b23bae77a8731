package io.millrace.vhost.user.server;

import io.millrace.linux.Errno;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.Names;
import io.millrace.vhost.user.VhostSocket;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** All controllers of the process, of whatever kind, by name. Control thread only. */
public final class VhostControllers {
  /** A request that takes 1000 s is not slow, but gone. */
  public static final long MAX_SLOW_MICROS = TimeUnit.SECONDS.toMicros(1000);

  private final Reactor control;
  private final SortedMap<Integer, Reactor> reactors;
  private final StallWatch stalls;
  private final Map<String, VhostController> byName = new LinkedHashMap<>();
  private final SlowRequestLog slowRequests;
  private final boolean quiet;
  private long slowMicros; // of new controllers
  private int nextReactor;

  /**
   * No controllers yet.
   *
   * @param control the reactor that the caller runs on
   * @param reactors the polling ones, by core; at least one
   */
  public VhostControllers(Reactor control, Map<Integer, Reactor> reactors) {
    this(control, reactors, false);
  }

  /**
   * The same, perhaps for the process itself.
   *
   * @param quiet whether nobody needs to hear that one came or went
   */
  public VhostControllers(Reactor control, Map<Integer, Reactor> reactors, boolean quiet) {
    this.control = control;
    this.reactors = new TreeMap<>(reactors);
    this.stalls = new StallWatch(control, reactors.values());
    this.quiet = quiet;
    this.slowRequests = new SlowRequestLog(control, byName.values());
  }

  /** The polling reactors, by core. */
  public SortedMap<Integer, Reactor> reactors() {
    return Collections.unmodifiableSortedMap(reactors);
  }

  /** The reactor that all of this runs on. */
  public Reactor control() {
    return control;
  }

  /**
   * Refuses what can be no new controller's name: one that cannot be a name at all, without
   * repeating it, as it may hold anything, and one that is taken.
   */
  public void requireFree(String name) throws ControllerException {
    if (!Names.isName(name)) {
      throw new ControllerException(
          Errno.EINVAL,
          "a controller's name has 1 to 255 characters, none of them a control character");
    }
    if (byName.containsKey(name)) {
      throw new ControllerException(
          Errno.EEXIST, "controller " + name + " exists already; choose another name");
    }
  }

  /**
   * Finds a place for a new controller.
   *
   * @param name not in use
   * @param wanted the cores its queues may run on; null for all
   */
  public Placement place(String name, @Nullable BitSet wanted) throws ControllerException {
    requireFree(name);
    BitSet cores = new BitSet();
    reactors.keySet().forEach(cores::set);
    if (wanted != null) {
      cores.and(wanted);
    }
    List<Reactor> allowed = new ArrayList<>();
    cores.stream().forEach(core -> allowed.add(reactors.get(core)));
    if (allowed.isEmpty()) {
      throw new ControllerException(
          Errno.EINVAL,
          name + ": no core of its mask is one that this process polls on: " + reactors.keySet());
    }
    return new Placement(cores, List.copyOf(allowed), nextReactor++ % allowed.size());
  }

  /** There is another controller; nobody can connect to it yet. */
  public void add(VhostController controller) {
    byName.put(controller.name(), controller);
    reportSlow(controller, slowMicros);
  }

  /**
   * Lets front-ends come to a controller.
   *
   * @param socket belongs to this from now on, and is closed if this fails
   */
  public void serve(VhostController controller, VhostSocket socket) throws ControllerException {
    try {
      controller.serve(socket, control, stalls, quiet);
    } catch (IOException | IllegalStateException e) {
      socket.close();
      throw new ControllerException(Errno.EIO, controller.name() + ": " + e.getMessage());
    }
  }

  /**
   * Has slow requests of controllers reported that are made from now on.
   *
   * @param micros that a request has to take, up to {@link #MAX_SLOW_MICROS}; 0 for none
   */
  public void reportSlow(long micros) {
    slowMicros = micros;
  }

  /**
   * Has slow requests of a controller reported in the log.
   *
   * @param micros that a request has to take, 0 for none
   */
  public void reportSlow(VhostController controller, long micros) {
    controller.statistics().slowMicros(micros);
    if (micros > 0) {
      slowRequests.start();
    }
  }

  /** All controllers, oldest first. */
  public Collection<VhostController> all() {
    return List.copyOf(byName.values());
  }

  /** The rings of all controllers that run. */
  public List<MovableRing> rings() {
    return byName.values().stream().flatMap(c -> c.rings().stream()).toList();
  }

  /** The controller of a name, or null. */
  public @Nullable VhostController get(String name) {
    return byName.get(name);
  }

  /**
   * Deletes a controller: its front-ends are disconnected after what is in flight is answered.
   *
   * @return complete when nothing of it is left
   */
  public CompletionStage<@Nullable Void> delete(String name) throws ControllerException {
    VhostController controller = byName.remove(name);
    if (controller == null) {
      throw new ControllerException(Errno.ENODEV, "there is no controller " + name);
    }
    CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();
    controller.close(() -> gone.complete(null));
    return gone;
  }

  /** Deletes all controllers; complete when nothing of them is left. */
  public CompletionStage<@Nullable Void> deleteAll() {
    List<CompletableFuture<?>> ends = new ArrayList<>();
    for (VhostController controller : all()) {
      try {
        ends.add(delete(controller.name()).toCompletableFuture());
      } catch (ControllerException e) {
        throw new IllegalStateException(e); // it was in the list
      }
    }
    return CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new))
        .<@Nullable Void>thenApply(ignored -> null);
  }
}
