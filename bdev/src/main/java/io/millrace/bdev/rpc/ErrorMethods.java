package io.millrace.bdev.rpc;

import io.millrace.bdev.IoType;
import io.millrace.bdev.stacked.ErrorBdev;
import io.millrace.bdev.stacked.Injection;
import io.millrace.bdev.stacked.Injection.Kind;
import io.millrace.linux.Errno;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;

/** Error bdevs. */
final class ErrorMethods {
  private static final List<String> IO_TYPES =
      List.of("clear", "read", "write", "unmap", "flush", "all");

  private final BdevMethods bdevMethods;
  private final StackedMethods stacked;

  ErrorMethods(BdevMethods bdevMethods) {
    this.bdevMethods = bdevMethods;
    stacked = new StackedMethods(bdevMethods, "error", ErrorBdev.class);
  }

  void addTo(MethodRegistry methods) {
    methods.add(
        bdevMethods
            .method("bdev_error_create", "Stacks EE_<base>, which fails on demand, on a bdev")
            .param(Param.string("base_name", "the bdev below").required())
            .param(Param.uuid("uuid", "its UUID; made of the base's without"))
            .handledBy(this::create));
    methods.add(
        bdevMethods
            .method("bdev_error_delete", "Removes an error bdev")
            .param(Param.string("name", "the bdev, EE_<base>").required())
            .handledBy(a -> stacked.delete(a.string("name"))));
    methods.add(
        bdevMethods
            .method("bdev_error_inject_error", "Makes requests to an error bdev fail")
            .configuresNothing()
            .param(Param.string("name", "the bdev, EE_<base>").required())
            .param(Param.oneOf("io_type", IO_TYPES, "which; clear ends all errors").required())
            .param(Param.oneOf("error_type", errorTypes(), "what happens to them").required())
            .param(Param.uint32("nvme_sct", "NVMe status code type of nvme_failure").orElse(0))
            .param(Param.uint32("nvme_sc", "NVMe status code of nvme_failure").orElse(0))
            .param(Param.uint32("num", "how many requests").orElse(1))
            .param(Param.uint64("queue_depth", "only with so many in flight").orElse(0))
            .param(Param.uint64("corrupt_offset", "byte of the data that changes").orElse(0))
            .param(Param.integer("corrupt_value", 0, 255, "its bits that change").orElse(0))
            .handledBy(this::inject));
    methods.add(
        bdevMethods
            .method("bdev_error_resume_pending", "Goes on with pending requests")
            .configuresNothing()
            .param(Param.string("name", "the bdev, EE_<base>").required())
            .handledBy(this::resumePending));
  }

  private static List<String> errorTypes() {
    return Arrays.stream(Kind.values()).map(Kind::spdkName).toList();
  }

  private CompletionStage<JsonNode> create(Arguments arguments) throws RpcException {
    String base = arguments.string("base_name");
    String name = ErrorBdev.nameOver(base);
    stacked.create(
        arguments,
        name,
        base,
        () ->
            ErrorBdev.create(
                stacked.bdevs(),
                base,
                arguments.optionalUuid("uuid").orElse(null),
                () -> stacked.module().forget(name)));
    return StackedMethods.done();
  }

  private CompletionStage<JsonNode> inject(Arguments arguments) throws RpcException {
    Injection injection = injection(arguments);
    ErrorBdev bdev = stacked.get(arguments.string("name"), ErrorBdev.class);
    String type = arguments.string("io_type");
    switch (type) {
      case "clear" -> bdev.clear();
      case "all" -> bdev.injectAll(injection);
      default -> bdev.inject(IoType.valueOf(type.toUpperCase(Locale.ROOT)), injection);
    }
    return StackedMethods.done();
  }

  private static Injection injection(Arguments arguments) throws RpcException {
    Kind kind = kind(arguments.string("error_type"));
    boolean hasStatus = arguments.integer("nvme_sct") != 0 || arguments.integer("nvme_sc") != 0;
    if (hasStatus != (kind == Kind.NVME_FAILURE)) {
      throw new RpcException(
          -Errno.EINVAL.number(),
          "nvme_sct or nvme_sc should be specified for NVMe error injection",
          "error_type is " + kind.spdkName());
    }
    try {
      return new Injection(
          kind,
          arguments.integer("num"),
          arguments.integer("queue_depth"),
          arguments.integer("corrupt_offset"),
          arguments.intValue("corrupt_value"));
    } catch (IllegalArgumentException e) {
      throw RpcException.of(Errno.EINVAL, e.getMessage());
    }
  }

  private static Kind kind(String spdkName) {
    for (Kind kind : Kind.values()) {
      if (kind.spdkName().equals(spdkName)) {
        return kind;
      }
    }
    throw new IllegalStateException(spdkName + " was checked to be an error type");
  }

  private CompletionStage<JsonNode> resumePending(Arguments arguments) throws RpcException {
    stacked.get(arguments.string("name"), ErrorBdev.class).resumePending();
    return StackedMethods.done();
  }
}
