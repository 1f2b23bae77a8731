package io.millrace.simulation;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.bdev.file.FileEngineKind;
import io.millrace.bdev.file.FileFailurePolicy;
import io.millrace.bdev.file.FileFailurePolicy.OnError;
import io.millrace.bdev.file.SimulatedQueue;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.ControllerException;
import io.millrace.vhost.user.server.VhostControllers;
import io.millrace.virtio.blk.BlkControllers;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** One life of the server: all of the product, on one reactor that is stepped. */
final class Server {
  private static final String NAME = "disk";
  private static final int MOST_ROUNDS = 10_000;
  private static final long ROUND_NANOS = 1_000_000;

  private final Reactor reactor = Reactor.stepped("simulated");
  private final BdevRegistry bdevs = new BdevRegistry();
  private final VhostControllers controllers = new VhostControllers(reactor, Map.of(0, reactor));
  private final BlkControllers blk = new BlkControllers(bdevs, controllers);
  private final Runnable uninstall;
  private long now;

  /**
   * Comes up.
   *
   * @param image of which only the size counts
   */
  Server(Setup setup, Path image, Path socket, KernelProcess kernel) throws Exception {
    uninstall = SimulatedQueue.install(reactor, kernel, setup.capacity());
    FileBdevOptions options =
        FileBdevOptions.of(NAME, image)
            .withRaw(true)
            .withBlockSize(Sector.BYTES)
            .withDirect(setup.direct())
            .withWriteThrough(setup.writeThrough())
            .withEngine(FileEngineKind.THREADS);
    OnError onError = setup.retry() ? OnError.RETRY : OnError.REPORT;
    options = options.withFailures(new FileFailurePolicy(onError, setup.hangs() ? 1 : 0));
    bdevs.register(FileBdev.create(options));
    blk.create(new BlkControllers.Spec(NAME, NAME, false), VhostSocket.listen(socket, null));
  }

  /** What it is at, for people. */
  @Override
  public String toString() {
    return controllers.get(NAME).sessions() + " " + bdevs.all();
  }

  /** Takes the disk away; whatever that has to wait for goes on meanwhile. */
  void remove() throws BdevException {
    bdevs.remove(NAME);
  }

  void round(long nowNanos) {
    now = nowNanos;
    reactor.runOnce(now);
  }

  /** Frees everything, whatever was going on. Its kernel is dead, and its front-end is gone. */
  void clear() throws BdevException, ControllerException {
    await(controllers.delete(NAME));
    await(bdevs.removeAll());
    uninstall.run();
    reactor.close();
  }

  private void await(CompletionStage<?> stage) {
    CompletableFuture<?> done = stage.toCompletableFuture();
    for (int i = 0; i < MOST_ROUNDS && !done.isDone(); i++) {
      now += ROUND_NANOS;
      reactor.runOnce(now);
    }
    done.getNow(null);
    if (!done.isDone()) {
      throw new AssertionError("the server does not close");
    }
  }
}
