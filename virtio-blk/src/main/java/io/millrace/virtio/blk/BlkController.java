package io.millrace.virtio.blk;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.server.Coalescing;
import io.millrace.vhost.user.server.Placement;
import io.millrace.vhost.user.server.VhostController;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A block controller: a disk behind a socket, and the bdev it leads to. Control thread. */
public final class BlkController extends VhostController {
  /** Where block controllers are configured, as SPDK names it. */
  public static final String SUBSYSTEM = "vhost_blk";

  /** The only way to it, as SPDK names it. */
  public static final String TRANSPORT = "vhost_user_blk";

  private final BlkDevice device;
  private final BdevDescriptor descriptor;
  private final Reactor control;
  private boolean bdevGone;

  BlkController(BlkDevice device, BdevDescriptor descriptor, Placement placement, Reactor control) {
    super(device, placement);
    this.device = device;
    this.descriptor = descriptor;
    this.control = control;
  }

  /** The bdev, or null once it was removed. */
  public @Nullable Bdev bdev() {
    return bdevGone ? null : descriptor.bdev();
  }

  @Override
  public boolean isConfigurable() {
    return !bdevGone;
  }

  /** Whether guests may only read. */
  public boolean isReadOnly() {
    return device.isReadOnly();
  }

  @Override
  protected void applyCoalescing(Coalescing setting) {
    device.coalescing(setting);
  }

  @Override
  public String subsystem() {
    return SUBSYSTEM;
  }

  @Override
  public Map<String, Object> backendSpecific() {
    Map<String, @Nullable Object> block = new LinkedHashMap<>();
    block.put("readonly", isReadOnly());
    Bdev disk = bdev();
    block.put("bdev", disk == null ? null : disk.name());
    block.put("transport", TRANSPORT);
    return Map.of("block", block);
  }

  @Override
  public List<String> bdevNames() {
    Bdev disk = bdev();
    return disk == null ? List.of() : List.of(disk.name());
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
    configChanged();
  }

  @Override
  protected void release(Runnable done) {
    descriptor.close();
    done.run();
  }
}
