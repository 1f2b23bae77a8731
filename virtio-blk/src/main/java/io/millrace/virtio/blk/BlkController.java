package io.millrace.virtio.blk;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.server.Coalescing;
import io.millrace.vhost.user.server.MovableRing;
import io.millrace.vhost.user.server.SessionInfo;
import io.millrace.vhost.user.server.VhostServer;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A block controller: a socket, the device behind it, and the bdev it leads to. Control thread. */
public final class BlkController {
  private final String name;
  private final BlkDevice device;
  private final VhostServer server;
  private final BdevDescriptor descriptor;
  private final Reactor control;
  private final BitSet cores;
  private boolean bdevGone;

  BlkController(
      String name,
      BlkDevice device,
      VhostServer server,
      BdevDescriptor descriptor,
      Reactor control,
      BitSet cores) {
    this.name = name;
    this.device = device;
    this.server = server;
    this.descriptor = descriptor;
    this.control = control;
    this.cores = cores;
  }

  /** The controller's name. */
  public String name() {
    return name;
  }

  /** The socket between it and its front-ends. */
  public Path socket() {
    return server.path();
  }

  /** The bdev, or null once it was removed. */
  public @Nullable Bdev bdev() {
    return bdevGone ? null : descriptor.bdev();
  }

  /** Whether guests may only read. */
  public boolean isReadOnly() {
    return device.isReadOnly();
  }

  /** The cores its queues run on. */
  public BitSet cores() {
    return (BitSet) cores.clone();
  }

  /** How calls to guests are put off. */
  public Coalescing coalescing() {
    return device.coalescing();
  }

  /** Puts calls to guests off in another way from now on. */
  public void coalescing(Coalescing setting) {
    device.coalescing(setting);
  }

  /** Connected front-ends. */
  public List<SessionInfo> sessions() {
    return server.sessions();
  }

  /** The rings of all front-ends that run. */
  List<MovableRing> rings() {
    return server.rings();
  }

  /** The bdev is going away: guests keep their disk, and every request to it fails. */
  void bdevRemoved() {
    if (bdevGone) {
      return;
    }
    bdevGone = true;
    device.detach(() -> control.execute(descriptor::close));
  }

  void bdevResized() {
    server.configChanged();
  }

  /**
   * Ends all sessions and lets go of the bdev.
   *
   * @param done runs when nothing is left
   */
  void close(Runnable done) {
    server.close(() -> {
      descriptor.close();
      done.run();
    });
  }
}
