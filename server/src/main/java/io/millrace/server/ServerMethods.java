package io.millrace.server;

import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcMethod;
import io.millrace.rpc.RpcState;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Methods about the program itself. */
final class ServerMethods {
  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+)(?:\\.(\\d+))?(.*)");

  private ServerMethods() {}

  static void addTo(MethodRegistry methods) {
    methods.add(
        RpcMethod.named("spdk_get_version", "Tells the version of Millrace, in SPDK's shape")
            .states(RpcState.STARTUP, RpcState.RUNTIME)
            .handledBy(
                none -> CompletableFuture.completedStage(version(VersionCommand.version()))));
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
