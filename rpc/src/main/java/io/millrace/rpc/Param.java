package io.millrace.rpc;

import io.millrace.rpc.internal.Json;
import java.math.BigInteger;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.LongNode;
import tools.jackson.databind.node.StringNode;

/**
 * One parameter of a method: its name, what it accepts and a line of help. Immutable.
 *
 * <p>A parameter is optional until {@link #required()} or {@link #orElse} says otherwise; an
 * optional one without a default can be absent.
 */
public final class Param {
  private final String name;
  private final ParamType type;
  private final String help;
  private final boolean required;
  private final @Nullable JsonNode defaultValue;

  private Param(
      String name, ParamType type, String help, boolean required, @Nullable JsonNode defaultValue) {
    this.name = Objects.requireNonNull(name);
    this.type = type;
    this.help = Objects.requireNonNull(help);
    this.required = required;
    this.defaultValue = defaultValue;
  }

  /** A string; it may not be empty nor hold a NUL. */
  public static Param string(String name, String help) {
    return new Param(name, new ParamType.Text(), help, false, null);
  }

  /** One of a few words. */
  public static Param oneOf(String name, List<String> words, String help) {
    return new Param(name, new ParamType.OneOf(List.copyOf(words)), help, false, null);
  }

  /** A UUID in its usual form of 36 characters. */
  public static Param uuid(String name, String help) {
    return new Param(name, new ParamType.Uuid(), help, false, null);
  }

  /** true or false. */
  public static Param bool(String name, String help) {
    return new Param(name, new ParamType.Bool(), help, false, null);
  }

  /** A whole number from {@code min} to {@code max}, both included. */
  public static Param integer(String name, long min, long max, String help) {
    return new Param(name, new ParamType.Whole(min, max), help, false, null);
  }

  /** SPDK's uint32. */
  public static Param uint32(String name, String help) {
    return integer(name, 0, 0xffff_ffffL, help);
  }

  /** SPDK's uint64, to 2^63-1. */
  public static Param uint64(String name, String help) {
    return integer(name, 0, Long.MAX_VALUE, help);
  }

  /** An array of strings. */
  public static Param strings(String name, String help) {
    return new Param(name, new ParamType.Texts(), help, false, null);
  }

  /** An array of whole numbers from 0 to 2^63-1. */
  public static Param uint64s(String name, String help) {
    return new Param(name, new ParamType.Wholes(), help, false, null);
  }

  /** A JSON object, handed on as it is. */
  public static Param object(String name, String help) {
    return new Param(name, new ParamType.Tree(), help, false, null);
  }

  /** The same parameter, refused when absent. */
  public Param required() {
    return new Param(name, type, help, true, null);
  }

  /** The same parameter with a default. */
  public Param orElse(boolean value) {
    return new Param(name, type, help, false, BooleanNode.valueOf(value));
  }

  /** The same parameter with a default. */
  public Param orElse(long value) {
    return new Param(name, type, help, false, LongNode.valueOf(value));
  }

  /** The same parameter with a default. */
  public Param orElse(String value) {
    return new Param(name, type, help, false, StringNode.valueOf(value));
  }

  /** Its name, SPDK's spelling. */
  public String name() {
    return name;
  }

  /** One line for people. */
  public String help() {
    return help;
  }

  /** Whether a call without it is refused. */
  public boolean isRequired() {
    return required;
  }

  /** What stands in for an absent one. */
  public Optional<JsonNode> defaultValue() {
    return Optional.ofNullable(defaultValue);
  }

  /** What it accepts, in a few words: "a whole number from 0 to 3". */
  public String accepts() {
    return type.accepts();
  }

  /** The name of its type as schema: string, boolean, integer, array, object. */
  public String typeName() {
    return type.schemaName();
  }

  /** Null when {@code value} fits, else what is wrong with it, without the name. */
  @Nullable String problemWith(JsonNode value) {
    if (Json.hasNameTwice(value)) {
      return value.isPojo() ? "is given twice" : "has a name twice";
    }
    if (type.fits(value)) {
      return null;
    }
    if (type instanceof ParamType.Text && value.isString()) {
      return value.stringValue().isEmpty() ? "must not be empty" : "must not hold a NUL";
    }
    return "must be " + type.accepts() + ", not " + abbreviate(value.toString());
  }

  private static String abbreviate(String text) {
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }

  /** What a parameter accepts; a closed list, so that help and checks cannot drift apart. */
  private sealed interface ParamType {
    boolean fits(JsonNode value);

    String accepts();

    String schemaName();

    record Text() implements ParamType {
      @Override
      public boolean fits(JsonNode value) {
        return value.isString()
            && !value.stringValue().isEmpty()
            && value.stringValue().indexOf('\0') < 0;
      }

      @Override
      public String accepts() {
        return "a string";
      }

      @Override
      public String schemaName() {
        return "string";
      }
    }

    record OneOf(List<String> words) implements ParamType {
      @Override
      public boolean fits(JsonNode value) {
        return value.isString() && words.contains(value.stringValue());
      }

      @Override
      public String accepts() {
        return "one of " + String.join(", ", words);
      }

      @Override
      public String schemaName() {
        return "string";
      }
    }

    record Uuid() implements ParamType {
      private static final int LENGTH = 36;

      @Override
      public boolean fits(JsonNode value) {
        if (!value.isString() || value.stringValue().length() != LENGTH) {
          return false;
        }
        try {
          return UUID.fromString(value.stringValue())
              .toString()
              .equalsIgnoreCase(value.stringValue());
        } catch (IllegalArgumentException notOne) {
          return false;
        }
      }

      @Override
      public String accepts() {
        return "a UUID such as 123e4567-e89b-42d3-a456-426614174000";
      }

      @Override
      public String schemaName() {
        return "string";
      }
    }

    record Bool() implements ParamType {
      @Override
      public boolean fits(JsonNode value) {
        return value.isBoolean();
      }

      @Override
      public String accepts() {
        return "true or false";
      }

      @Override
      public String schemaName() {
        return "boolean";
      }
    }

    record Whole(long min, long max) implements ParamType {
      @Override
      public boolean fits(JsonNode value) {
        BigInteger number = Arguments.wholeNumber(value);
        return number != null
            && number.compareTo(BigInteger.valueOf(min)) >= 0
            && number.compareTo(BigInteger.valueOf(max)) <= 0;
      }

      @Override
      public String accepts() {
        return "a whole number from " + min + " to " + max;
      }

      @Override
      public String schemaName() {
        return "integer";
      }
    }

    record Texts() implements ParamType {
      @Override
      public boolean fits(JsonNode value) {
        Text text = new Text();
        return value.isArray() && value.valueStream().allMatch(text::fits);
      }

      @Override
      public String accepts() {
        return "an array of strings";
      }

      @Override
      public String schemaName() {
        return "array";
      }
    }

    record Wholes() implements ParamType {
      @Override
      public boolean fits(JsonNode value) {
        Whole whole = new Whole(0, Long.MAX_VALUE);
        return value.isArray() && value.valueStream().allMatch(whole::fits);
      }

      @Override
      public String accepts() {
        return "an array of whole numbers from 0 to " + Long.MAX_VALUE;
      }

      @Override
      public String schemaName() {
        return "array";
      }
    }

    record Tree() implements ParamType {
      @Override
      public boolean fits(JsonNode value) {
        return value.isObject();
      }

      @Override
      public String accepts() {
        return "an object";
      }

      @Override
      public String schemaName() {
        return "object";
      }
    }
  }
}
