package io.millrace.nvme.rpc;

import io.millrace.linux.Errno;
import io.millrace.nvme.ErrorInjection;
import io.millrace.nvme.NvmeController;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;

/** Errors of commands that did not happen. */
final class InjectionMethods {
  private static final int MAX_BYTE = 0xff;
  private static final int TYPE_MASK = 7;
  private static final int TYPE_SHIFT = 8;
  private static final long MAX_DELAY_MICROS = TimeUnit.DAYS.toMicros(1);

  private final NvmeMethods methods;

  InjectionMethods(NvmeMethods methods) {
    this.methods = methods;
  }

  void addTo(MethodRegistry registry) {
    registry.add(
        method("bdev_nvme_add_error_injection", "Has commands of an opcode end with an error")
            .configuresNothing()
            .param(
                Param.bool("do_not_submit", "the controller never gets them; else it does them")
                    .orElse(false))
            .param(
                Param.integer(
                        "timeout_in_us", 0, MAX_DELAY_MICROS, "how long those not submitted take")
                    .orElse(0))
            .param(Param.uint32("err_count", "how many commands, retries included").orElse(1))
            .param(
                Param.integer("sct", 0, MAX_BYTE, "status code type, 0 to 7; more is cut off")
                    .orElse(0))
            .param(Param.integer("sc", 0, MAX_BYTE, "status code").orElse(0))
            .handledBy(a -> inject(a, injection(a))));
    registry.add(
        method("bdev_nvme_remove_error_injection", "Takes that back")
            .configuresNothing()
            .handledBy(a -> inject(a, null)));
  }

  private static RpcMethod.Builder method(String name, String help) {
    return RpcMethod.named(name, help)
        .badParams(-Errno.EINVAL.number(), "Failed to parse the request")
        .param(NvmeMethods.name())
        .param(NvmeMethods.commandType())
        .param(Param.integer("opc", 0, MAX_BYTE, "opcode").required());
  }

  private static @Nullable ErrorInjection injection(Arguments arguments) {
    long count = arguments.integer("err_count");
    return count == 0
        ? null
        : new ErrorInjection(
            arguments.intValue("opc"),
            arguments.bool("do_not_submit"),
            TimeUnit.MICROSECONDS.toNanos(arguments.integer("timeout_in_us")),
            (int) Math.min(count, Integer.MAX_VALUE),
            (arguments.intValue("sct") & TYPE_MASK) << TYPE_SHIFT | arguments.intValue("sc"));
  }

  private CompletionStage<JsonNode> inject(Arguments arguments, @Nullable ErrorInjection injection)
      throws RpcException {
    NvmeController controller = methods.get(arguments.string("name")).controller();
    boolean admin = arguments.string("cmd_type").equals("admin");
    controller.inject(admin, arguments.intValue("opc"), injection);
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }
}
