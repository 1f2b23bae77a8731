package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.VhostSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What operators make and delete: a name, a device, and the socket that front-ends come to it by.
 * Control thread.
 */
public abstract class VhostController {
  private final VhostDevice device;
  private final Placement placement;
  private final DeviceStatistics statistics;
  private @Nullable VhostServer server;
  private Coalescing coalescing = Coalescing.OFF;

  /** A controller that nobody can connect to yet. */
  protected VhostController(VhostDevice device, Placement placement) {
    this.device = device;
    this.placement = placement;
    statistics = new DeviceStatistics(device.name());
  }

  /** Puts calls to guests off in another way from now on. */
  protected abstract void applyCoalescing(Coalescing setting);

  /** SPDK's name of the subsystem that it is configured in: {@code vhost_blk} for example. */
  public abstract String subsystem();

  /** The kind of device, and what it is made of, as {@code vhost_get_controllers} nests it. */
  public abstract Map<String, Object> backendSpecific();

  /** Names of the bdevs that it stands on now. */
  public abstract List<String> bdevNames();

  /**
   * No front-end is connected any more: lets go of what the device stands on.
   *
   * @param done runs when nothing is left
   */
  protected abstract void release(Runnable done);

  /**
   * Lets front-ends come.
   *
   * @param socket belongs to this from now on
   * @param quiet whether nobody needs to hear that one came or went
   */
  final void serve(VhostSocket socket, Reactor control, StallWatch stalls, boolean quiet)
      throws IOException {
    server =
        new VhostServer(socket, device, control, placement.reactors(), stalls, statistics, quiet);
  }

  /** The controller's name. */
  public final String name() {
    return device.name();
  }

  /** Whether front-ends may come. */
  public final boolean isServed() {
    return server != null;
  }

  /** The socket between it and its front-ends; null as long as it is not served. */
  public final @Nullable Path socket() {
    VhostServer serving = server;
    return serving == null ? null : serving.path();
  }

  /** The cores its queues run on. */
  public final BitSet cores() {
    return (BitSet) placement.cores().clone();
  }

  /** How calls to guests are put off. */
  public final Coalescing coalescing() {
    return coalescing;
  }

  /** Puts calls to guests off in another way from now on. */
  public final void coalescing(Coalescing setting) {
    coalescing = setting;
    applyCoalescing(setting);
  }

  /**
   * Whether a server that is configured as this one would have it: not once its storage is gone.
   */
  public boolean isConfigurable() {
    return true;
  }

  /** What its queues did. */
  public final DeviceStatistics statistics() {
    return statistics;
  }

  /** Connected front-ends. */
  public final List<SessionInfo> sessions() {
    VhostServer serving = server;
    return serving == null ? List.of() : serving.sessions();
  }

  /** The rings of all front-ends that run. */
  final List<MovableRing> rings() {
    VhostServer serving = server;
    return serving == null ? List.of() : serving.rings();
  }

  /** Tells all drivers that the device's configuration changed. */
  protected final void configChanged() {
    VhostServer serving = server;
    if (serving != null) {
      serving.configChanged();
    }
  }

  /**
   * Ends all sessions and lets go of everything.
   *
   * @param done runs when nothing is left
   */
  final void close(Runnable done) {
    VhostServer serving = server;
    if (serving == null) {
      release(done);
    } else {
      serving.close(() -> release(done));
    }
  }
}
