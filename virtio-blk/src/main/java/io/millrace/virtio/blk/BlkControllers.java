package io.millrace.virtio.blk;

import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.BdevRegistry;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.MovableRing;
import io.millrace.vhost.user.server.StallWatch;
import io.millrace.vhost.user.server.VhostServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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

/** All block controllers of the process, by name. Control thread only. */
public final class BlkControllers {
  private final BdevRegistry bdevs;
  private final Reactor control;
  private final SortedMap<Integer, Reactor> reactors;
  private final StallWatch stalls;
  private final Map<String, BlkController> byName = new LinkedHashMap<>();
  private int nextReactor;

  /**
   * No controllers yet.
   *
   * @param control the reactor that the caller runs on
   * @param reactors the polling ones, by core; at least one
   */
  public BlkControllers(BdevRegistry bdevs, Reactor control, Map<Integer, Reactor> reactors) {
    this.bdevs = bdevs;
    this.control = control;
    this.reactors = new TreeMap<>(reactors);
    this.stalls = new StallWatch(control, reactors.values());
  }

  /**
   * What a controller is to be.
   *
   * @param name the controller's, unique
   * @param bdevName name or UUID of its bdev
   * @param readOnly whether guests may only read
   * @param serial what GET_ID answers, at most 20 bytes of UTF-8; null for one made of the bdev
   * @param cores the cores its queues may run on; null for all
   * @param rings what it offers of its rings
   */
  public record Spec(
      String name,
      String bdevName,
      boolean readOnly,
      @Nullable String serial,
      @Nullable BitSet cores,
      RingOptions rings) {
    /** With serial, cores and rings as they are by default. */
    public Spec(String name, String bdevName, boolean readOnly) {
      this(name, bdevName, readOnly, null, null, RingOptions.DEFAULTS);
    }
  }

  /**
   * Makes a controller behind a socket.
   *
   * @param socket belongs to this from now on, and is closed if this fails
   */
  public BlkController create(Spec spec, VhostSocket socket) throws BdevException {
    BdevDescriptor descriptor = null;
    try {
      List<Reactor> allowed = check(spec);
      Listener listener = new Listener();
      descriptor = open(spec, listener);
      BlkDevice device =
          new BlkDevice(
              spec.name(),
              descriptor,
              spec.readOnly() || !descriptor.bdev().properties().writable(),
              serial(spec, descriptor),
              spec.rings(),
              allowed,
              nextReactor++ % allowed.size(),
              bdevs.memory());
      VhostServer server = new VhostServer(socket, device, control, allowed, stalls);
      BlkController controller =
          new BlkController(spec.name(), device, server, descriptor, control, cores(spec));
      listener.controller = controller;
      byName.put(spec.name(), controller);
      return controller;
    } catch (IOException | BdevException | IllegalStateException e) {
      if (descriptor != null) {
        descriptor.close();
      }
      socket.close();
      if (e instanceof BdevException refusal) {
        throw refusal;
      }
      throw new BdevException(Kind.SYSTEM, spec.name() + ": " + e.getMessage(), e);
    }
  }

  private BdevDescriptor open(Spec spec, Listener listener) throws BdevException {
    boolean writable = !spec.readOnly() && bdevs.get(spec.bdevName()).properties().writable();
    return bdevs.open(spec.bdevName(), writable, listener);
  }

  /** Refuses what can be no controller's name; without repeating it, as it may hold anything. */
  public static void requireName(String name) throws BdevException {
    if (!BdevProperties.isName(name)) {
      throw new BdevException(
          Kind.INVALID,
          "a controller's name has 1 to 255 characters, none of them a control character");
    }
  }

  private List<Reactor> check(Spec spec) throws BdevException {
    requireName(spec.name());
    if (byName.containsKey(spec.name())) {
      throw new BdevException(Kind.EXISTS, "controller " + spec.name() + " exists already");
    }
    String serial = spec.serial();
    if (serial != null && serial.getBytes(StandardCharsets.UTF_8).length > BlkDevice.SERIAL_BYTES) {
      throw new BdevException(
          Kind.INVALID, spec.name() + ": the serial '" + serial + "' is longer than 20 bytes");
    }
    List<Reactor> allowed = new ArrayList<>();
    cores(spec).stream().forEach(core -> allowed.add(reactors.get(core)));
    if (allowed.isEmpty()) {
      throw new BdevException(
          Kind.INVALID,
          spec.name()
              + ": no core of its mask is one that this process polls on: "
              + reactors.keySet());
    }
    return allowed;
  }

  private BitSet cores(Spec spec) {
    BitSet cores = new BitSet();
    reactors.keySet().forEach(cores::set);
    BitSet wanted = spec.cores();
    if (wanted != null) {
      cores.and(wanted);
    }
    return cores;
  }

  /** The serial of the specification, or the start of the bdev's UUID: the same after a restart. */
  private static String serial(Spec spec, BdevDescriptor descriptor) {
    String serial = spec.serial();
    return serial != null
        ? serial
        : descriptor.bdev().properties().uuid().toString().replace("-", "").substring(0, 20);
  }

  /** All controllers, oldest first. */
  public Collection<BlkController> all() {
    return List.copyOf(byName.values());
  }

  /** The rings of all controllers that run. */
  public List<MovableRing> rings() {
    return byName.values().stream().flatMap(c -> c.rings().stream()).toList();
  }

  /** The controller of a name, or null. */
  public @Nullable BlkController get(String name) {
    return byName.get(name);
  }

  /**
   * Deletes a controller: its front-ends are disconnected after what is in flight is answered.
   *
   * @return complete when nothing of it is left
   */
  public CompletionStage<@Nullable Void> delete(String name) throws BdevException {
    BlkController controller = byName.remove(name);
    if (controller == null) {
      throw new BdevException(Kind.NOT_FOUND, "there is no controller " + name);
    }
    CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();
    controller.close(() -> gone.complete(null));
    return gone;
  }

  /** Passes the bdev's events on to a controller. */
  private static final class Listener implements BdevListener {
    private @Nullable BlkController controller;

    @Override
    public void removed() {
      if (controller != null) {
        controller.bdevRemoved();
      }
    }

    @Override
    public void resized() {
      if (controller != null) {
        controller.bdevResized();
      }
    }
  }
}
