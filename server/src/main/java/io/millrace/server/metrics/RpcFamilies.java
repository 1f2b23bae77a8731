package io.millrace.server.metrics;

import io.millrace.rpc.CallStatistics.Calls;
import io.millrace.server.metrics.Exposition.Family;

/** JSON-RPC: who asks for what. */
final class RpcFamilies {
  private static final double NANO = 1e-9;

  private RpcFamilies() {}

  static void add(MetricsSource.Figures figures, Exposition page) {
    Family calls = page.counter("millrace_rpc_calls_total", "Calls that were answered, by method.");
    Family errors = page.counter("millrace_rpc_errors_total", "Those answered with an error.");
    Family seconds =
        page.counter("millrace_rpc_seconds_total", "Time from those calls to their answers.");
    for (Calls method : figures.calls()) {
      String[] labels = {"method", method.method()};
      calls.add(method.answered(), labels);
      errors.add(method.failed(), labels);
      seconds.add(method.nanos() * NANO, labels);
    }
    page.gauge("millrace_rpc_calls_in_progress", "Calls that wait for their answers.")
        .add(figures.callsInProgress());
    page.gauge("millrace_rpc_clients", "Clients that are connected.").add(figures.clients());
  }
}
