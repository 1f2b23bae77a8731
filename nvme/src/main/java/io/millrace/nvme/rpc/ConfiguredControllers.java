package io.millrace.nvme.rpc;

import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import java.util.Objects;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Records NVMe controllers and what is set for all of them. Control thread. */
final class ConfiguredControllers {
  /** The method that attaches a controller. */
  static final String ATTACH = "bdev_nvme_attach_controller";

  private static final String SUBSYSTEM = "bdev";
  private static final String OPTIONS_ID = "nvme-options";
  private static final String HOTPLUG_ID = "nvme-hotplug";

  private final Configuration configuration;

  ConfiguredControllers(Configuration configuration) {
    this.configuration = configuration;
  }

  private static String id(String controller) {
    return Configuration.id("nvme", controller);
  }

  /** Was attached by a call. */
  void attached(Arguments call) {
    configuration.put(SUBSYSTEM, id(call.string("name")), ATTACH, call.asCalled());
  }

  /** Was attached as it came: after a restart it is to have the same name. */
  void came(String name, String address) {
    ObjectNode params = JsonNodeFactory.instance.objectNode();
    params.put("name", name);
    params.put("trtype", AttachMethods.PCIE);
    params.put("traddr", address);
    configuration.put(SUBSYSTEM, id(name), ATTACH, params);
  }

  /** Is not there any more. */
  void detached(String name) {
    configuration.remove(id(name));
  }

  /** Options were set; those that were set before stay. */
  void options(Arguments call) {
    ObjectNode all = JsonNodeFactory.instance.objectNode();
    configuration
        .find(OPTIONS_ID)
        .ifPresent(before -> all.setAll(Objects.requireNonNull(before.params())));
    all.setAll(call.asCalled());
    configuration.put(SUBSYSTEM, OPTIONS_ID, call.method(), call.asCalledWith(all));
  }

  /** Those that come are taken, or no longer: last, or it would take one that has a name. */
  void hotplug(Arguments call) {
    configuration.remove(HOTPLUG_ID);
    if (call.bool("enable")) {
      configuration.putLast(SUBSYSTEM, HOTPLUG_ID, call.method(), call.asCalled());
    }
  }
}
