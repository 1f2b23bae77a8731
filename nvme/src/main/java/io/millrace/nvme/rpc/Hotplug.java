package io.millrace.nvme.rpc;

import io.millrace.bdev.BdevException;
import io.millrace.nvme.bdev.AttachedController;
import io.millrace.nvme.bdev.NvmeModule;
import io.millrace.nvme.bdev.PciDevices;
import io.millrace.reactor.Reactor;
import io.millrace.reactor.Timer;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks every period which functions there are, attaches those that came as HotInNvme0 and so on,
 * and detaches those that went. Control thread; the look itself has a thread of its own.
 *
 * <p>A function is taken once: one that could not be attached, or that the operator detached, is
 * left alone until it has been away.
 */
final class Hotplug {
  private static final Logger LOG = LoggerFactory.getLogger(Hotplug.class);

  private final NvmeModule module;
  private final Reactor control;
  private final Supplier<Collection<String>> present;
  private final BiConsumer<String, String> taken;
  private final Set<String> known = new HashSet<>();
  private int nextName;
  private int run; // looks of an earlier run are not heeded
  private @Nullable Timer timer;
  private String trouble = "";

  /**
   * Looks at nothing yet.
   *
   * @param taken told name and address of each controller that was attached
   */
  Hotplug(
      NvmeModule module,
      Reactor control,
      Supplier<Collection<String>> present,
      BiConsumer<String, String> taken) {
    this.module = module;
    this.control = control;
    this.present = present;
    this.taken = taken;
  }

  /** Looks from now on, or with another period. */
  void start(long periodNanos) {
    stop();
    int started = run;
    timer = control.schedule(periodNanos, () -> look(started, periodNanos));
  }

  /** Looks no more. */
  void stop() {
    run++;
    Timer waiting = timer;
    if (waiting != null) {
      waiting.cancel();
      timer = null;
    }
  }

  /** Reading sysfs may take a while, which the control thread does not have. */
  private void look(int of, long periodNanos) {
    Thread.ofVirtual()
        .name("nvme hotplug")
        .start(() -> {
          Set<String> found = null;
          String problem = "";
          try {
            found = present.get().stream().map(PciDevices::spelled).collect(Collectors.toSet());
          } catch (RuntimeException e) {
            problem = String.valueOf(e.getMessage());
          }
          Set<String> seen = found;
          String why = problem;
          control.execute(() -> looked(of, periodNanos, seen, why));
        });
  }

  private void looked(int of, long periodNanos, @Nullable Set<String> found, String problem) {
    if (of != run) {
      return;
    }
    if (found != null) {
      compare(found);
    } else if (!problem.equals(trouble)) {
      LOG.warn("NVMe functions that come are not seen: {}", problem);
    }
    trouble = problem;
    timer = control.schedule(periodNanos, () -> look(of, periodNanos));
  }

  private void compare(Set<String> found) {
    for (String address : Set.copyOf(known)) {
      if (!found.contains(address)) {
        known.remove(address);
        went(address);
      }
    }
    for (String address : found) {
      if (known.add(address) && attachedAt(address) == null) {
        came(address);
      }
    }
  }

  private @Nullable AttachedController attachedAt(String address) {
    return module.all().stream()
        .filter(one -> one.address().equals(address))
        .findFirst()
        .orElse(null);
  }

  private void went(String address) {
    AttachedController attached = attachedAt(address);
    if (attached == null || attached.isDetaching()) {
      return;
    }
    LOG.warn("{}: {} is not there any more; its disks are removed", attached.name(), address);
    try {
      var _ =
          module
              .detach(attached.name())
              .exceptionally(e -> {
                LOG.error("{}: {}", attached.name(), Failures.of(e).getMessage());
                return null;
              });
    } catch (BdevException e) {
      throw new IllegalStateException(e);
    }
  }

  private void came(String address) {
    String name = freeName();
    try {
      var _ =
          module
              .attach(name, address, NvmeModule.MAX_BDEVS)
              .whenComplete((attached, e) -> {
                if (e != null) {
                  notTaken(address, Failures.of(e));
                } else {
                  taken.accept(name, address);
                }
              });
    } catch (BdevException e) {
      notTaken(address, e);
    }
  }

  private static void notTaken(String address, Throwable why) {
    LOG.warn(
        "{} came and is not attached: {}; bdev_nvme_attach_controller tries again",
        address,
        why.getMessage());
  }

  private String freeName() {
    while (true) {
      String name = "HotInNvme" + nextName++;
      if (module.all().stream().noneMatch(one -> one.name().equals(name))) {
        return name;
      }
    }
  }
}
