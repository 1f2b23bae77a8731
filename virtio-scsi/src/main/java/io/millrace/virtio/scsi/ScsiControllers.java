package io.millrace.virtio.scsi;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevRegistry;
import io.millrace.scsi.LogicalUnits;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.ControllerException;
import io.millrace.vhost.user.server.Placement;
import io.millrace.vhost.user.server.VhostControllers;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes SCSI controllers, and knows what they have in common. Control thread only. */
public final class ScsiControllers {
  private static final int MOST_PORTS = 0xffff;

  private final BdevRegistry bdevs;
  private final VhostControllers controllers;
  private final LogicalUnits units;
  private final BitSet ports = new BitSet();

  /**
   * Makes controllers.
   *
   * @param controllers among which they are
   * @param units of all of them
   */
  public ScsiControllers(BdevRegistry bdevs, VhostControllers controllers, LogicalUnits units) {
    this.bdevs = bdevs;
    this.controllers = controllers;
    this.units = units;
    ports.set(0); // relative port identifiers begin at 1
  }

  /** The bdevs that controllers serve. */
  public BdevRegistry bdevs() {
    return bdevs;
  }

  /**
   * Makes a controller without targets, to which nobody can connect before {@link #serve}.
   *
   * @param name unique
   * @param cores its queues may run on; null for all
   */
  public ScsiController create(String name, @Nullable BitSet cores) throws ControllerException {
    Placement placement = controllers.place(name, cores);
    ScsiDevice device = new ScsiDevice(name, placement, bdevs.memory());
    ScsiController controller =
        new ScsiController(device, bdevs, units, new Ports(), placement, controllers.control());
    controllers.add(controller);
    return controller;
  }

  /**
   * Lets front-ends come.
   *
   * @param socket belongs to this from now on, and is closed if this fails
   */
  public void serve(ScsiController controller, VhostSocket socket) throws ControllerException {
    controllers.serve(controller, socket);
  }

  /** The SCSI controller of a name, or null. */
  public @Nullable ScsiController get(String name) {
    return controllers.get(name) instanceof ScsiController scsi ? scsi : null;
  }

  /** All SCSI controllers, oldest first. */
  public List<ScsiController> all() {
    return controllers.all().stream()
        .filter(ScsiController.class::isInstance)
        .map(ScsiController.class::cast)
        .toList();
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
}
