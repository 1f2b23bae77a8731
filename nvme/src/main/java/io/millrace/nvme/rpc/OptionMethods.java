package io.millrace.nvme.rpc;

import io.millrace.linux.Errno;
import io.millrace.nvme.ControllerOptions;
import io.millrace.nvme.bdev.NvmeModule;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.rpc.RpcState;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;

/**
 * Options of controllers attached from then on. SPDK writes all of them into every saved
 * configuration; those that mean nothing here pass with SPDK's default and are refused otherwise.
 */
final class OptionMethods {
  private static final Logger LOG = LoggerFactory.getLogger(OptionMethods.class);

  private static final long MAX_TIMEOUT_MICROS = TimeUnit.DAYS.toMicros(1);
  private static final long UINT32 = 0xffff_ffffL;

  /** Taken with any value: each says why it does nothing here. */
  private static final List<Param> WITHOUT_EFFECT =
      List.of(
          Param.uint32("transport_retry_count", "no effect: bdev_retry_count counts all retries"),
          Param.uint32(
              "keep_alive_timeout_ms", "no effect: controllers on the PCI bus are not kept alive"),
          Param.uint64("nvme_adminq_poll_period_us", "no effect: reactors poll by themselves"),
          Param.uint64("nvme_ioq_poll_period_us", "no effect: reactors poll by themselves"),
          Param.uint32(
              "io_queue_requests", "no effect: any number of requests can wait for a queue"),
          Param.bool("delay_cmd_submit", "no effect: commands of one poll always share a doorbell"),
          Param.bool(
              "generate_uuids", "no effect: a disk without a UUID of its own is always given one"),
          Param.bool(
              "enable_flush", "no effect: flush always goes to controllers with a write cache"));

  private static final List<String> ONLY_ZERO =
      List.of(
          "arbitration_burst",
          "low_priority_weight",
          "medium_priority_weight",
          "high_priority_weight",
          "ctrlr_loss_timeout_sec",
          "reconnect_delay_sec",
          "fast_io_fail_timeout_sec",
          "transport_ack_timeout",
          "transport_tos",
          "rdma_srq_size",
          "rdma_max_cq_size",
          "rdma_cm_event_timeout_ms",
          "tcp_connect_timeout_ms");

  private static final List<String> ONLY_FALSE =
      List.of(
          "disable_auto_failback",
          "nvme_error_stat",
          "io_path_stat",
          "allow_accel_sequence",
          "rdma_umr_per_io");

  private static final List<String> DIGESTS = List.of("sha256", "sha384", "sha512");
  private static final List<String> GROUPS =
      List.of("null", "ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192");

  private final NvmeMethods methods;

  // What the calls so far said: each changes only what it names.
  private long timeoutMicros;
  private long adminTimeoutMicros;
  private long retries = ControllerOptions.DEFAULTS.retries();

  OptionMethods(NvmeMethods methods) {
    this.methods = methods;
  }

  void addTo(MethodRegistry registry) {
    RpcMethod.Builder method =
        NvmeMethods.method(
                "bdev_nvme_set_options", "Sets options of controllers attached from now on")
            .states(RpcState.STARTUP, RpcState.RUNTIME)
            .param(
                Param.oneOf(
                    "action_on_timeout",
                    List.of("none", "reset", "abort"),
                    "no effect: a late command is aborted, and then its controller reset"))
            .param(
                Param.uint64(
                    "timeout_us", "microseconds an I/O command may take; 0 is 30 s, admin 60 s"))
            .param(Param.uint64("timeout_admin_us", "the same for admin commands; 0 is timeout_us"))
            .param(
                Param.integer(
                    "bdev_retry_count",
                    Integer.MIN_VALUE,
                    Integer.MAX_VALUE,
                    "how often a failed command is sent again; -1 for ever"))
            .param(Param.object("multipath_opts", "policy: active_passive, the only one"));
    WITHOUT_EFFECT.forEach(method::param);
    for (String name : ONLY_ZERO) {
      method.param(
          Param.integer(name, Integer.MIN_VALUE, UINT32, "not supported; only 0").orElse(0));
    }
    for (String name : ONLY_FALSE) {
      method.param(Param.bool(name, "not supported; only false").orElse(false));
    }
    method
        .param(Param.strings("dhchap_digests", "of a network; only SPDK's default"))
        .param(Param.strings("dhchap_dhgroups", "of a network; only SPDK's default"));
    registry.add(method.handledBy(this::set));
  }

  private CompletionStage<JsonNode> set(Arguments arguments) throws RpcException {
    refuseUnsupported(arguments);
    long timeout = arguments.optionalInteger("timeout_us").orElse(timeoutMicros);
    long admin = arguments.optionalInteger("timeout_admin_us").orElse(adminTimeoutMicros);
    long again = arguments.optionalInteger("bdev_retry_count").orElse(retries);
    if (timeout == 0 && admin != 0) {
      throw invalid("timeout_admin_us needs a timeout_us that is not 0; give both");
    }
    if (Math.max(timeout, admin) > MAX_TIMEOUT_MICROS) {
      throw invalid(
          "timeout_us and timeout_admin_us are at most " + MAX_TIMEOUT_MICROS + ", a day");
    }
    if (again < -1) {
      throw invalid("bdev_retry_count is -1 for ever, or 0 or more");
    }
    if (methods.hasControllers()) {
      throw new RpcException(
          -Errno.EPERM.number(),
          "RPC not permitted with nvme controllers already attached",
          "set the options first, or detach all controllers");
    }
    timeoutMicros = timeout;
    adminTimeoutMicros = admin;
    retries = again;
    apply();
    methods.configured().options(arguments);
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }

  private void apply() {
    NvmeModule module = methods.module();
    ControllerOptions defaults = ControllerOptions.DEFAULTS;
    Duration io = timeoutMicros == 0 ? defaults.timeout() : micros(timeoutMicros);
    Duration admin =
        adminTimeoutMicros != 0
            ? micros(adminTimeoutMicros)
            : timeoutMicros != 0 ? io : defaults.adminTimeout();
    module.options(
        module
            .options()
            .withTimeout(io)
            .withAdminTimeout(admin)
            .withRetries(retries < 0 ? Integer.MAX_VALUE : (int) retries));
    LOG.info(
        "bdev_nvme_set_options: a command is aborted after {} ms (admin: controller reset after {}"
            + " ms) and sent again {} times",
        io.toMillis(),
        admin.toMillis(),
        retries < 0 ? "any number of" : retries);
  }

  private static Duration micros(long micros) {
    return Duration.of(micros, ChronoUnit.MICROS);
  }

  private static void refuseUnsupported(Arguments arguments) throws RpcException {
    for (String name : ONLY_ZERO) {
      if (arguments.integer(name) != 0) {
        throw invalid(name + " is not supported; give 0 or leave it out");
      }
    }
    for (String name : ONLY_FALSE) {
      if (arguments.bool(name)) {
        throw invalid(name + " is not supported; give false or leave it out");
      }
    }
    requireDefault(arguments, "dhchap_digests", DIGESTS);
    requireDefault(arguments, "dhchap_dhgroups", GROUPS);
    NetworkParams.requireOnePath(arguments.object("multipath_opts"));
  }

  private static void requireDefault(Arguments arguments, String name, List<String> only)
      throws RpcException {
    if (arguments.has(name) && !arguments.strings(name).equals(only)) {
      throw invalid(name + " is for controllers behind a network; leave it out");
    }
  }

  private static RpcException invalid(String why) {
    return RpcException.of(Errno.EINVAL, "bdev_nvme_set_options: " + why);
  }
}
