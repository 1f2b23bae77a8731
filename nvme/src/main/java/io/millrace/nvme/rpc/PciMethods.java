package io.millrace.nvme.rpc;

import io.millrace.nvme.pci.PciDevice;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The PCI functions that this process drives, which all are NVMe controllers. */
final class PciMethods {
  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  private final NvmeMethods methods;

  PciMethods(NvmeMethods methods) {
    this.methods = methods;
  }

  void addTo(MethodRegistry registry) {
    registry.add(
        RpcMethod.named(
                "framework_get_pci_devices",
                "Lists the PCI functions that are driven, with their configuration space")
            .badParams(
                RpcException.INVALID_PARAMS,
                "framework_get_pci_devices doesn't accept any parameters.")
            .handledBy(none -> list()));
  }

  private CompletionStage<JsonNode> list() {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    methods.attached().forEach(one -> describe(one.controller().device(), all.addObject()));
    return CompletableFuture.completedStage(all);
  }

  private static void describe(PciDevice device, ObjectNode into) {
    into.put("address", device.name());
    into.put("type", "pci");
    into.put("numa_id", device.numaNode());
    into.put("config_space", configSpace(device));
  }

  /**
   * What every function has, and what a function of PCI Express has beyond that unless it is all
   * zeroes; as SPDK, nothing of a function that is gone.
   */
  private static String configSpace(PciDevice device) {
    ByteBuffer all = ByteBuffer.allocate(device.configBytes()).order(ByteOrder.LITTLE_ENDIAN);
    int used = PciDevice.CONFIG_BYTES;
    for (int at = 0; at < all.capacity(); at += Integer.BYTES) {
      int word = device.readConfig(at);
      all.putInt(word);
      if (word != 0 && at >= PciDevice.CONFIG_BYTES) {
        used = all.capacity();
      }
    }
    return device.isGone() ? "" : HEX.formatHex(all.array(), 0, used);
  }
}
