package io.millrace.server;

import io.millrace.nvme.ControllerListener;
import io.millrace.nvme.ControllerOptions;
import io.millrace.nvme.NamespaceData;
import io.millrace.nvme.NvmeCommand;
import io.millrace.nvme.NvmeController;
import io.millrace.nvme.NvmeException;
import io.millrace.nvme.NvmeResult;
import io.millrace.nvme.bdev.PciDevices;
import io.millrace.nvme.pci.PciDevice;
import io.millrace.reactor.Reactor;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

/** A controller that one command of the command line has for itself while it runs. */
final class NvmeSession implements AutoCloseable {
  /** A command that looks and ends need not hear what becomes of namespaces. */
  private static final ControllerListener NOBODY =
      new ControllerListener() {
        @Override
        public void namespaceAdded(NamespaceData namespace) {}

        @Override
        public void namespaceResized(NamespaceData namespace) {}

        @Override
        public void namespaceRemoved(int nsid) {}

        @Override
        public void gone() {}
      };

  private final Reactor home;
  private final NvmeController controller;

  private NvmeSession(Reactor home, NvmeController controller) {
    this.home = home;
    this.controller = controller;
  }

  /** Takes a controller over; waits until it is live. */
  static NvmeSession open(String address) throws CommandException, InterruptedException {
    Reactor home = Reactor.start("nvme", -1);
    boolean open = false;
    try {
      NvmeSession session = new NvmeSession(home, await(attach(home, address)));
      open = true;
      return session;
    } finally {
      if (!open) {
        home.close();
      }
    }
  }

  private static CompletionStage<NvmeController> attach(Reactor home, String address)
      throws CommandException {
    PciDevice device;
    try {
      device = PciDevices.open(address);
    } catch (IOException e) {
      throw CommandException.misused(e);
    }
    CompletableFuture<NvmeController> live = new CompletableFuture<>();
    home.execute(() ->
        NvmeController.attach(device, home, ControllerOptions.DEFAULTS, NOBODY)
            .whenComplete((controller, e) -> {
              if (e == null) {
                live.complete(controller);
              } else {
                live.completeExceptionally(e);
              }
            }));
    return live;
  }

  /** The controller, live. */
  NvmeController controller() {
    return controller;
  }

  /** Sends an admin command that has to succeed. */
  NvmeResult admin(String what, NvmeCommand command) throws CommandException, InterruptedException {
    NvmeResult result = await(controller.admin(command));
    if (!result.succeeded()) {
      throw CommandException.failed(
          new NvmeException(controller.name() + ": " + what, result.status()));
    }
    return result;
  }

  private static <T> T await(CompletionStage<T> stage)
      throws CommandException, InterruptedException {
    try {
      return stage.toCompletableFuture().get();
    } catch (ExecutionException e) {
      throw CommandException.failed(Cores.cause(e));
    }
  }

  /** Gives the controller back. */
  @Override
  public void close() {
    controller.close().toCompletableFuture().join();
    home.close();
  }
}
