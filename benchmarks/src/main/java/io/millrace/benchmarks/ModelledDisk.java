package io.millrace.benchmarks;

import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.NullBdev;
import io.millrace.nvme.bdev.NvmeModule;
import io.millrace.nvme.model.ModelController;
import io.millrace.nvme.model.ModelDevice;
import io.millrace.nvme.model.ModelOptions;
import io.millrace.reactor.Poller;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.VhostControllers;
import io.millrace.virtio.blk.BlkControllers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * A back-end of this module: a disk behind the NVMe driver, whose controller is made of memory and
 * is worked by the very reactor that serves the guest, as there is no third core for it; or a null
 * disk of the same size, to compare it with. What the controller does there counts against the
 * driver.
 */
public final class ModelledDisk {
  private static final int BLOCK_SHIFT = 12;
  private static final int BLOCKS = 1 << 16;
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private ModelledDisk() {}

  /** Such a back-end, on the first core. */
  static Contender.Server server(Path socket, boolean nvme) {
    return new Contender.Server(
        JavaProgram.command(ModelledDisk.class, List.of(socket.toString(), String.valueOf(nvme))),
        socket);
  }

  /** Serves until it is killed. */
  public static void main(String[] args) throws Exception {
    BdevRegistry bdevs = new BdevRegistry();
    Reactor control = Reactor.start("control", -1);
    Reactor polling = Reactor.start("reactor-0", 0);
    String disk = Boolean.parseBoolean(args[1]) ? nvme(bdevs, control, polling) : "null";
    on(
        control,
        () -> {
          if (disk.equals("null")) {
            bdevs.register(
                new NullBdev(disk, new UUID(0, 1), 1 << BLOCK_SHIFT, 1 << BLOCK_SHIFT, BLOCKS));
          }
          var all = new VhostControllers(control, Map.of(0, polling));
          var controllers = new BlkControllers(bdevs, all);
          return controllers.create(
              new BlkControllers.Spec("disk", disk, false),
              VhostSocket.listen(Path.of(args[0]), null));
        });
    Thread.currentThread().join();
  }

  /** Attaches the controller; the name of its disk. */
  private static String nvme(BdevRegistry bdevs, Reactor control, Reactor polling)
      throws Exception {
    ModelDevice device = new ModelDevice(new ModelOptions().nullNamespace(BLOCKS, BLOCK_SHIFT));
    NvmeModule module = new NvmeModule(bdevs, control, address -> device);
    on(polling, () -> polling.add(new Worker(device.controller())));
    CompletionStage<?> attached = on(control, () -> module.attach("Nvme0", "model", 1));
    attached.toCompletableFuture().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    return "Nvme0n1";
  }

  private static <T> T on(Reactor reactor, Callable<T> action) throws Exception {
    CompletableFuture<T> done = new CompletableFuture<>();
    reactor.execute(() -> {
      try {
        done.complete(action.call());
      } catch (Exception e) {
        done.completeExceptionally(e);
      }
    });
    return done.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  /** Works the controller, one look a round. */
  private static final class Worker implements Poller {
    private final ModelController controller;
    private int round;

    Worker(ModelController controller) {
      this.controller = controller;
      controller.spinning(true);
    }

    @Override
    public int poll() {
      return controller.spin(round++) > 0 ? 1 : 0;
    }

    @Override
    public boolean arm() {
      return false; // nothing would wake it
    }

    @Override
    public void disarm() {
      // It is never armed.
    }

    @Override
    public void failed(Throwable cause) {
      throw new IllegalStateException("the model controller failed", cause);
    }
  }
}
