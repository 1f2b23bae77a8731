package io.millrace.rpc;

import io.millrace.rpc.internal.Json;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What modules tell of themselves in plain Java, as JSON. */
public final class JsonTree {
  private JsonTree() {}

  /**
   * Maps, lists, whole numbers and truth values as what they are; anything else as its text.
   *
   * @param value null for a JSON null
   */
  public static JsonNode of(@Nullable Object value) {
    return switch (value) {
      case Map<?, ?> map -> {
        ObjectNode object = Json.NODES.objectNode();
        map.forEach((name, member) -> object.set(String.valueOf(name), of(member)));
        yield object;
      }
      case List<?> list -> {
        ArrayNode array = Json.NODES.arrayNode();
        list.forEach(element -> array.add(of(element)));
        yield array;
      }
      case Boolean flag -> Json.NODES.booleanNode(flag);
      case Number number -> Json.NODES.numberNode(number.longValue());
      case null -> Json.NODES.nullNode();
      default -> Json.NODES.stringNode(value.toString());
    };
  }
}
