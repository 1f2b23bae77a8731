package io.millrace.server;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.ControllerException;
import io.millrace.virtio.blk.BlkControllers;
import io.millrace.virtio.scsi.ScsiController;
import io.millrace.virtio.scsi.ScsiControllers;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The disks of the command line on their way from an option to a controller: first image and
 * socket, which need nothing that is slow to load, then bdev and controller.
 */
final class Disks {
  /**
   * An image and its socket, until a controller takes both over.
   *
   * @param socket null for one more logical unit of a socket that is open
   */
  private record Opened(DiskOption option, Bdev bdev, @Nullable VhostSocket socket) {}

  private final ServeOptions options;
  private final Deque<Opened> opened = new ArrayDeque<>();
  private final Deque<Opened> openedScsi = new ArrayDeque<>();
  private final List<CompletableFuture<@Nullable Void>> over = new ArrayList<>();

  Disks(ServeOptions options) {
    this.options = options;
  }

  /** Opens every image, and then lets its socket listen. On the main thread. */
  void open() throws CommandException {
    for (DiskOption option : options.disks()) {
      opened.add(open(option, option.socket().name(), true));
    }
    Map<Object, Integer> targets = new HashMap<>();
    for (DiskOption option : options.scsi()) {
      Object socket = option.socket().identity(options.socketDirectory());
      int target = targets.merge(socket, 0, (before, one) -> before + 1);
      String name = "%s.%d".formatted(option.socket().name(), target);
      openedScsi.add(open(option, name, target == 0));
    }
  }

  private Opened open(DiskOption option, String name, boolean listens) throws CommandException {
    Bdev bdev;
    try {
      bdev = FileBdev.create(imageOf(option, name));
    } catch (BdevException e) {
      throw CommandException.misused(e);
    }
    try {
      VhostSocket socket = null;
      if (listens) {
        socket = option.socket().open(options);
        over.add(socket.over().toCompletableFuture());
      }
      return new Opened(option, bdev, socket);
    } catch (IOException e) {
      BdevRegistry.discard(bdev);
      throw CommandException.misused(e);
    }
  }

  /** Makes the block controllers. On the control thread. */
  void serve(BdevRegistry bdevs, BlkControllers controllers)
      throws BdevException, ControllerException {
    for (Opened disk = opened.peek(); disk != null; disk = opened.peek()) {
      bdevs.register(disk.bdev);
      opened.remove();
      DiskOption option = disk.option;
      controllers.create(
          new BlkControllers.Spec(
              option.socket().name(),
              disk.bdev.name(),
              option.readOnly(),
              option.serial(),
              null,
              option.rings()),
          Objects.requireNonNull(disk.socket));
    }
  }

  /** Whether there is anything for {@link #serveScsi}. */
  boolean hasScsi() {
    return !openedScsi.isEmpty();
  }

  /** Makes the SCSI controllers with their targets. On the control thread. */
  void serveScsi(BdevRegistry bdevs, ScsiControllers controllers)
      throws BdevException, ControllerException {
    Map<ScsiController, VhostSocket> sockets = new LinkedHashMap<>();
    while (!openedScsi.isEmpty()) {
      Opened disk = openedScsi.element();
      bdevs.register(disk.bdev);
      openedScsi.remove();
      String name = disk.option.socket().name();
      ScsiController controller = controllers.get(name);
      if (controller == null) {
        controller = controllers.create(name, null);
        sockets.put(controller, Objects.requireNonNull(disk.socket));
      }
      controller.add(-1, 0, disk.bdev.name(), disk.option.readOnly());
    }
    // Last: a guest that comes finds all of them.
    for (Map.Entry<ScsiController, VhostSocket> entry : sockets.entrySet()) {
      controllers.serve(entry.getKey(), entry.getValue());
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

  private static FileBdevOptions imageOf(DiskOption option, String name) {
    return FileBdevOptions.of(name, option.image())
        .withUuid(FileBdevOptions.stableUuid(name, option.image()))
        .withReadOnly(option.readOnly())
        .withDirect(option.direct())
        .withRaw(option.raw())
        .withEngine(option.engine())
        .withRegisterMemory(option.registerMemory())
        .withFailures(option.failures());
  }

  /** Lets go of what no controller took over. On any thread. */
  void close() {
    opened.addAll(openedScsi);
    openedScsi.clear();
    while (!opened.isEmpty()) {
      Opened disk = opened.remove();
      if (disk.socket != null) {
        disk.socket.close();
      }
      BdevRegistry.discard(disk.bdev);
    }
  }
}
