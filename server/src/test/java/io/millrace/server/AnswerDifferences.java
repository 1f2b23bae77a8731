package io.millrace.server;

import io.millrace.rpc.RpcException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Where two answers to the same call differ as a client would notice: error code, error text,
 * members, types, and values where the call determines them.
 */
final class AnswerDifferences {
  /** Members whose values are of one server, machine or moment: only their types are compared. */
  private static final Set<String> UNDETERMINED =
      Set.of(
          "aliases",
          "busy",
          "cpumask",
          "elapsed",
          "histogram",
          "id",
          "idle",
          "major",
          "max_range",
          "min_range",
          "minor",
          "patch",
          "pid",
          "scheduler_period",
          "suffix",
          "supported_io_types",
          "sys",
          "tick_rate",
          "ticks",
          "tid",
          "tsc_rate",
          "usr",
          "uuid",
          "version");

  /** Lists of things that servers have more or fewer of: that they are lists is compared. */
  private static final Set<String> OPEN_LISTS = Set.of("lw_threads", "threads", "channels");

  /** What a call of a method that only the first server has differs by. */
  static final String NO_METHOD = "there is no such method here";

  private AnswerDifferences() {}

  /** One line for each difference; empty for answers that are alike. */
  static List<String> between(JsonNode expected, JsonNode actual) {
    if (isUnknown(actual) && !isUnknown(expected)) {
      return List.of(NO_METHOD);
    }
    List<String> found = new ArrayList<>();
    if (actual.has("status")) { // else it is not rpc.py's
      compare("exit code", expected.path("status"), actual.get("status"), found);
    }
    compare("error", expected.path("error"), actual.path("error"), found);
    compare("result", expected.path("result"), actual.path("result"), found);
    return found;
  }

  private static boolean isUnknown(JsonNode answer) {
    return answer.at("/error/code").asInt(0) == RpcException.METHOD_NOT_FOUND;
  }

  private static void compare(String at, JsonNode expected, JsonNode actual, List<String> found) {
    if (expected.getNodeType() != actual.getNodeType()) {
      found.add(at + ": " + brief(expected) + ", here " + brief(actual));
    } else if (expected.isObject()) {
      compareMembers(at, expected, actual, found);
    } else if (expected.isArray()) {
      compareElements(at, expected, actual, found);
    } else if (!expected.equals(actual)) {
      found.add(at + ": " + brief(expected) + ", here " + brief(actual));
    }
  }

  private static void compareMembers(
      String at, JsonNode expected, JsonNode actual, List<String> found) {
    Set<String> names = new LinkedHashSet<>(expected.propertyNames());
    names.addAll(actual.propertyNames());
    for (String name : names) {
      String member = at + "/" + name;
      JsonNode one = expected.path(name);
      JsonNode other = actual.path(name);
      if (one.isMissingNode()) {
        found.add(member + " is only here");
      } else if (other.isMissingNode()) {
        found.add(member + " is missing here");
      } else if (UNDETERMINED.contains(name) || OPEN_LISTS.contains(name)) {
        compareTypes(member, one, other, found);
      } else {
        compare(member, one, other, found);
      }
    }
  }

  private static void compareElements(
      String at, JsonNode expected, JsonNode actual, List<String> found) {
    if (expected.size() != actual.size()) {
      found.add(at + ": " + expected.size() + " elements, here " + actual.size());
      return;
    }
    for (int i = 0; i < expected.size(); i++) {
      compare(at + "/" + i, expected.get(i), actual.get(i), found);
    }
  }

  /** Of lists whose lengths are the servers' own, the first elements. */
  private static void compareTypes(
      String at, JsonNode expected, JsonNode actual, List<String> found) {
    if (expected.getNodeType() != actual.getNodeType()) {
      found.add(at + ": " + expected.getNodeType() + ", here " + actual.getNodeType());
    } else if (expected.isObject() && !names(expected).equals(names(actual))) {
      found.add(at + ": members " + names(expected) + ", here " + names(actual));
    } else if (expected.isArray() && !expected.isEmpty() && !actual.isEmpty()) {
      compareTypes(at + "/0", expected.get(0), actual.get(0), found);
    }
  }

  private static Set<String> names(JsonNode object) {
    return Set.copyOf(object.propertyNames());
  }

  private static String brief(JsonNode value) {
    String text = value.isMissingNode() ? "nothing" : value.toString();
    return text.length() <= 100 ? text : text.substring(0, 97) + "...";
  }
}
