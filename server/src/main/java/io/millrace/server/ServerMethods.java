package io.millrace.server;

import io.millrace.linux.LinuxException;
import io.millrace.linux.OwnProcess;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.rpc.RpcState;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Methods about the program itself. */
final class ServerMethods {
  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+)(?:\\.(\\d+))?(.*)");

  /** Numbers of those that SPDK takes. */
  private static final Map<String, Integer> SIGNALS =
      new TreeMap<>(
          Map.of(
              "SIGHUP", 1, "SIGINT", 2, "SIGQUIT", 3, "SIGKILL", 9, "SIGUSR1", 10, "SIGTERM", 15));

  private ServerMethods() {}

  static void addTo(MethodRegistry methods) {
    methods.add(
        RpcMethod.named("spdk_get_version", "Tells the version of Millrace, in SPDK's shape")
            .states(RpcState.STARTUP, RpcState.RUNTIME)
            .handledBy(
                none -> CompletableFuture.completedStage(version(VersionCommand.version()))));
    methods.add(
        RpcMethod.named("spdk_kill_instance", "Sends the server a signal; SIGTERM ends it in order")
            .configuresNothing()
            .param(Param.oneOf("sig_name", List.copyOf(SIGNALS.keySet()), "the signal").required())
            .configuresNothing()
            .handledBy(ServerMethods::kill));
  }

  private static CompletionStage<JsonNode> kill(Arguments arguments) throws RpcException {
    String name = arguments.string("sig_name");
    try {
      OwnProcess.signal(Objects.requireNonNull(SIGNALS.get(name)));
    } catch (LinuxException e) {
      throw new RpcException(RpcException.INTERNAL_ERROR, "Internal error", e.getMessage());
    }
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }

  static ObjectNode version(String version) {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.put("version", "Millrace v" + version);
    ObjectNode fields = result.putObject("fields");
    Matcher matcher = VERSION.matcher(version);
    boolean numbered = matcher.matches();
    fields.put("major", numbered ? number(matcher.group(1)) : 0);
    fields.put("minor", numbered ? number(matcher.group(2)) : 0);
    fields.put("patch", numbered ? number(matcher.group(3)) : 0);
    fields.put("suffix", numbered ? matcher.group(4) : "-" + version);
    return result;
  }

  private static int number(String digits) {
    return digits == null ? 0 : Integer.parseInt(digits);
  }
}
