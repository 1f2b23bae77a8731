package io.millrace.server;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.virtio.blk.BlkControllers;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The disks of the command line on their way from an option to a controller: first image and
 * socket, which need nothing that is slow to load, then bdev and controller.
 */
final class Disks {
  /** An image and its socket, until a controller takes both over. */
  private record Opened(BlkOption option, Bdev bdev, VhostSocket socket) {}

  private final ServeOptions options;
  private final Deque<Opened> opened = new ArrayDeque<>();
  private final List<CompletableFuture<@Nullable Void>> over = new ArrayList<>();

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
      VhostSocket socket = option.socket().open(options);
      opened.add(new Opened(option, bdev, socket));
      over.add(socket.over().toCompletableFuture());
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
              option.socket().name(),
              disk.bdev.name(),
              option.readOnly(),
              option.serial(),
              null,
              option.rings()),
          disk.socket);
    }
  }

  /** Complete when no front-end can come to any disk any more; never when there is none. */
  CompletableFuture<@Nullable Void> over() {
    if (over.isEmpty()) {
      return new CompletableFuture<>();
    }
    return CompletableFuture.allOf(over.toArray(CompletableFuture[]::new))
        .thenApply(ignored -> null);
  }

  private static FileBdevOptions imageOf(BlkOption option) {
    return FileBdevOptions.of(option.socket().name(), option.image())
        .withUuid(FileBdevOptions.stableUuid(option.socket().name(), option.image()))
        .withReadOnly(option.readOnly())
        .withDirect(option.direct())
        .withRaw(option.raw())
        .withEngine(option.engine())
        .withRegisterMemory(option.registerMemory())
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
