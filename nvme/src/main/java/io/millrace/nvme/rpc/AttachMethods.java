package io.millrace.nvme.rpc;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.rpc.BdevErrors;
import io.millrace.linux.Errno;
import io.millrace.nvme.ControllerOptions;
import io.millrace.nvme.NvmeController.State;
import io.millrace.nvme.bdev.AttachedController;
import io.millrace.nvme.bdev.NvmeModule;
import io.millrace.nvme.bdev.PciDevices;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Attaches controllers, gives them back, and lists them. */
final class AttachMethods {
  static final String PCIE = "PCIe";
  private static final int MAX_QUEUES = 1 << 16;
  private static final int MOST_ASKABLE = MAX_QUEUES - 1; // of set features, number of queues

  private final NvmeMethods methods;

  AttachMethods(NvmeMethods methods) {
    this.methods = methods;
  }

  void addTo(MethodRegistry registry) {
    registry.add(
        NetworkParams.addTo(
                NvmeMethods.method(
                        ConfiguredControllers.ATTACH,
                        "Takes an NVMe controller over and makes disks of its namespaces")
                    .param(
                        Param.string("name", "its name; its disks are called <name>n1 and so on")
                            .required())
                    .param(Param.string("trtype", "PCIe, the only one here").required())
                    .param(
                        Param.string(
                                "traddr",
                                "PCI address such as 0000:01:00.0, or qtest:DIR[#00:04.0]")
                            .required())
                    .param(
                        Param.uint32(
                            "num_io_queues",
                            "I/O queues to ask for, 1 to 65536; one for each reactor is enough"))
                    .param(
                        Param.uint32("max_bdevs", "most disks").orElse((long) NvmeModule.MAX_BDEVS))
                    .param(
                        Param.bool(
                                "prchk_reftag",
                                "no effect: the controller checks a protected namespace always")
                            .orElse(false))
                    .param(Param.bool("prchk_guard", "no effect: the same").orElse(false)))
            .handledBy(this::attach));
    registry.add(
        NvmeMethods.method(
                "bdev_nvme_detach_controller", "Removes a controller's disks and gives it back")
            .param(NvmeMethods.name())
            .param(Param.string("trtype", "only if it is of this transport"))
            .param(Param.string("traddr", "only if it is at this address"))
            .param(Param.string("adrfam", "of a network; no controller here has it"))
            .param(Param.string("trsvcid", "of a network; no controller here has it"))
            .param(Param.string("subnqn", "only if it is of this subsystem"))
            .param(Param.string("hostaddr", "of a network; no controller here has it"))
            .param(Param.string("hostsvcid", "of a network; no controller here has it"))
            .handledBy(this::detach));
    registry.add(
        NvmeMethods.method("bdev_nvme_get_controllers", "Lists controllers and how they are")
            .param(Param.string("name", "only this one"))
            .handledBy(this::list));
  }

  private CompletionStage<JsonNode> attach(Arguments arguments) throws RpcException {
    long maxBdevs = arguments.integer("max_bdevs");
    if (maxBdevs == 0) {
      throw new RpcException(-Errno.EINVAL.number(), "max_bdevs cannot be zero");
    }
    requirePcie(arguments.string("trtype"));
    NetworkParams.refuse(arguments);
    String name = arguments.string("name");
    String address = PciDevices.spelled(arguments.string("traddr"));
    requireFree(name, address, arguments.string("multipath"));
    try {
      return Failures.answer(
          methods
              .module()
              .attach(
                  name, address, (int) Math.min(maxBdevs, Integer.MAX_VALUE), options(arguments))
              .thenApply(attached -> {
                methods.configured().attached(arguments);
                return disks(attached);
              }));
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
  }

  private static void requirePcie(String transport) throws RpcException {
    if (!transport.equalsIgnoreCase(PCIE)) {
      throw RpcException.of(
          Errno.ENODEV,
          "trtype "
              + transport
              + ": only controllers on this machine's PCI bus can be attached; give trtype PCIe");
    }
  }

  /** One name has one controller: a second path to a local drive does not exist. */
  private void requireFree(String name, String address, String multipath) throws RpcException {
    for (AttachedController other : methods.module().all()) {
      if (!other.name().equals(name)) {
        continue;
      }
      String how =
          multipath.equals("disable")
              ? " and multipath is disabled"
              : other.address().equals(address) ? " with the specified network path" : "";
      throw new RpcException(
          -Errno.EALREADY.number(),
          "A controller named " + name + " already exists" + how,
          "it is at " + other.address() + "; choose another name, or detach it first");
    }
  }

  private ControllerOptions options(Arguments arguments) throws RpcException {
    ControllerOptions options = methods.module().options();
    if (!arguments.has("num_io_queues")) {
      return options;
    }
    long queues = arguments.integer("num_io_queues");
    if (queues < 1 || queues > MAX_QUEUES) {
      throw new RpcException(
          -Errno.EINVAL.number(), "num_io_queues out of bounds, min: 1 max: " + MAX_QUEUES);
    }
    return options.withQueues(options.queueEntries(), (int) Math.min(queues, MOST_ASKABLE));
  }

  private static ArrayNode disks(AttachedController attached) {
    ArrayNode names = JsonNodeFactory.instance.arrayNode();
    attached.disks().forEach(disk -> names.add(disk.name()));
    return names;
  }

  private CompletionStage<JsonNode> detach(Arguments arguments) throws RpcException {
    AttachedController attached = methods.get(arguments.string("name"));
    String subsystem = attached.controller().data().subsystem();
    boolean same =
        fits(arguments, "traddr", given -> PciDevices.spelled(given).equals(attached.address()))
            && fits(arguments, "subnqn", subsystem::equals)
            && fits(arguments, "trtype", PCIE::equalsIgnoreCase);
    for (String elsewhere : List.of("adrfam", "trsvcid", "hostaddr", "hostsvcid")) {
      same &= !arguments.has(elsewhere);
    }
    if (!same) {
      throw RpcException.of(
          Errno.ENXIO,
          attached.name() + " is at PCIe " + attached.address() + "; give its name alone");
    }
    try {
      return Failures.answer(
          methods.module().detach(attached.name()).thenApply(gone -> BooleanNode.TRUE));
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
  }

  private static boolean fits(Arguments arguments, String name, Function<String, Boolean> test) {
    return arguments.optionalString(name).map(test).orElse(true);
  }

  private CompletionStage<JsonNode> list(Arguments arguments) throws RpcException {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    if (arguments.has("name")) {
      String name = arguments.string("name");
      AttachedController one = methods.find(name);
      if (one == null) {
        throw new RpcException(
            -Errno.EINVAL.number(), "Controller " + name + " does not exist", null);
      }
      describe(one, all.addObject());
    } else {
      methods.attached().forEach(one -> describe(one, all.addObject()));
    }
    return CompletableFuture.completedStage(all);
  }

  private static void describe(AttachedController attached, ObjectNode into) {
    into.put("name", attached.name());
    ObjectNode one = into.putArray("ctrlrs").addObject();
    one.put("state", state(attached));
    ObjectNode transport = one.putObject("trid");
    for (Map.Entry<String, Object> member : attached.transport().entrySet()) {
      transport.put(member.getKey(), String.valueOf(member.getValue()));
    }
    one.put("cntlid", attached.controller().data().controllerId());
    ObjectNode host = one.putObject("host");
    host.put("nqn", ""); // a controller on the PCI bus is told no name of its host
    host.put("addr", "");
    host.put("svcid", "");
    host.put("no_shn_notification", false);
  }

  private static String state(AttachedController attached) {
    if (attached.isDetaching()) {
      return "deleting";
    }
    State state = attached.controller().state();
    return switch (state) {
      case LIVE -> "enabled";
      case STARTING, RESETTING -> "resetting";
      case DISABLED -> "disabled";
      case FAILED -> "failed";
      case GONE, CLOSED -> "deleting";
    };
  }
}
