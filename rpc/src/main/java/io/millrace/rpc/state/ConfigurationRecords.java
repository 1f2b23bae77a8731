package io.millrace.rpc.state;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.millrace.rpc.Configuration;
import io.millrace.rpc.internal.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A configuration as records of a store: {@code config} says that there is one, and of which
 * version; {@code config/} and a number, ascending in the order in which they were made, is a call.
 */
final class ConfigurationRecords {
  /** The record that says that there is a configuration, be it an empty one. */
  static final String MARK = "config";

  /** What the keys of calls begin with. */
  static final String PREFIX = MARK + "/";

  private static final int VERSION = 1;
  private static final long LAST = 1L << 62;

  private ConfigurationRecords() {}

  /** The key of a number. */
  static String key(long number) {
    return PREFIX + "%016x".formatted(number);
  }

  /** The key of a number of those that come after all others. */
  static String lastKey(long number) {
    return key(LAST | number);
  }

  /** The number that is free behind those of the keys that do not come last. */
  static long next(Set<String> keys) throws StateException {
    long next = 0;
    for (String key : keys) {
      long number = number(key);
      next = Math.max(next, (number & LAST) == 0 ? number + 1 : 0);
    }
    return next;
  }

  /** The number that is free behind those of the keys that come last. */
  static long nextLast(Set<String> keys) throws StateException {
    long next = 0;
    for (String key : keys) {
      long number = number(key);
      next = Math.max(next, (number & LAST) == 0 ? 0 : (number & ~LAST) + 1);
    }
    return next;
  }

  private static long number(String key) throws StateException {
    try {
      return Long.parseUnsignedLong(key.substring(PREFIX.length()), 16);
    } catch (NumberFormatException e) {
      throw new StateException(key + ": is the name of no record of this Millrace", e);
    }
  }

  static byte[] mark() {
    return Json.NODES.objectNode().put("version", VERSION).toString().getBytes(UTF_8);
  }

  static byte[] encode(Configuration.Entry entry) {
    ObjectNode node = Json.NODES.objectNode();
    node.put("subsystem", entry.subsystem()).put("id", entry.id()).put("method", entry.method());
    if (entry.params() != null) {
      node.set("params", entry.params());
    }
    return node.toString().getBytes(UTF_8);
  }

  /**
   * The calls by their keys, in their order.
   *
   * @param where to name in an error
   * @param records of a store, ascending; those of others are passed over
   * @throws StateException there is what a newer version wrote
   */
  static Map<String, Configuration.Entry> decode(Object where, SortedMap<String, byte[]> records)
      throws StateException {
    Map<String, Configuration.Entry> entries = new LinkedHashMap<>();
    for (Map.Entry<String, byte[]> record : records.entrySet()) {
      String key = record.getKey();
      if (!key.equals(MARK) && !key.startsWith(PREFIX)) {
        continue; // another room's
      }
      JsonNode node = parse(where, key, record.getValue());
      if (key.equals(MARK)) {
        int version = node.path("version").asInt(0);
        if (version != VERSION) {
          throw new StateException(
              "%s: its configuration has version %d, this Millrace knows %d; start the Millrace that wrote it, or choose another directory"
                  .formatted(where, version, VERSION));
        }
      } else {
        entries.put(key, entry(where, key, node));
      }
    }
    return entries;
  }

  private static JsonNode parse(Object where, String key, byte[] value) throws StateException {
    try {
      return Json.WIRE.readTree(value);
    } catch (JacksonException e) {
      throw unknown(where, key);
    }
  }

  private static Configuration.Entry entry(Object where, String key, JsonNode node)
      throws StateException {
    @Nullable JsonNode params = node.get("params");
    if (!node.path("subsystem").isString()
        || !node.path("id").isString()
        || !node.path("method").isString()
        || !(params == null || params.isObject())) {
      throw unknown(where, key);
    }
    return new Configuration.Entry(
        node.path("subsystem").stringValue(),
        node.path("id").stringValue(),
        node.path("method").stringValue(),
        (ObjectNode) params);
  }

  private static StateException unknown(Object where, String key) {
    return new StateException(
        "%s: its record %s is no call; start the Millrace that wrote it, or put a copy back that is in order"
            .formatted(where, key));
  }
}
