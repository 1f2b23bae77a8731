package io.millrace.nvme.rpc;

import io.millrace.linux.Errno;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;

/** Whether devices that come are taken. Those that go are noticed always. */
final class HotplugMethods {
  private static final long DEFAULT_MICROS = 100_000;
  private static final long MAX_MICROS = 10_000_000;

  private final NvmeMethods methods;
  private final Supplier<Collection<String>> present;
  private @Nullable Hotplug hotplug; // made when it is first wanted

  HotplugMethods(NvmeMethods methods, Supplier<Collection<String>> present) {
    this.methods = methods;
    this.present = present;
  }

  void addTo(MethodRegistry registry) {
    registry.add(
        RpcMethod.named(
                "bdev_nvme_set_hotplug",
                "Takes every NVMe function that comes to vfio-pci, or does not")
            .badParams(RpcException.INVALID_PARAMS, Errno.EINVAL.describe())
            .param(Param.bool("enable", "whether to look for them").required())
            .param(
                Param.uint64(
                        "period_us",
                        "how often to look, at most 10000000; 0 for the default 100000")
                    .orElse(0))
            .handledBy(this::set));
  }

  private CompletionStage<JsonNode> set(Arguments arguments) {
    long given = arguments.integer("period_us");
    long micros = given == 0 ? DEFAULT_MICROS : Math.min(given, MAX_MICROS);
    if (arguments.bool("enable")) {
      Hotplug wanted = hotplug;
      if (wanted == null) {
        wanted =
            new Hotplug(methods.module(), methods.control(), present, methods.configured()::came);
        hotplug = wanted;
      }
      wanted.start(TimeUnit.MICROSECONDS.toNanos(micros));
    } else {
      stop();
    }
    methods.configured().hotplug(arguments);
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }

  void stop() {
    Hotplug current = hotplug;
    if (current != null) {
      current.stop();
    }
  }
}
