package io.millrace.server;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** {@code rpc_describe_methods}' result for people. */
final class MethodHelp {
  private MethodHelp() {}

  static void print(JsonNode methods, PrintWriter out) {
    for (JsonNode method : methods) {
      out.println(text(method, "name") + " - " + text(method, "description") + standing(method));
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

  /** When it can be called, where that is not at run time alone; and whose it is. */
  private static String standing(JsonNode method) {
    List<String> said = new ArrayList<>();
    String states = method.path("states").toString();
    if (states.contains("startup")) {
      said.add(states.contains("runtime") ? "at startup too" : "only at startup");
    }
    if (!method.path("spdk").asBoolean(true)) {
      said.add("not SPDK's");
    }
    method.path("aliases").forEach(alias -> said.add("also " + alias.asString()));
    return said.isEmpty() ? "" : " (" + String.join("; ", said) + ")";
  }

  private static String text(JsonNode node, String name) {
    return node.path(name).asString("");
  }
}
