package io.millrace.nvme.rpc;

import io.millrace.linux.Errno;
import io.millrace.nvme.NvmeController;
import io.millrace.nvme.NvmeException;
import io.millrace.nvme.NvmeResult;
import io.millrace.nvme.bdev.AttachedController;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Any command, made by the operator. */
final class PassthroughMethods {
  private static final int COMPLETION_BYTES = 16;
  private static final int STATUS = 14;

  private final NvmeMethods methods;

  PassthroughMethods(NvmeMethods methods) {
    this.methods = methods;
  }

  void addTo(MethodRegistry registry) {
    registry.add(
        RpcMethod.named(
                "bdev_nvme_send_cmd", "Sends a command as it is; answers its completion and data")
            .configuresNothing()
            .badParams(RpcException.INVALID_PARAMS, Errno.EINVAL.describe())
            .param(NvmeMethods.name())
            .param(NvmeMethods.commandType())
            .param(
                Param.oneOf(
                        "data_direction",
                        List.of("h2c", "c2h"),
                        "h2c: data goes to the controller; c2h: it comes from there")
                    .required())
            .param(Param.string("cmdbuf", "the 64 bytes of the command in base64url").required())
            .param(Param.string("data", "what to send, in base64url"))
            .param(Param.string("metadata", "not supported"))
            .param(Param.uint32("data_len", "bytes of data, a multiple of 4"))
            .param(Param.uint32("metadata_len", "not supported; only 0"))
            .param(
                Param.uint32(
                    "timeout_ms",
                    "no effect: the driver's timeouts hold, an hour for format and sanitize"))
            .handledBy(this::send));
  }

  private CompletionStage<JsonNode> send(Arguments arguments) throws RpcException {
    String name = arguments.string("name");
    AttachedController attached = methods.find(name);
    if (attached == null) {
      throw RpcException.invalidParams(Errno.EINVAL, NvmeMethods.noController(name));
    }
    PassthroughCommand given;
    try {
      given = PassthroughCommand.of(arguments);
    } catch (IllegalArgumentException e) {
      throw RpcException.invalidParams(Errno.EINVAL, e.getMessage());
    }
    NvmeController controller = attached.controller();
    CompletionStage<NvmeResult> sent =
        given.admin() ? controller.admin(given.command()) : controller.io(given.command());
    return sent.<JsonNode>thenApply(result -> answer(result, given.answerBytes()))
        .exceptionallyCompose(e -> CompletableFuture.failedStage(failure(e)));
  }

  private static Throwable failure(Throwable e) {
    Throwable cause = NvmeException.cause(e);
    return cause instanceof NvmeException nvme
        ? new RpcException(
            RpcException.INTERNAL_ERROR, Failures.errno(nvme).describe(), nvme.getMessage())
        : cause;
  }

  /** Where in a queue it was is nobody's business outside: those fields are 0. */
  private static ObjectNode answer(NvmeResult result, int answerBytes) {
    byte[] completion = new byte[COMPLETION_BYTES];
    ByteBuffer words = ByteBuffer.wrap(completion).order(ByteOrder.LITTLE_ENDIAN);
    words.putLong(0, result.result());
    words.putShort(STATUS, (short) (result.status() << 1));
    ObjectNode into = JsonNodeFactory.instance.objectNode();
    into.put("cpl", Base64.getUrlEncoder().encodeToString(completion));
    if (answerBytes > 0) {
      byte[] data = Arrays.copyOf(result.data(), answerBytes);
      into.put("data", Base64.getUrlEncoder().encodeToString(data));
    }
    return into;
  }
}
