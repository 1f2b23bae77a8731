package io.millrace.server;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevRegistry;
import io.millrace.initiator.perf.BdevSource;
import io.millrace.nvme.bdev.AttachedController;
import io.millrace.nvme.bdev.NvmeBdev;
import io.millrace.nvme.bdev.NvmeModule;
import io.millrace.nvme.bdev.PciDevices;
import io.millrace.reactor.Reactor;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * {@code pcie:ADDRESS} of {@code millrace perf}: the first namespace of an NVMe controller, or
 * another one by {@code pcie:ADDRESS,nsid=2}. For one thread, which is the control thread of the
 * bdevs while the controller's home waits.
 */
final class PcieBdev implements BdevSource {
  static final String PREFIX = "pcie:";
  private static final String NSID = ",nsid=";
  private static final String NAME = "perf";

  private final String address;
  private final int nsid; // 0 for the first
  private @Nullable Reactor home;
  private @Nullable NvmeModule module;

  private PcieBdev(String address, int nsid) {
    this.address = address;
    this.nsid = nsid;
  }

  /**
   * Reads what the user wrote.
   *
   * @throws IllegalArgumentException in one line, if it can be none
   */
  static PcieBdev parse(String text) {
    String rest = text.substring(PREFIX.length());
    int at = rest.lastIndexOf(NSID);
    try {
      int nsid = at < 0 ? 0 : Integer.parseInt(rest.substring(at + NSID.length()));
      String address = at < 0 ? rest : rest.substring(0, at);
      if (address.isEmpty() || nsid < 0 || (at >= 0 && nsid == 0)) {
        throw new NumberFormatException();
      }
      return new PcieBdev(address, nsid);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "--bdev " + text + " is not pcie:ADDRESS or pcie:ADDRESS,nsid=NUMBER", e);
    }
  }

  @Override
  public String open(BdevRegistry bdevs) throws BdevException {
    Reactor reactor = Reactor.start("nvme", -1);
    home = reactor;
    boolean open = false;
    try {
      NvmeModule made = new NvmeModule(bdevs, reactor, PciDevices::open);
      List<NvmeBdev> disks = await(reactor, () -> attach(made)).disks();
      module = made;
      String name = disk(disks);
      open = true;
      return name;
    } finally {
      if (!open) {
        close();
      }
    }
  }

  private CompletionStage<AttachedController> attach(NvmeModule made) {
    try {
      return made.attach(NAME, address, NvmeModule.MAX_BDEVS);
    } catch (BdevException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private String disk(List<NvmeBdev> disks) throws BdevException {
    for (NvmeBdev disk : disks) {
      if (nsid == 0 || disk.namespace().nsid() == nsid) {
        return disk.name();
      }
    }
    throw new BdevException(
        Kind.NOT_FOUND,
        nsid == 0
            ? address + " has no namespace that can be used"
            : address + " has no namespace " + nsid + "; it has " + numbers(disks));
  }

  private static String numbers(List<NvmeBdev> disks) {
    return String.join(
        ", ",
        disks.stream().map(disk -> Integer.toUnsignedString(disk.namespace().nsid())).toList());
  }

  /** Something that the home is to do. */
  private interface Step<T> {
    CompletionStage<T> run();
  }

  private static <T> T await(Reactor home, Step<T> step) throws BdevException {
    CompletableFuture<T> done = new CompletableFuture<>();
    home.execute(() ->
        step.run()
            .whenComplete((value, e) -> {
              if (e == null) {
                done.complete(value);
              } else {
                done.completeExceptionally(e);
              }
            }));
    try {
      return done.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof BdevException known
          ? known
          : new BdevException(Kind.SYSTEM, String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BdevException(Kind.SYSTEM, "interrupted", e);
    }
  }

  @Override
  public void close() {
    Reactor reactor = home;
    NvmeModule made = module;
    if (reactor != null && made != null) {
      try {
        await(reactor, () -> closing(made));
      } catch (BdevException e) {
        throw new IllegalStateException(e);
      }
    }
    if (reactor != null) {
      reactor.close();
    }
    home = null;
    module = null;
  }

  private static CompletionStage<Boolean> closing(NvmeModule module) {
    try {
      return module.close().thenApply(closed -> true);
    } catch (BdevException e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
