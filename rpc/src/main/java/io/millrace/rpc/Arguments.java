package io.millrace.rpc;

import io.millrace.rpc.internal.Json;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The arguments of one call: every value fits its {@link Param}, every required one is there,
 * defaults are filled in.
 *
 * <p>Asking for a name the method did not declare, or by another type than declared, is a mistake
 * in the program.
 */
public final class Arguments {
  /** A number of more digits than this is out of every range; spares us making it. */
  private static final int MAX_DIGITS = 40;

  private static final JsonNode NO_PARAMS = Json.NODES.objectNode();

  private final RpcMethod method;
  private final Map<String, JsonNode> values;
  private final JsonNode given;

  private Arguments(RpcMethod method, Map<String, JsonNode> values, JsonNode given) {
    this.method = method;
    this.values = values;
    this.given = given;
  }

  /**
   * Checks {@code params} against what {@code method} declares.
   *
   * @param params null or a JSON null for a call without parameters
   * @throws RpcException with the method's code for wrong parameters, naming parameter and remedy
   */
  static Arguments check(RpcMethod method, @Nullable JsonNode params) throws RpcException {
    boolean none = params == null || params.isNull();
    if (!none && method.params().isEmpty() && !method.takesUnknownParams()) {
      throw method.takesNoParams();
    }
    JsonNode given = params == null || none ? NO_PARAMS : params;
    if (!given.isObject()) {
      throw method.badParams("params must be an object");
    }
    if (!method.takesUnknownParams()) {
      refuseUnknown(method, given);
    }
    Map<String, JsonNode> values = new LinkedHashMap<>();
    for (Param param : method.params()) {
      JsonNode value = given.get(param.name());
      if (value != null) {
        String problem = param.problemWith(value);
        if (problem != null) {
          throw method.badParams(param, problem);
        }
        values.put(param.name(), value);
      } else if (param.isRequired()) {
        throw method.badParams(param, "is missing");
      } else {
        param.defaultValue().ifPresent(v -> values.put(param.name(), v));
      }
    }
    return new Arguments(method, values, given);
  }

  private static void refuseUnknown(RpcMethod method, JsonNode params) throws RpcException {
    for (String name : params.propertyNames()) {
      if (method.param(name).isEmpty()) {
        throw method.badParams("unknown parameter " + name + "; it takes " + method.signature());
      }
    }
  }

  /** A whole number however it is written (512, 512.0, 5.12e2); null for everything else. */
  static @Nullable BigInteger wholeNumber(JsonNode value) {
    if (!value.isNumber()) {
      return null;
    }
    BigDecimal number = value.decimalValue();
    if (number.signum() == 0) {
      return BigInteger.ZERO;
    }
    if (Math.abs((long) number.precision() - number.scale()) > MAX_DIGITS) {
      return null;
    }
    BigDecimal stripped = number.stripTrailingZeros();
    return stripped.scale() > 0 ? null : stripped.toBigIntegerExact();
  }

  /** The method's name, whatever alias it was called by. */
  public String method() {
    return method.name();
  }

  /** What the caller gave, without defaults: for {@link Configuration#put}. The caller's own. */
  public ObjectNode asCalled() {
    return asCalledWith(Json.NODES.objectNode());
  }

  /**
   * The same, with what the call was found to mean: a name that was made up, for one. Parameters
   * are in the order of their declaration and whole numbers without a fraction, however they were
   * given, so that the same configuration always reads the same.
   *
   * @param meant by parameter, before what was given
   */
  public ObjectNode asCalledWith(ObjectNode meant) {
    ObjectNode call = Json.NODES.objectNode();
    for (Param param : method.params()) {
      JsonNode value = meant.has(param.name()) ? meant.get(param.name()) : given.get(param.name());
      if (value != null) {
        BigInteger whole = wholeNumber(value);
        call.set(
            param.name(),
            whole == null ? value.deepCopy() : Json.NODES.numberNode(whole.longValueExact()));
      }
    }
    return call;
  }

  /** Whether the caller gave it, or it has a default. */
  public boolean has(String name) {
    return values.containsKey(declared(name));
  }

  /** A required string, or one with a default. */
  public String string(String name) {
    return present(name).stringValue();
  }

  /** A string that may be absent. */
  public Optional<String> optionalString(String name) {
    return Optional.ofNullable(values.get(declared(name))).map(JsonNode::stringValue);
  }

  /** A UUID that may be absent. */
  public Optional<UUID> optionalUuid(String name) {
    return optionalString(name).map(UUID::fromString);
  }

  /** A required boolean, or one with a default. */
  public boolean bool(String name) {
    return present(name).booleanValue();
  }

  /** A required whole number, or one with a default. */
  public long integer(String name) {
    return wholeOf(present(name));
  }

  /** A whole number whose declared range fits an int. */
  public int intValue(String name) {
    return Math.toIntExact(integer(name));
  }

  /** A whole number that may be absent. */
  public OptionalLong optionalInteger(String name) {
    JsonNode value = values.get(declared(name));
    return value == null ? OptionalLong.empty() : OptionalLong.of(wholeOf(value));
  }

  /** A whole number whose declared range fits an int, and which may be absent. */
  public OptionalInt optionalInt(String name) {
    JsonNode value = values.get(declared(name));
    return value == null ? OptionalInt.empty() : OptionalInt.of(Math.toIntExact(wholeOf(value)));
  }

  /** An array of strings; empty when absent. */
  public List<String> strings(String name) {
    JsonNode value = values.get(declared(name));
    return value == null ? List.of() : value.valueStream().map(JsonNode::stringValue).toList();
  }

  /** An array of whole numbers; empty when absent. */
  public long[] integers(String name) {
    JsonNode value = values.get(declared(name));
    return value == null
        ? new long[0]
        : value.valueStream().mapToLong(Arguments::wholeOf).toArray();
  }

  /** An object that may be absent. */
  public Optional<JsonNode> object(String name) {
    return Optional.ofNullable(values.get(declared(name)));
  }

  private static long wholeOf(JsonNode value) {
    BigInteger number = wholeNumber(value);
    if (number == null) {
      throw new IllegalStateException(value + " was checked to be a whole number");
    }
    return number.longValueExact();
  }

  private JsonNode present(String name) {
    JsonNode value = values.get(declared(name));
    if (value == null) {
      throw new IllegalStateException(
          method.name() + ": " + name + " is optional without a default; ask for the optional");
    }
    return value;
  }

  private String declared(String name) {
    if (method.param(name).isEmpty()) {
      throw new IllegalStateException(method.name() + " declares no parameter " + name);
    }
    return name;
  }
}
