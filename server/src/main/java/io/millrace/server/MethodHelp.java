package io.millrace.server;

import java.io.PrintWriter;
import tools.jackson.databind.JsonNode;

/** {@code rpc_describe_methods}' result for people. */
final class MethodHelp {
  private MethodHelp() {}

  static void print(JsonNode methods, PrintWriter out) {
    for (JsonNode method : methods) {
      out.println(text(method, "name") + " - " + text(method, "description"));
      for (JsonNode param : method.path("params")) {
        String standing =
            param.path("required").asBoolean()
                ? ", required"
                : param.has("default") ? ", default " + param.get("default") : "";
        out.println(
            "    "
                + text(param, "name")
                + ": "
                + text(param, "description")
                + " ("
                + text(param, "accepts")
                + standing
                + ")");
      }
    }
  }

  private static String text(JsonNode node, String name) {
    return node.path(name).asString("");
  }
}
