package io.millrace.virtio.blk;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.MallocBdev;
import io.millrace.bdev.NullBdev;
import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.initiator.load.Await;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.SessionInfo;
import io.millrace.vhost.user.server.VhostControllers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A whole target in this process: control reactor, polling reactors, bdevs, controllers. */
final class BlkTarget implements AutoCloseable {
  static final long DISK_BYTES = 64L << 20;
  static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(20);

  final Reactor control;
  final Map<Integer, Reactor> reactors = new TreeMap<>();
  final BdevRegistry bdevs = new BdevRegistry();
  final VhostControllers controllers;
  final BlkControllers blk;
  private final Path folder;
  private final Runnable endOfControl;

  BlkTarget(int reactorCount) throws IOException {
    this(reactorCount, Reactor.start("control", -1));
  }

  private BlkTarget(int reactorCount, Reactor control) throws IOException {
    this(reactorCount, control, control::close);
  }

  /** A target whose timers go by another clock. */
  BlkTarget(int reactorCount, ClockedReactor control) throws IOException {
    this(reactorCount, control.reactor(), control::close);
  }

  private BlkTarget(int reactorCount, Reactor control, Runnable endOfControl) throws IOException {
    this.control = control;
    this.endOfControl = endOfControl;
    for (int i = 0; i < reactorCount; i++) {
      reactors.put(i, Reactor.start("reactor-" + i, -1));
    }
    controllers = new VhostControllers(control, reactors);
    blk = new BlkControllers(bdevs, controllers);
    folder = Files.createTempDirectory("millrace-blk");
  }

  /** Makes a malloc disk of 64 MiB and a controller of the same name; its socket. */
  Path serveMalloc(String name) throws Exception {
    return serve(
        MallocBdev.create(name, UUID.randomUUID(), 512, 4096, DISK_BYTES / 512),
        false,
        "SER-" + name);
  }

  Path serveNull(String name) throws Exception {
    return serve(new NullBdev(name, UUID.randomUUID(), 512, 512, DISK_BYTES / 512), false, null);
  }

  /** Makes an image of 64 MiB full of data and serves it. */
  Path serveFile(String name, Path image) throws Exception {
    return serveFile(image, FileBdevOptions.of(name, image));
  }

  Path serveFile(Path image, FileBdevOptions options) throws Exception {
    byte[] data = new byte[(int) DISK_BYTES];
    new Random(11).nextBytes(data);
    Files.write(image, data);
    return serve(FileBdev.create(options.withRaw(true)), false, null);
  }

  /** The same, its guests' memory registered. */
  Path serveFileRegistered(String name, Path image) throws Exception {
    return serveFile(image, FileBdevOptions.of(name, image).withRegisterMemory(true));
  }

  /** What {@code bdev_get_bdevs} says of a file disk. */
  Map<?, ?> details(String name) {
    try {
      return (Map<?, ?>)
          Objects.requireNonNull(onControl(() -> bdevs.get(name).driverSpecific().get("file")));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  Path serve(Bdev bdev, boolean readOnly, String serial) throws Exception {
    return serve(bdev, readOnly, serial, RingOptions.DEFAULTS);
  }

  Path serve(Bdev bdev, boolean readOnly, String serial, RingOptions rings) throws Exception {
    Path socket = folder.resolve(bdev.name() + ".sock");
    onControl(() -> {
      bdevs.register(bdev);
      return blk.create(
          new BlkControllers.Spec(bdev.name(), bdev.name(), readOnly, serial, null, rings),
          VhostSocket.listen(socket, null));
    });
    return socket;
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
    return result.get(DEADLINE_NANOS, TimeUnit.NANOSECONDS);
  }

  /** Runs something on a reactor and waits until it is done. */
  static void run(Reactor reactor, Runnable action) throws Exception {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    reactor.execute(() -> {
      action.run();
      done.complete(true);
    });
    done.get(DEADLINE_NANOS, TimeUnit.NANOSECONDS);
  }

  /** How many front-ends a controller has, asked on the control thread. */
  int sessions(String name) {
    return sessionsNow(name).size();
  }

  /** Requests of all its front-ends that were taken and not given back. */
  int inFlight(String name) {
    return sessionsNow(name).stream().mapToInt(SessionInfo::inFlight).sum();
  }

  private List<SessionInfo> sessionsNow(String name) {
    try {
      return onControl(() -> controllers.get(name).sessions());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits for something to become true. */
  static void await(String what, BooleanSupplier condition) {
    Await.until(what, condition);
  }

  @Override
  public void close() throws IOException {
    Exception failure = null;
    try {
      onControl(() -> controllers.deleteAll().toCompletableFuture())
          .get(DEADLINE_NANOS, TimeUnit.NANOSECONDS);
      onControl(() -> bdevs.removeAll().toCompletableFuture())
          .get(DEADLINE_NANOS, TimeUnit.NANOSECONDS);
    } catch (Exception e) {
      failure = e;
    }
    reactors.values().forEach(Reactor::close);
    endOfControl.run();
    try (var files = Files.list(folder)) {
      List<Path> left = files.toList();
      if (!left.isEmpty()) {
        throw new AssertionError("left behind: " + left);
      }
    }
    Files.delete(folder);
    if (failure != null) {
      throw new IllegalStateException("the target does not close", failure);
    }
  }
}
