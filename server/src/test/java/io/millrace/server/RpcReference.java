package io.millrace.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * Writes the list of methods in {@code docs/rpc.md} from their declarations, with examples, results
 * and errors from the session that is recorded of SPDK. {@link #main} brings the page up to date.
 */
final class RpcReference {
  /** The line below which the page is generated. */
  static final String MARKER = "<!-- generated from the declarations: RpcReference -->";

  private static final Path PAGE = root().resolve("docs/rpc.md");
  private static final int LONGEST_SHAPE_CHARS = 2000;

  private RpcReference() {}

  /** The tests of a module run in its directory, or in the one above. */
  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return here.endsWith("server") && Files.exists(here.resolve("pom.xml"))
        ? here.getParent()
        : here;
  }

  /** Brings the page up to date. */
  public static void main(String[] args) throws Exception {
    Files.writeString(PAGE, rendered());
  }

  static String page() throws IOException {
    return Files.readString(PAGE);
  }

  /** What {@code rpc_describe_methods} says of all methods, by name. */
  static Map<String, JsonNode> methods() throws Exception {
    Map<String, JsonNode> methods = new TreeMap<>();
    for (JsonNode method :
        Target.declaredMethods().call("rpc_describe_methods", null).toCompletableFuture().get()) {
      methods.put(method.path("name").stringValue(), method);
    }
    return methods;
  }

  /** The page as it should be: what is above the marker, and the methods. */
  static String rendered() throws Exception {
    String page = page();
    int marker = page.indexOf(MARKER);
    if (marker < 0) {
      throw new IllegalStateException(PAGE + " has no line " + MARKER);
    }
    StringBuilder text = new StringBuilder(page.substring(0, marker)).append(MARKER).append("\n");
    Map<String, List<JsonNode>> session =
        RpcSession.recorded().stream()
            .filter(step -> step.has("method"))
            .collect(Collectors.groupingBy(step -> step.path("method").stringValue()));
    methods()
        .forEach((name, method) -> append(text, method, session.getOrDefault(name, List.of())));
    return text.toString();
  }

  private static void append(StringBuilder text, JsonNode method, List<JsonNode> calls) {
    text.append("\n### ").append(method.path("name").stringValue()).append("\n\n");
    text.append(method.path("description").stringValue())
        .append(". ")
        .append(standing(method))
        .append("\n");
    if (!method.get("params").isEmpty()) {
      text.append("\n| parameter | type | | accepts | default |\n|---|---|---|---|---|\n");
      method.get("params").forEach(param -> text.append(row(param)));
    }
    text.append("\n```json\n").append(example(method, calls)).append("\n```\n\n");
    calls.stream()
        .filter(call -> call.has("result"))
        .findFirst()
        .ifPresent(
            call -> text.append("Result: `").append(shape(call.get("result"))).append("`\n\n"));
    text.append("Errors: ").append(String.join("; ", errors(method, calls))).append(".\n");
  }

  private static String standing(JsonNode method) {
    List<String> said = new ArrayList<>();
    List<String> states = method.get("states").valueStream().map(JsonNode::stringValue).toList();
    said.add("State: " + String.join(", ", states) + ".");
    if (!method.path("spdk").booleanValue()) {
      said.add("**Millrace's own: SPDK has no such method.**");
    }
    method.path("aliases").forEach(alias -> said.add("Also called " + alias.stringValue() + "."));
    return String.join(" ", said);
  }

  private static String row(JsonNode param) {
    return "| `%s` | %s | %s | %s: %s | %s |\n"
        .formatted(
            param.path("name").stringValue(),
            param.path("type").stringValue(),
            param.path("required").booleanValue() ? "required" : "",
            param.path("description").stringValue().replace("|", "\\|"),
            param.path("accepts").stringValue().replace("|", "\\|"),
            param.has("default") ? "`" + param.get("default") + "`" : "");
  }

  /** The first call of the session that succeeded; else one that has what is required. */
  private static String example(JsonNode method, List<JsonNode> calls) {
    String name = method.path("name").stringValue();
    String params =
        calls.stream()
            .filter(call -> call.has("result"))
            .map(call -> call.path("params").stringValue().replace("DIR/", "/srv/"))
            .findFirst()
            .orElseGet(() -> required(method));
    return "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"%s\"%s}"
        .formatted(name, params.isEmpty() ? "" : ", \"params\": " + params);
  }

  private static String required(JsonNode method) {
    List<String> members = new ArrayList<>();
    for (JsonNode param : method.get("params")) {
      if (param.path("required").booleanValue()) {
        members.add(param.get("name") + ": " + sample(param));
      }
    }
    return members.isEmpty() ? "" : "{" + String.join(", ", members) + "}";
  }

  private static String sample(JsonNode param) {
    String accepts = param.path("accepts").stringValue();
    return switch (param.path("type").stringValue()) {
      case "integer" -> "1";
      case "boolean" -> "true";
      case "array" -> "[\"Malloc0\"]";
      case "object" -> "{}";
      default ->
          accepts.startsWith("one of ")
              ? "\"" + accepts.substring(7).split(",", 2)[0] + "\""
              : "\"" + param.path("name").stringValue() + "\"";
    };
  }

  /** Members and types; of an array its first element. */
  private static String shape(JsonNode value) {
    String text = shapeOf(value);
    return text.length() <= LONGEST_SHAPE_CHARS
        ? text
        : text.substring(0, LONGEST_SHAPE_CHARS) + " ...";
  }

  private static String shapeOf(JsonNode value) {
    if (value.isObject()) {
      return value
          .propertyStream()
          .map(member -> member.getKey() + ": " + shapeOf(member.getValue()))
          .collect(Collectors.joining(", ", "{", "}"));
    }
    if (value.isArray()) {
      Iterator<JsonNode> elements = value.iterator();
      return "[" + (elements.hasNext() ? shapeOf(elements.next()) + ", ..." : "") + "]";
    }
    return value.isBoolean() ? value.toString() : value.isNumber() ? "number" : "string";
  }

  private static Iterable<String> errors(JsonNode method, List<JsonNode> calls) {
    TreeSet<String> errors = new TreeSet<>();
    errors.add(error(method.get("wrong_params")) + " for wrong parameters");
    for (JsonNode call : calls) {
      if (call.has("error")) {
        String error = error(call.get("error"));
        if (errors.stream().noneMatch(known -> known.startsWith(error))) {
          errors.add(error);
        }
      }
    }
    return errors;
  }

  private static String error(JsonNode error) {
    return error.get("code") + " `" + error.path("message").stringValue().strip() + "`";
  }
}
