package io.millrace.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.CallStatistics.Calls;
import io.millrace.server.metrics.MetricsSource.Figures;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Samples from the results of JSON-RPC's methods, as they are on the wire. */
class MetricsPageTest {
  private static List<String> page(String method, String result) {
    JsonNode node = new JsonMapper().readTree(result);
    return MetricsPage.of(new Figures(Map.of(method, node), List.of(), 0, 0)).lines().toList();
  }

  @Test
  void queuesTellWhatTheyDidByOperation() {
    assertThat(
            page(
                "vhost_get_iostat",
                """
                {"tick_rate": 1000000000, "controllers": [{"ctrlr": "vm0", "bdevs": ["a", "b"],
                  "queues": [{"index": 1, "reactor": "reactor-0", "write_ops": 3,
                    "write_bytes": 4096, "flush_ops": 2, "read_errors": 5, "bad_chains": 6,
                    "kicks": 7, "calls": 8, "polls": 100, "empty_polls": 90, "in_flight": 4,
                    "max_in_flight": 9}]}]}
                """))
        .contains(
            "millrace_controller_bdev_info{controller=\"vm0\",bdev=\"b\"} 1",
            "millrace_queue_operations_total{controller=\"vm0\",queue=\"1\",op=\"write\"} 3",
            "millrace_queue_bytes_total{controller=\"vm0\",queue=\"1\",op=\"write\"} 4096",
            "millrace_queue_operations_total{controller=\"vm0\",queue=\"1\",op=\"flush\"} 2",
            "millrace_queue_errors_total{controller=\"vm0\",queue=\"1\",op=\"read\"} 5",
            "millrace_queue_bad_chains_total{controller=\"vm0\",queue=\"1\"} 6",
            "millrace_queue_kicks_total{controller=\"vm0\",queue=\"1\"} 7",
            "millrace_queue_calls_total{controller=\"vm0\",queue=\"1\"} 8",
            "millrace_queue_polls_total{controller=\"vm0\",queue=\"1\",found=\"nothing\"} 90",
            "millrace_queue_polls_total{controller=\"vm0\",queue=\"1\",found=\"work\"} 10",
            "millrace_queue_in_flight{controller=\"vm0\",queue=\"1\"} 4",
            "millrace_queue_in_flight_max{controller=\"vm0\",queue=\"1\"} 9",
            "millrace_queue_running{controller=\"vm0\",queue=\"1\",reactor=\"reactor-0\"} 1");
  }

  @Test
  void stagesAreHistogramsWhoseBucketsGrowToTheirCount() {
    List<String> page =
        page(
            "vhost_get_iostat",
            """
            {"tick_rate": 1000000000, "controllers": [{"ctrlr": "vm0", "queues": [{"index": 0,
              "histogram": {"bdev": {"count": 10, "sum": 5000000000, "buckets": [
                {"below": 900, "count": 1}, {"below": 1024, "count": 2},
                {"below": 1152, "count": 3}, {"below": 4000000000, "count": 4}]}}}]}]}
            """);

    String labels = "controller=\"vm0\",queue=\"0\",stage=\"bdev\"";
    assertThat(page)
        .contains(
            "millrace_queue_stage_seconds_bucket{" + labels + ",le=\"1.024E-6\"} 3",
            "millrace_queue_stage_seconds_bucket{" + labels + ",le=\"2.048E-6\"} 6",
            "millrace_queue_stage_seconds_bucket{" + labels + ",le=\"1.073741824\"} 6",
            "millrace_queue_stage_seconds_bucket{" + labels + ",le=\"+Inf\"} 10",
            "millrace_queue_stage_seconds_sum{" + labels + "} 5.0",
            "millrace_queue_stage_seconds_count{" + labels + "} 10");
  }

  @Test
  void bdevsTellWhatTheyDidAndHowTheyFailed() {
    assertThat(
            page(
                "bdev_get_iostat",
                """
                {"tick_rate": 2000000000, "bdevs": [{"name": "d", "num_read_ops": 3,
                  "bytes_read": 4096, "read_latency_ticks": 3000000000,
                  "max_read_latency_ticks": 2000000000, "queue_depth_polling_period": 1000,
                  "queue_depth": 2, "io_time": 500000, "io_error": {"nomem": 1}}]}
                """))
        .contains(
            "millrace_bdev_operations_total{bdev=\"d\",op=\"read\"} 3",
            "millrace_bdev_bytes_total{bdev=\"d\",op=\"read\"} 4096",
            "millrace_bdev_operation_seconds_total{bdev=\"d\",op=\"read\"} 1.5",
            "millrace_bdev_operation_seconds_max{bdev=\"d\",op=\"read\"} 1.0",
            "millrace_bdev_errors_total{bdev=\"d\",status=\"nomem\"} 1",
            "millrace_bdev_queue_depth{bdev=\"d\"} 2",
            "millrace_bdev_io_seconds_total{bdev=\"d\"} 0.5");
  }

  @Test
  void reactorsTellWhatTheirTimeWentInto() {
    assertThat(
            page(
                "vhost_get_iostat",
                """
                {"tick_rate": 1000000000, "reactors": [{"name": "reactor-3", "busy": 250000000,
                  "idle": 500000000, "sleeping": 0, "rounds": 9, "sleeps": 2, "wakeups": 3}]}
                """))
        .contains(
            "millrace_reactor_seconds_total{reactor=\"reactor-3\",state=\"busy\"} 0.25",
            "millrace_reactor_seconds_total{reactor=\"reactor-3\",state=\"idle\"} 0.5",
            "millrace_reactor_seconds_total{reactor=\"reactor-3\",state=\"asleep\"} 0.0",
            "millrace_reactor_rounds_total{reactor=\"reactor-3\"} 9",
            "millrace_reactor_sleeps_total{reactor=\"reactor-3\"} 2",
            "millrace_reactor_wakeups_total{reactor=\"reactor-3\"} 3");
  }

  @Test
  void callsAreToldByMethod() {
    Figures figures =
        new Figures(Map.of(), List.of(new Calls("bdev_get_bdevs", 4, 1, 500_000_000)), 2, 3);

    assertThat(MetricsPage.of(figures).lines())
        .contains(
            "millrace_rpc_calls_total{method=\"bdev_get_bdevs\"} 4",
            "millrace_rpc_errors_total{method=\"bdev_get_bdevs\"} 1",
            "millrace_rpc_seconds_total{method=\"bdev_get_bdevs\"} 0.5",
            "millrace_rpc_calls_in_progress 2",
            "millrace_rpc_clients 3");
  }
}
