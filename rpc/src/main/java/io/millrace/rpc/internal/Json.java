package io.millrace.rpc.internal;

import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.deser.jackson.JsonNodeDeserializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** How JSON is read and written here: strictly, no name twice, numbers as they were written. */
public final class Json {
  /** Makes nodes. */
  public static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** Requests and replies; a name that is there twice has a value of no type of JSON's. */
  public static final JsonMapper WIRE = mapper(false);

  /** Configuration files: comments are allowed. */
  public static final JsonMapper FILE = mapper(true);

  private Json() {}

  private static JsonMapper mapper(boolean comments) {
    JsonFactory factory =
        JsonFactory.builder()
            .streamReadConstraints(
                StreamReadConstraints.builder().maxNestingDepth(JsonBoundary.MAX_DEPTH).build())
            .configure(StreamReadFeature.STRICT_DUPLICATE_DETECTION, comments)
            .configure(JsonReadFeature.ALLOW_JAVA_COMMENTS, comments)
            .build();
    return JsonMapper.builder(factory)
        .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .addModule(new SimpleModule().addDeserializer(JsonNode.class, new MarksRepeatedNames()))
        .build();
  }

  /** Whether the value has, at any depth, a name twice in one object. */
  public static boolean hasNameTwice(JsonNode value) {
    return value.isPojo() || value.valueStream().anyMatch(Json::hasNameTwice);
  }

  /** What is called twice has no value: the call is refused where its type is checked. */
  private static final class MarksRepeatedNames extends JsonNodeDeserializer {
    @Override
    protected void _handleDuplicateProperty(
        JsonParser parser,
        DeserializationContext context,
        JsonNodeFactory nodes,
        String name,
        ObjectNode object,
        JsonNode before,
        JsonNode after) {
      object.putPOJO(name, "given twice"); // no other value is a POJO
    }
  }
}
