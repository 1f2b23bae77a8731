package io.millrace.virtio.scsi;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.MallocBdev;
import io.millrace.bdev.stacked.DelayBdev;
import io.millrace.bdev.stacked.Latency;
import io.millrace.reactor.Reactor;
import io.millrace.scsi.LogicalUnits;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.VhostControllers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** SCSI controllers in this process: control reactor, polling reactors, disks in memory. */
final class ScsiHost implements AutoCloseable {
  static final int BLOCK = 512;
  static final int BLOCKS = 1 << 15;
  static final long SECONDS = 20;

  final Reactor control = Reactor.start("control", -1);
  final Map<Integer, Reactor> reactors = new TreeMap<>();
  final BdevRegistry bdevs = new BdevRegistry();
  final VhostControllers all;
  final ScsiControllers controllers;
  private final Path folder;

  ScsiHost(int reactorCount) throws IOException {
    for (int i = 0; i < reactorCount; i++) {
      reactors.put(i, Reactor.start("reactor-" + i, -1));
    }
    all = new VhostControllers(control, reactors);
    controllers = new ScsiControllers(bdevs, all, new LogicalUnits());
    folder = Files.createTempDirectory("millrace-scsi");
  }

  /** Makes a controller; its socket. */
  Path controller(String name) throws Exception {
    Path socket = socket(name);
    onControl(() -> {
      controllers.serve(controllers.create(name, null), VhostSocket.listen(socket, null));
      return true;
    });
    return socket;
  }

  /** Where a controller's socket is. */
  Path socket(String name) {
    return folder.resolve(name + ".sock");
  }

  /** Makes a disk in memory, 16 MiB. */
  Bdev malloc(String name) throws Exception {
    UUID uuid = UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    Bdev disk = MallocBdev.create(name, uuid, BLOCK, BLOCK, BLOCKS);
    onControl(() -> {
      bdevs.register(disk);
      return true;
    });
    return disk;
  }

  /**
   * Makes a disk over another one.
   *
   * @param micros that each request takes longer
   */
  void slow(String name, String base, long micros) throws Exception {
    Map<Latency, Long> latency = new EnumMap<>(Latency.class);
    for (Latency each : Latency.values()) {
      latency.put(each, micros);
    }
    onControl(() -> {
      bdevs.register(DelayBdev.create(bdevs, base, name, null, latency));
      return true;
    });
  }

  /** Has a disk at a LUN of a target. */
  void add(String controller, int target, int lun, String disk) throws Exception {
    onControl(() -> get(controller).add(target, lun, disk, false));
  }

  ScsiController get(String name) {
    ScsiController controller = controllers.get(name);
    if (controller == null) {
      throw new IllegalStateException(name);
    }
    return controller;
  }

  /** Runs something on the control thread and waits for its result. */
  <T> T onControl(Callable<T> action) throws Exception {
    CompletableFuture<T> result = new CompletableFuture<>();
    control.execute(() -> {
      try {
        result.complete(action.call());
      } catch (Exception | AssertionError e) {
        result.completeExceptionally(e);
      }
    });
    return result.get(SECONDS, TimeUnit.SECONDS);
  }

  /** Runs something on the control thread and waits until it is over. */
  void until(Callable<CompletionStage<@Nullable Void>> action) throws Exception {
    onControl(action).toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void close() throws IOException {
    try {
      until(all::deleteAll);
      until(bdevs::removeAll);
    } catch (Exception e) {
      throw new IllegalStateException("the target does not close", e);
    } finally {
      reactors.values().forEach(Reactor::close);
      control.close();
    }
    try (var files = Files.list(folder)) {
      List<Path> left = files.toList();
      if (!left.isEmpty()) {
        throw new AssertionError("left behind: " + left);
      }
    }
    Files.delete(folder);
  }
}
