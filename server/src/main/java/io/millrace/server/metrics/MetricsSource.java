package io.millrace.server.metrics;

import io.millrace.rpc.CallStatistics.Calls;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** Where a scrape has its figures from. */
@FunctionalInterface
interface MetricsSource {
  /**
   * Takes all figures. Any thread.
   *
   * @return complete on the control thread, or failed
   */
  CompletionStage<Figures> take();

  /**
   * What the server knows of itself at one time.
   *
   * @param results of JSON-RPC's methods, by their names
   * @param calls of clients, by method
   * @param callsInProgress calls that wait for their answer
   * @param clients connected to JSON-RPC
   */
  record Figures(
      Map<String, JsonNode> results, List<Calls> calls, int callsInProgress, int clients) {
    /** A method's result; a node without anything if it has none. */
    JsonNode of(String method) {
      return results.getOrDefault(method, MissingNode.getInstance());
    }
  }
}
