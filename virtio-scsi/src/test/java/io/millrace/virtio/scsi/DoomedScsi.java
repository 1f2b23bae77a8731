package io.millrace.virtio.scsi;

import ch.qos.logback.classic.Level;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.initiator.load.DoomedTarget;
import io.millrace.initiator.load.Logback;
import io.millrace.scsi.LogicalUnits;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.VhostControllers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.Logger;

/** A SCSI controller with a target of an image, in a process to be killed. */
final class DoomedScsi {
  private DoomedScsi() {}

  /** Starts one. */
  static DoomedTarget start(Path socket, Path image, Path log) throws IOException {
    return DoomedTarget.start(DoomedScsi.class, socket, image, log);
  }

  /** The process. */
  public static void main(String[] arguments) throws Exception {
    Logback.logger(Logger.ROOT_LOGGER_NAME).setLevel(Level.INFO); // what is of use, and quickly
    Path socket = Path.of(arguments[0]);
    Path image = Path.of(arguments[1]);
    DoomedTarget.run((control, reactor) -> {
      BdevRegistry bdevs = new BdevRegistry();
      VhostControllers all = new VhostControllers(control, Map.of(0, reactor));
      ScsiControllers controllers = new ScsiControllers(bdevs, all, new LogicalUnits());
      return () -> {
        bdevs.register(FileBdev.create(FileBdevOptions.of("disk", image).withRaw(true)));
        ScsiController controller = controllers.create("vm", null);
        controller.add(0, 0, "disk", false);
        controllers.serve(controller, VhostSocket.listen(socket, null));
      };
    });
  }
}
