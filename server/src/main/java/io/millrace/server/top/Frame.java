package io.millrace.server.top;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What happened between two snapshots, by the second. Immutable.
 *
 * @param version as the server says it
 */
record Frame(
    String version, List<DeviceRates> devices, List<BdevRates> bdevs, List<ReactorRates> reactors) {

  /** A vhost controller; the latency is that of its bdevs. */
  record DeviceRates(
      String name, List<String> bdevs, Rates io, long inFlight, List<QueueRates> queues) {}

  /**
   * A queue of a device.
   *
   * @param kicks a second, as the next two
   * @param emptyShare of the polls; from 0 to 1
   */
  record QueueRates(
      int index,
      @Nullable String reactor,
      Rates io,
      double kicks,
      double calls,
      double polls,
      double emptyShare,
      long inFlight,
      long mostInFlight,
      List<Snapshot.Stage> stages) {}

  /** A bdev. */
  record BdevRates(String name, Rates io) {}

  /**
   * A thread that polls.
   *
   * @param busy share of the time; from 0 to 1, as the next two
   * @param rounds a second, as the next two
   * @param queues that it serves
   */
  record ReactorRates(
      String name,
      double busy,
      double idle,
      double sleeping,
      double rounds,
      double sleeps,
      double wakeUps,
      long queues) {}

  /** What happened between them; things that were not there before count from 0. */
  static Frame between(Snapshot before, Snapshot now) {
    double seconds = Math.max(1, now.nanos() - before.nanos()) * 1e-9;
    Map<String, Snapshot.Bdev> bdevs = byName(before.bdevs(), Snapshot.Bdev::name);
    List<BdevRates> bdevRates =
        now.bdevs().stream()
            .map(bdev ->
                new BdevRates(bdev.name(), Rates.between(io(bdevs, bdev), bdev.io(), seconds)))
            .toList();
    Map<String, BdevRates> latencies = byName(bdevRates, BdevRates::name);
    Map<String, Snapshot.Device> devices = byName(before.devices(), Snapshot.Device::name);
    List<DeviceRates> deviceRates =
        now.devices().stream()
            .map(device -> device(devices.get(device.name()), device, latencies, seconds))
            .toList();
    Map<String, Snapshot.Reactor> reactors = byName(before.reactors(), Snapshot.Reactor::name);
    List<ReactorRates> reactorRates =
        now.reactors().stream()
            .map(reactor -> reactor(reactors.get(reactor.name()), reactor, now.devices(), seconds))
            .toList();
    return new Frame(now.version(), deviceRates, bdevRates, reactorRates);
  }

  private static <T> Map<String, T> byName(List<T> all, Function<T, String> name) {
    Map<String, T> byName = new LinkedHashMap<>();
    all.forEach(each -> byName.put(name.apply(each), each));
    return byName;
  }

  private static IoCounters io(Map<String, Snapshot.Bdev> before, Snapshot.Bdev now) {
    Snapshot.Bdev same = before.get(now.name());
    return same == null ? IoCounters.NONE : same.io();
  }

  private static DeviceRates device(
      Snapshot.@Nullable Device before,
      Snapshot.Device now,
      Map<String, BdevRates> bdevs,
      double seconds) {
    List<QueueRates> queues = new ArrayList<>();
    IoCounters sum = IoCounters.NONE;
    IoCounters sumBefore = IoCounters.NONE;
    long inFlight = 0;
    for (Snapshot.Queue queue : now.queues()) {
      Snapshot.Queue same = same(before, queue);
      queues.add(queue(same, queue, seconds));
      sum = sum.plus(queue.io());
      sumBefore = same == null ? sumBefore : sumBefore.plus(same.io());
      inFlight += queue.inFlight();
    }
    Rates io = Rates.between(sumBefore, sum, seconds).withLatency(latency(now.bdevs(), bdevs));
    return new DeviceRates(now.name(), now.bdevs(), io, inFlight, queues);
  }

  private static Snapshot.@Nullable Queue same(
      Snapshot.@Nullable Device before, Snapshot.Queue queue) {
    if (before == null) {
      return null;
    }
    return before.queues().stream()
        .filter(each -> each.index() == queue.index())
        .findFirst()
        .orElse(null);
  }

  private static QueueRates queue(
      Snapshot.@Nullable Queue before, Snapshot.Queue now, double seconds) {
    long polls = delta(before, now, Snapshot.Queue::polls);
    long empty = delta(before, now, Snapshot.Queue::emptyPolls);
    return new QueueRates(
        now.index(),
        now.reactor(),
        Rates.between(before == null ? IoCounters.NONE : before.io(), now.io(), seconds),
        delta(before, now, Snapshot.Queue::kicks) / seconds,
        delta(before, now, Snapshot.Queue::calls) / seconds,
        polls / seconds,
        polls == 0 ? 0 : (double) empty / polls,
        now.inFlight(),
        now.mostInFlight(),
        now.stages());
  }

  private static ReactorRates reactor(
      Snapshot.@Nullable Reactor before,
      Snapshot.Reactor now,
      List<Snapshot.Device> devices,
      double seconds) {
    long busy = delta(before, now, Snapshot.Reactor::busyNanos);
    long idle = delta(before, now, Snapshot.Reactor::idleNanos);
    double whole = Math.max(seconds * 1e9, (double) (busy + idle));
    long queues =
        devices.stream()
            .flatMap(device -> device.queues().stream())
            .filter(queue -> now.name().equals(queue.reactor()))
            .count();
    return new ReactorRates(
        now.name(),
        busy / whole,
        idle / whole,
        Math.max(0, whole - busy - idle) / whole, // a sleep is counted when it has ended
        delta(before, now, Snapshot.Reactor::rounds) / seconds,
        delta(before, now, Snapshot.Reactor::sleeps) / seconds,
        delta(before, now, Snapshot.Reactor::wakeUps) / seconds,
        queues);
  }

  /** A counter's difference; the counter itself if it began again in between. */
  private static <T> long delta(@Nullable T before, T now, ToLongFunction<T> of) {
    long value = of.applyAsLong(now);
    long earlier = before == null ? 0 : of.applyAsLong(before);
    return value < earlier ? value : value - earlier;
  }

  private static double latency(List<String> names, Map<String, BdevRates> bdevs) {
    return meanLatency(
        names.stream().map(bdevs::get).filter(Objects::nonNull).map(BdevRates::io).toList());
  }

  /** Each as often as there were requests of it. */
  private static double meanLatency(List<Rates> all) {
    double operations = 0;
    double nanos = 0;
    for (Rates one : all) {
      if (!Double.isNaN(one.latencyNanos())) {
        operations += one.operations();
        nanos += one.operations() * one.latencyNanos();
      }
    }
    return operations == 0 ? Double.NaN : nanos / operations;
  }

  /** Of all devices, or of all bdevs where there is no device. */
  private List<Rates> all() {
    return devices.isEmpty()
        ? bdevs.stream().map(BdevRates::io).toList()
        : devices.stream().map(DeviceRates::io).toList();
  }

  /** A figure of all devices together. */
  double total(ToDoubleFunction<Rates> of) {
    return all().stream().mapToDouble(of).sum();
  }

  /** Mean latency of all devices together; NaN if none was measured. */
  double latencyNanos() {
    return meanLatency(all());
  }
}
