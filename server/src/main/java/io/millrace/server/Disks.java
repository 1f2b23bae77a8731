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
 * The disks of the command line on their way from an option to a controller: first the images, then
 * the sockets, which need nothing that is slow to load, then bdevs and controllers.
 */
final class Disks {
  /** An image, until a bdev of the registry takes it over. */
  private record Opened(DiskOption option, Bdev bdev) {}

  private final ServeOptions options;
  private final Deque<Opened> opened = new ArrayDeque<>();
  private final Deque<Opened> openedScsi = new ArrayDeque<>();
  private final Map<Object, VhostSocket> sockets = new HashMap<>(); // by identity, until served
  private final List<CompletableFuture<@Nullable Void>> over = new ArrayList<>();

  Disks(ServeOptions options) {
    this.options = options;
  }

  /** Opens every image. On the main thread. */
  void open() throws CommandException {
    for (DiskOption option : options.disks()) {
      opened.add(open(option, option.socket().name()));
    }
    Map<Object, Integer> targets = new HashMap<>();
    for (DiskOption option : options.scsi()) {
      int target = targets.merge(identity(option), 0, (before, one) -> before + 1);
      openedScsi.add(open(option, "%s.%d".formatted(option.socket().name(), target)));
    }
  }

  private static Opened open(DiskOption option, String name) throws CommandException {
    try {
      return new Opened(option, FileBdev.create(imageOf(option, name)));
    } catch (BdevException e) {
      throw CommandException.misused(e);
    }
  }

  private Object identity(DiskOption option) {
    return option.socket().identity(options.socketDirectory());
  }

  /**
   * Lets every socket listen. On the main thread.
   *
   * @param gate waits until front-ends may come; run before the first socket is made
   */
  void listen(Runnable gate) throws CommandException {
    if (!opened.isEmpty() || !openedScsi.isEmpty()) {
      gate.run();
    }
    for (Opened disk : opened) {
      listen(disk.option);
    }
    for (Opened disk : openedScsi) {
      if (!sockets.containsKey(identity(disk.option))) {
        listen(disk.option);
      }
    }
  }

  private void listen(DiskOption option) throws CommandException {
    try {
      VhostSocket socket = option.socket().open(options);
      sockets.put(identity(option), socket);
      over.add(socket.over().toCompletableFuture());
    } catch (IOException e) {
      throw CommandException.misused(e);
    }
  }

  /** The socket of a disk, which is the caller's from now on. */
  private VhostSocket take(DiskOption option) {
    return Objects.requireNonNull(sockets.remove(identity(option)));
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
          take(option));
    }
  }

  /** Whether there is anything for {@link #serveScsi}. */
  boolean hasScsi() {
    return !openedScsi.isEmpty();
  }

  /** Makes the SCSI controllers with their targets. On the control thread. */
  void serveScsi(BdevRegistry bdevs, ScsiControllers controllers)
      throws BdevException, ControllerException {
    Map<ScsiController, VhostSocket> made = new LinkedHashMap<>();
    while (!openedScsi.isEmpty()) {
      Opened disk = openedScsi.element();
      bdevs.register(disk.bdev);
      openedScsi.remove();
      String name = disk.option.socket().name();
      ScsiController controller = controllers.get(name);
      if (controller == null) {
        controller = controllers.create(name, null);
        made.put(controller, take(disk.option));
      }
      controller.add(-1, 0, disk.bdev.name(), disk.option.readOnly());
    }
    // Last: a guest that comes finds all of them.
    for (Map.Entry<ScsiController, VhostSocket> entry : made.entrySet()) {
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
      BdevRegistry.discard(opened.remove().bdev);
    }
    sockets.values().forEach(VhostSocket::close);
    sockets.clear();
  }
}
