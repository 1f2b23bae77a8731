package io.millrace.nvme.rpc;

import io.millrace.linux.Errno;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Parameters of bdev_nvme_attach_controller that are for controllers behind a network, or behind
 * several paths. SPDK writes many of them into every saved configuration: their defaults pass.
 */
final class NetworkParams {
  /** Text that only a network needs. */
  private static final List<String> TEXTS =
      List.of(
          "adrfam",
          "trsvcid",
          "priority",
          "hostaddr",
          "hostsvcid",
          "psk",
          "dhchap_key",
          "dhchap_ctrlr_key");

  private static final List<String> SWITCHES = List.of("hdgst", "ddgst", "allow_unrecognized_csi");
  private static final List<String> NUMBERS =
      List.of("ctrlr_loss_timeout_sec", "reconnect_delay_sec", "fast_io_fail_timeout_sec");

  private static final String ONE_PATH = "active_passive";

  private NetworkParams() {}

  static RpcMethod.Builder addTo(RpcMethod.Builder method) {
    for (String text : TEXTS) {
      method.param(Param.string(text, "of a network; refused"));
    }
    for (String name : SWITCHES) {
      method.param(Param.bool(name, "not supported; only false").orElse(false));
    }
    for (String number : NUMBERS) {
      method.param(
          Param.integer(
                  number, Integer.MIN_VALUE, 0xffff_ffffL, "of a network; only 0, as when left out")
              .orElse(0));
    }
    return method
        .param(Param.string("subnqn", "no effect: the address says which controller"))
        .param(Param.string("hostnqn", "no effect: of a network"))
        .param(Param.uint64("fabrics_connect_timeout_us", "no effect: of a network"))
        .param(
            Param.oneOf(
                    "multipath",
                    List.of("disable", "failover", "multipath"),
                    "no effect: a name has one controller")
                .orElse("multipath"))
        .param(Param.object("multipath_opts", "policy: active_passive, the only one"));
  }

  /** Refuses what would not be done. */
  static void refuse(Arguments arguments) throws RpcException {
    for (String text : TEXTS) {
      if (arguments.has(text)) {
        throw refusal(text);
      }
    }
    for (String name : SWITCHES) {
      if (arguments.bool(name)) {
        throw refusal(name);
      }
    }
    for (String number : NUMBERS) {
      if (arguments.integer(number) != 0) {
        throw refusal(number);
      }
    }
    requireOnePath(arguments.object("multipath_opts"));
  }

  /** Refuses a policy for several paths. */
  static void requireOnePath(Optional<JsonNode> options) throws RpcException {
    if (options.isPresent() && !ONE_PATH.equals(options.get().path("policy").asString(ONE_PATH))) {
      throw refusal("multipath_opts");
    }
  }

  private static RpcException refusal(String param) {
    return RpcException.of(
        Errno.EINVAL,
        param + " is not for controllers on the PCI bus, which have one path; leave it out");
  }
}
