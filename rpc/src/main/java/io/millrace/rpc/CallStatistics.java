package io.millrace.rpc;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How often clients of the socket called each method, and how that went; what the program calls for
 * itself is not counted. Control thread.
 */
public final class CallStatistics {
  /**
   * What calls of methods that do not exist are counted as: clients make up any number of names.
   */
  public static final String UNKNOWN = "unknown";

  private final Map<String, Count> counts = new LinkedHashMap<>();
  private int inProgress;

  CallStatistics() {}

  /** A call begins. */
  void begun() {
    inProgress++;
  }

  /**
   * That call is answered.
   *
   * @param method a method that exists, or {@link #UNKNOWN}
   */
  void ended(String method, boolean failed, long nanos) {
    inProgress--;
    Count count = counts.computeIfAbsent(method, _ -> new Count());
    count.calls++;
    count.failures += failed ? 1 : 0;
    count.nanos += nanos;
  }

  /** Calls that wait for their answer. */
  public int inProgress() {
    return inProgress;
  }

  /** Each method that was called, in the order of their first calls. */
  public List<Calls> all() {
    List<Calls> all = new ArrayList<>();
    counts.forEach(
        (method, count) -> all.add(new Calls(method, count.calls, count.failures, count.nanos)));
    return all;
  }

  /**
   * Calls of one method.
   *
   * @param answered how many, errors among them
   * @param failed how many with an error
   * @param nanos from the call to its answer, of all together
   */
  public record Calls(String method, long answered, long failed, long nanos) {}

  private static final class Count {
    private long calls;
    private long failures;
    private long nanos;
  }
}
