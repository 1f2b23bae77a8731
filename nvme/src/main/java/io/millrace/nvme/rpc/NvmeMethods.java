package io.millrace.nvme.rpc;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.linux.Errno;
import io.millrace.nvme.bdev.AttachedController;
import io.millrace.nvme.bdev.DeviceOpener;
import io.millrace.nvme.bdev.NvmeModule;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All methods, and the module behind them, which is made when the first call needs it: servers
 * without NVMe controllers do not load the driver. Control thread.
 */
public final class NvmeMethods {
  private final BdevRegistry bdevs;
  private final Reactor control;
  private final DeviceOpener opener;
  private final HotplugMethods hotplug;
  private final ConfiguredControllers configured;
  private @Nullable NvmeModule module;

  private NvmeMethods(
      BdevRegistry bdevs,
      Reactor control,
      DeviceOpener opener,
      Supplier<Collection<String>> present,
      ConfiguredControllers configured) {
    this.bdevs = bdevs;
    this.control = control;
    this.opener = opener;
    this.configured = configured;
    this.hotplug = new HotplugMethods(this, present);
  }

  /**
   * Adds the methods.
   *
   * @param control home of all controllers
   * @param present gives the addresses of the NVMe functions that this process may take; asked
   *     while bdev_nvme_set_hotplug says so, on a thread of its own; may throw {@link
   *     java.io.UncheckedIOException}
   */
  public static NvmeMethods addTo(
      MethodRegistry methods,
      BdevRegistry bdevs,
      Reactor control,
      DeviceOpener opener,
      Supplier<Collection<String>> present) {
    NvmeMethods self =
        new NvmeMethods(
            bdevs, control, opener, present, new ConfiguredControllers(methods.configuration()));
    new OptionMethods(self).addTo(methods);
    new AttachMethods(self).addTo(methods);
    new StateMethods(self).addTo(methods);
    self.hotplug.addTo(methods);
    new HealthMethods(self).addTo(methods);
    new InjectionMethods(self).addTo(methods);
    new PassthroughMethods(self).addTo(methods);
    new FirmwareMethods(self).addTo(methods);
    new TransportMethods(self).addTo(methods);
    new PciMethods(self).addTo(methods);
    return self;
  }

  /** A method that answers wrong parameters as most of SPDK's of this module do. */
  static RpcMethod.Builder method(String name, String help) {
    return RpcMethod.named(name, help)
        .badParams(RpcException.INTERNAL_ERROR, "spdk_json_decode_object failed");
  }

  /** The controller's name as a parameter. */
  static Param name() {
    return Param.string("name", "the controller").required();
  }

  /** Which queue a command goes to, as a parameter. */
  static Param commandType() {
    return Param.oneOf("cmd_type", List.of("admin", "io"), "which queue").required();
  }

  BdevRegistry bdevs() {
    return bdevs;
  }

  Reactor control() {
    return control;
  }

  ConfiguredControllers configured() {
    return configured;
  }

  NvmeModule module() {
    NvmeModule made = module;
    if (made == null) {
      made = new NvmeModule(bdevs, control, opener);
      made.whenDetached(configured::detached);
      module = made;
    }
    return made;
  }

  /** Whether there are controllers; does not make the module. */
  boolean hasControllers() {
    NvmeModule made = module;
    return made != null && !made.all().isEmpty();
  }

  /** The controllers that are attached, oldest first; does not make the module. */
  List<AttachedController> attached() {
    NvmeModule made = module;
    return made == null
        ? List.of()
        : made.all().stream().filter(AttachedController::isAttached).toList();
  }

  /** The controller of a name that is attached; null if there is none. */
  @Nullable AttachedController find(String name) {
    return attached().stream().filter(one -> one.name().equals(name)).findFirst().orElse(null);
  }

  /** The controller of a name. */
  AttachedController get(String name) throws RpcException {
    AttachedController found = find(name);
    if (found == null) {
      throw RpcException.of(Errno.ENODEV, noController(name));
    }
    return found;
  }

  /** What to say of a name that is not a controller's. */
  static String noController(String name) {
    return "there is no NVMe controller " + name + "; bdev_nvme_get_controllers lists them";
  }

  /** Looks for no more devices, and gives all controllers back. */
  public CompletionStage<@Nullable Void> close() throws BdevException {
    hotplug.stop();
    NvmeModule made = module;
    return made == null ? CompletableFuture.completedFuture(null) : made.close();
  }
}
