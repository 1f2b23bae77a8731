package io.millrace.rpc.internal;

import io.millrace.rpc.internal.JsonBoundary.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/** What the scanner must agree with: Jackson's parser, and itself on any other split. */
final class JsonBoundaryModel {
  private static final JsonFactory LENIENT =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(JsonBoundary.MAX_DEPTH)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private JsonBoundaryModel() {}

  /** Where the values in the bytes end, and "malformed" with its place at the end if they do. */
  static List<String> outcomes(byte[] bytes, int[] splits) {
    List<String> outcomes = new ArrayList<>();
    JsonBoundary boundary = new JsonBoundary(1 << 20, 1 << 20);
    int from = 0;
    for (int i = 0; i <= splits.length; i++) {
      int to = i == splits.length ? bytes.length : splits[i];
      byte[] piece = Arrays.copyOfRange(bytes, from, to);
      int at = 0;
      while (true) {
        Outcome outcome = boundary.scan(piece, at, piece.length);
        at = boundary.position();
        if (outcome == Outcome.MALFORMED) {
          outcomes.add("malformed " + (from + at) + " " + boundary.problem());
          return outcomes;
        }
        if (outcome == Outcome.MORE) {
          break;
        }
        outcomes.add("value to " + (from + at));
        boundary.reset();
      }
      from = to;
    }
    outcomes.add(boundary.begun() ? "begun" : "idle");
    return outcomes;
  }

  /** Every value that the scanner lets pass is one value for Jackson. */
  static void agreesWithJackson(byte[] bytes) {
    int from = 0;
    for (String outcome : outcomes(bytes, new int[0])) {
      if (outcome.startsWith("value to ")) {
        int to = Integer.parseInt(outcome.substring("value to ".length()));
        requireOneValue(Arrays.copyOfRange(bytes, from, to));
        from = to;
      }
    }
  }

  private static void requireOneValue(byte[] value) {
    if (!isOneValue(value)) {
      throw new AssertionError("Jackson refuses " + Arrays.toString(value));
    }
  }

  /** Whether Jackson takes the bytes as exactly one value. */
  static boolean isOneValue(byte[] value) {
    try (JsonParser parser = LENIENT.createParser(ObjectReadContext.empty(), value)) {
      if (parser.nextToken() == null) {
        return false;
      }
      parser.skipChildren();
      parser.finishToken();
      return Objects.isNull(parser.nextToken());
    } catch (JacksonException refused) {
      return false;
    }
  }
}
