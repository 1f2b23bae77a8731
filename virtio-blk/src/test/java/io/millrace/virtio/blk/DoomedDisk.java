package io.millrace.virtio.blk;

import ch.qos.logback.classic.Level;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.initiator.load.DoomedTarget;
import io.millrace.initiator.load.Logback;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.VhostControllers;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;

/** A disk of an image behind a socket, in a process to be killed. */
final class DoomedDisk {
  private DoomedDisk() {}

  /** Starts one. */
  static DoomedTarget start(Path socket, Path image, Path log) throws IOException {
    return DoomedTarget.start(DoomedDisk.class, socket, image, log);
  }

  /**
   * Starts one that dies by itself, and that waits for {@link DoomedTarget#serve}.
   *
   * @param classes folder with the class in which it dies, see {@link RequestEdge}
   * @param passages how often it gets by there before
   */
  static DoomedTarget startDying(Path socket, Path image, Path log, Path classes, int passages)
      throws IOException {
    return DoomedTarget.start(
        DoomedDisk.class,
        socket,
        image,
        log,
        classes + File.pathSeparator,
        List.of("-D" + KillPoint.PASSAGES + "=" + passages));
  }

  /** The process. */
  public static void main(String[] arguments) throws Exception {
    Logback.logger(Logger.ROOT_LOGGER_NAME).setLevel(Level.INFO); // what is of use, and quickly
    Path socket = Path.of(arguments[0]);
    Path image = Path.of(arguments[1]);
    DoomedTarget.run((control, reactor) -> {
      BdevRegistry bdevs = new BdevRegistry();
      BlkControllers controllers =
          new BlkControllers(bdevs, new VhostControllers(control, Map.of(0, reactor)));
      return () -> {
        bdevs.register(FileBdev.create(FileBdevOptions.of("disk", image).withRaw(true)));
        controllers.create(
            new BlkControllers.Spec("disk", "disk", false, null, null, RingOptions.DEFAULTS),
            VhostSocket.listen(socket, null));
      };
    });
  }
}
