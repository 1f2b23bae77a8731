package io.millrace.server.top;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.millrace.server.top.Frame.DeviceRates;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Rates from the results of JSON-RPC's methods, as they are on the wire. */
class FrameTest {
  private static final long SECOND = 1_000_000_000;

  private static JsonNode vhost(long reads, long errors) {
    return new JsonMapper()
        .readTree(
            """
            {"tick_rate": 1000000000, "controllers": [{"ctrlr": "vm0", "bdevs": ["d"], "queues": [
              {"index": 0, "reactor": "reactor-0", "read_ops": %d, "read_bytes": %d,
               "flush_ops": 10, "read_errors": %d, "kicks": 7, "polls": 100, "empty_polls": 25,
               "in_flight": 3, "max_in_flight": 9},
              {"index": 1, "reactor": null}]}]}
            """
                .formatted(reads, 4096 * reads, errors));
  }

  private static JsonNode iostat(long reads) {
    return new JsonMapper()
        .readTree(
            """
            {"tick_rate": 2000000000, "bdevs": [{"name": "d", "num_read_ops": %d,
              "bytes_read": 0, "read_latency_ticks": %d, "io_error": {"failed": 2}}]}
            """
                .formatted(reads, reads * 200_000));
  }

  private static Snapshot at(double seconds, JsonNode vhost, JsonNode iostat, long busySeconds) {
    return new Snapshot(
        (long) (seconds * SECOND),
        1,
        "v",
        SnapshotReader.devices(vhost),
        SnapshotReader.bdevs(iostat),
        List.of(new Snapshot.Reactor("reactor-0", busySeconds * SECOND, 0, 0, 10, 0, 0)));
  }

  @Test
  void countersOfTwoTimesMakeRatesASecond() {
    Frame frame =
        Frame.between(
            at(10, vhost(1000, 0), iostat(1000), 4), at(14, vhost(3000, 8), iostat(3000), 5));

    DeviceRates device = frame.devices().getFirst();
    assertThat(device.io().reads()).isEqualTo(500);
    assertThat(device.io().readBytes()).isEqualTo(500 * 4096);
    assertThat(device.io().others()).isZero();
    assertThat(device.io().errors()).isEqualTo(2);
    assertThat(device.io().latencyNanos()).isEqualTo(100_000);
    assertThat(device.inFlight()).isEqualTo(3);
    assertThat(device.queues().get(0).mostInFlight()).isEqualTo(9);
    assertThat(device.queues().get(1).reactor()).isNull();
    assertThat(frame.reactors().getFirst().busy()).isEqualTo(0.25, within(1e-9));
    assertThat(frame.reactors().getFirst().sleeping()).isEqualTo(0.75, within(1e-9));
    assertThat(frame.reactors().getFirst().queues()).isEqualTo(1);
    assertThat(frame.total(Rates::operations)).isEqualTo(500);
  }

  @Test
  void countersThatWereResetCountFromTheReset() {
    Frame frame =
        Frame.between(
            at(10, vhost(1_000_000, 3), iostat(1_000_000), 4),
            at(12, vhost(100, 0), iostat(100), 0));

    assertThat(frame.devices().getFirst().io().reads()).isEqualTo(50);
    assertThat(frame.devices().getFirst().io().errors()).isZero();
    assertThat(frame.bdevs().getFirst().io().reads()).isEqualTo(50);
  }

  @Test
  void withoutRequestsThereIsNoLatency() {
    Snapshot same = at(10, vhost(5, 0), iostat(5), 0);

    Frame frame = Frame.between(same, at(11, vhost(5, 0), iostat(5), 0));

    assertThat(frame.latencyNanos()).isNaN();
    assertThat(JsonReport.of(frame, Instant.EPOCH)).contains("\"latency_ns\":null");
  }

  @Test
  void anotherServersCountersAreNotCompared() {
    Frames frames = new Frames();
    Snapshot first = at(1, vhost(5, 0), iostat(5), 0);
    Snapshot other = new Snapshot(2 * SECOND, 2, "v", List.of(), List.of(), List.of());
    Snapshot later = new Snapshot(3 * SECOND, 2, "v", List.of(), List.of(), List.of());

    assertThat(frames.next(new Sampler.Look.Taken(first))).isNull();
    assertThat(frames.next(new Sampler.Look.Failed("gone"))).isNull();
    assertThat(frames.problem()).isEqualTo("gone");
    assertThat(frames.next(new Sampler.Look.Taken(other))).isNull();
    assertThat(frames.problem()).isNull();
    assertThat(frames.next(new Sampler.Look.Taken(later))).isNotNull();
  }
}
