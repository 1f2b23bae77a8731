package io.millrace.server.top;

import io.millrace.server.top.Frame.BdevRates;
import io.millrace.server.top.Frame.DeviceRates;
import io.millrace.server.top.Frame.QueueRates;
import io.millrace.server.top.Frame.ReactorRates;
import io.millrace.server.top.Snapshot.Stage;
import java.util.ArrayList;
import java.util.List;

/** Frames for tests, of a server with a few devices. */
final class SampleFrames {
  private static final double KIB = 1024;

  private SampleFrames() {}

  static Rates rates(double reads, double writes, double latencyNanos) {
    return new Rates(reads, writes, 0, reads * 4 * KIB, writes * 4 * KIB, 0, 0, latencyNanos);
  }

  static QueueRates queue(int index, String reactor, double reads) {
    return new QueueRates(
        index, reactor, rates(reads, 0, Double.NaN), 120, 80, 90_000, 0.25, 3, 32, List.of());
  }

  static DeviceRates device(String name, String bdev, Rates rates) {
    return new DeviceRates(
        name,
        List.of(bdev),
        rates,
        6,
        List.of(
            queue(0, "reactor-0", rates.reads() / 4),
            queue(1, "reactor-1", rates.reads() * 3 / 4)));
  }

  /** Two devices on two reactors; the second one is idle. */
  static Frame two() {
    return new Frame(
        "Millrace v0.1.0",
        List.of(
            device("vm0.sock", "disk0", rates(42_000, 1_500, 81_200)),
            device("vm1.sock", "disk1", rates(0, 0, Double.NaN))),
        List.of(
            new BdevRates("disk0", rates(42_000, 1_500, 81_200)),
            new BdevRates("disk1", rates(0, 0, Double.NaN))),
        List.of(
            new ReactorRates("control", 0.01, 0, 0.99, 20, 20, 20, 0),
            new ReactorRates("reactor-0", 0.71, 0.2, 0.09, 250_000, 50, 50, 2),
            new ReactorRates("reactor-1", 0.2, 0.1, 0.7, 50_000, 80, 80, 2)));
  }

  /** A device of two queues, the second of which has its stages counted. */
  static Frame withStages() {
    QueueRates counted =
        new QueueRates(
            1,
            "reactor-0",
            rates(10, 0, Double.NaN),
            0,
            0,
            1,
            0,
            1,
            1,
            List.of(
                new Stage("ring", 1000, 500, 1000, 2000, 4000),
                new Stage("bdev", 1000, 80_000, 90_000, 120_000, 1_500_000)));
    DeviceRates device =
        new DeviceRates(
            "vm0.sock",
            List.of("disk0"),
            rates(20, 0, 1),
            1,
            List.of(queue(0, "reactor-0", 10), counted));
    return new Frame("Millrace v0.1.0", List.of(device), List.of(), List.of());
  }

  /** Many devices, vm0 the slowest. */
  static Frame many(int count) {
    List<DeviceRates> devices = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      devices.add(device("vm" + i, "disk" + i, rates(100 * (i + 1), 0, 1000 * (count - i))));
    }
    return new Frame("Millrace v0.1.0", devices, List.of(), List.of());
  }

  /** A history in which a frame happened again and again. */
  static History history(Frame frame, int times) {
    History history = new History();
    for (int i = 0; i < times; i++) {
      history.add(frame);
    }
    return history;
  }
}
