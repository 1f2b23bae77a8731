package io.millrace.virtio.blk;

import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.ControllerException;
import io.millrace.vhost.user.server.Placement;
import io.millrace.vhost.user.server.VhostControllers;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** Makes block controllers. Control thread only. */
public final class BlkControllers {
  private final BdevRegistry bdevs;
  private final VhostControllers controllers;

  /**
   * Makes controllers.
   *
   * @param controllers among which they are
   */
  public BlkControllers(BdevRegistry bdevs, VhostControllers controllers) {
    this.bdevs = bdevs;
    this.controllers = controllers;
  }

  /** The bdevs that controllers serve. */
  public BdevRegistry bdevs() {
    return bdevs;
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
  public BlkController create(Spec spec, VhostSocket socket)
      throws BdevException, ControllerException {
    BdevDescriptor descriptor = null;
    try {
      requireSerial(spec);
      Placement placement = controllers.place(spec.name(), spec.cores());
      Listener listener = new Listener();
      descriptor = open(spec, listener);
      BlkDevice device =
          new BlkDevice(
              spec.name(),
              descriptor,
              spec.readOnly() || !descriptor.bdev().properties().writable(),
              serial(spec, descriptor),
              spec.rings(),
              placement,
              bdevs.memory());
      BlkController controller =
          new BlkController(device, descriptor, placement, controllers.control());
      controllers.serve(controller, socket);
      listener.controller = controller;
      controllers.add(controller);
      return controller;
    } catch (BdevException | ControllerException e) {
      if (descriptor != null) {
        descriptor.close();
      }
      socket.close();
      throw e;
    }
  }

  private static void requireSerial(Spec spec) throws BdevException {
    String serial = spec.serial();
    if (serial != null && serial.getBytes(StandardCharsets.UTF_8).length > BlkDevice.SERIAL_BYTES) {
      throw new BdevException(
          Kind.INVALID, spec.name() + ": the serial '" + serial + "' is longer than 20 bytes");
    }
  }

  private BdevDescriptor open(Spec spec, Listener listener) throws BdevException {
    boolean writable = !spec.readOnly() && bdevs.get(spec.bdevName()).properties().writable();
    return bdevs.open(spec.bdevName(), writable, listener);
  }

  /** The serial of the specification, or the start of the bdev's UUID: the same after a restart. */
  private static String serial(Spec spec, BdevDescriptor descriptor) {
    String serial = spec.serial();
    return serial != null
        ? serial
        : descriptor.bdev().properties().uuid().toString().replace("-", "").substring(0, 20);
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
