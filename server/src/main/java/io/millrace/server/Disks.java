package io.millrace.server;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.virtio.blk.BlkControllers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The disks of the command line on their way from an option to a controller: first image and
 * socket, which need nothing that is slow to load, then bdev and controller.
 */
final class Disks {
  /** An image and its socket, until a controller takes both over. */
  private record Opened(BlkOption option, Bdev bdev, VhostSocket socket) {}

  private final ServeOptions options;
  private final Deque<Opened> opened = new ArrayDeque<>();

  Disks(ServeOptions options) {
    this.options = options;
  }

  /** Opens every image, and then lets its socket listen. On the main thread. */
  void open() throws CommandException {
    for (BlkOption option : options.disks()) {
      open(option);
    }
  }

  private void open(BlkOption option) throws CommandException {
    Bdev bdev;
    try {
      bdev = FileBdev.create(imageOf(option));
    } catch (BdevException e) {
      throw CommandException.misused(e);
    }
    try {
      Path path = options.socketDirectory().resolve(option.socket());
      opened.add(new Opened(option, bdev, VhostSocket.listen(path, options.access())));
    } catch (IOException e) {
      BdevRegistry.discard(bdev);
      throw CommandException.misused(e);
    }
  }

  /** Makes the controllers. On the control thread. */
  void serve(BdevRegistry bdevs, BlkControllers controllers) throws BdevException {
    while (!opened.isEmpty()) {
      Opened disk = opened.peek();
      bdevs.register(disk.bdev);
      opened.remove();
      BlkOption option = disk.option;
      controllers.create(
          new BlkControllers.Spec(
              name(option), disk.bdev.name(), option.readOnly(), option.serial(), null),
          disk.socket);
    }
  }

  /** The name of a disk's bdev and controller: its socket's, as the user wrote it. */
  static String name(BlkOption option) {
    return option.socket().toString();
  }

  private static FileBdevOptions imageOf(BlkOption option) {
    return FileBdevOptions.of(name(option), option.image())
        .withUuid(FileBdevOptions.stableUuid(name(option), option.image()))
        .withReadOnly(option.readOnly())
        .withDirect(option.direct())
        .withRaw(option.raw())
        .withEngine(option.engine())
        .withFailures(option.failures());
  }

  /** Lets go of what no controller took over. On any thread. */
  void close() {
    while (!opened.isEmpty()) {
      Opened disk = opened.remove();
      disk.socket.close();
      BdevRegistry.discard(disk.bdev);
    }
  }
}
