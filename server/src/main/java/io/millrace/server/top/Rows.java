package io.millrace.server.top;

import io.millrace.server.top.Frame.BdevRates;
import io.millrace.server.top.Frame.DeviceRates;
import io.millrace.server.top.Frame.QueueRates;
import io.millrace.server.top.Frame.ReactorRates;
import io.millrace.server.top.History.Figure;
import io.millrace.server.top.Table.Column;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** What the table has for the view that was chosen, in its order. Pure functions. */
final class Rows {
  private static final List<Column> DEVICES =
      List.of(
          new Column("Q", 3),
          new Column("R/S", 6),
          new Column("W/S", 6),
          new Column("READ", 7),
          new Column("WRITE", 7),
          new Column("LATENCY", 7),
          new Column("QD", 4),
          new Column("ERR/S", 5));

  private static final List<Column> BDEVS =
      List.of(
          new Column("R/S", 6),
          new Column("W/S", 6),
          new Column("OTHER", 6),
          new Column("READ", 7),
          new Column("WRITE", 7),
          new Column("LATENCY", 7),
          new Column("ERR/S", 5));

  private static final List<Column> REACTORS =
      List.of(
          new Column("Q", 4),
          new Column("BUSY", 5),
          new Column("IDLE", 5),
          new Column("ASLEEP", 6),
          new Column("ROUNDS", 7),
          new Column("SLEEPS", 7),
          new Column("WAKEUPS", 7));

  private static final List<Column> QUEUES =
      List.of(
          new Column("R/S", 6),
          new Column("W/S", 6),
          new Column("READ", 7),
          new Column("WRITE", 7),
          new Column("QD", 4),
          new Column("MAX", 4),
          new Column("KICKS", 6),
          new Column("CALLS", 6),
          new Column("EMPTY", 5));

  private Rows() {}

  /** What is listed: in a device and on a reactor queues, of a bdev the devices that serve it. */
  static Table table(TopState state, int width) {
    boolean open = state.opened() != null;
    return switch (state.view()) {
      case DEVICES ->
          open ? new Table("QUEUE", width, QUEUES) : new Table("DEVICE", width, DEVICES);
      case BDEVS -> open ? new Table("DEVICE", width, DEVICES) : new Table("BDEV", width, BDEVS);
      case REACTORS ->
          open ? new Table("QUEUE", width, QUEUES) : new Table("REACTOR", width, REACTORS);
    };
  }

  /** The rows in the order that was chosen. */
  static List<Row> of(Frame frame, TopState state, History history) {
    List<Row> rows = new ArrayList<>(unordered(frame, state, history));
    rows.sort(Row.order(state.sort(), state.reversed()));
    return rows;
  }

  private static List<Row> unordered(Frame frame, TopState state, History history) {
    String open = state.opened();
    return switch (state.view()) {
      case DEVICES ->
          open == null
              ? devices(frame, history, device -> true)
              : queues(frame, device -> device.name().equals(open), queue -> true, false);
      case BDEVS ->
          open == null
              ? frame.bdevs().stream().map(bdev -> row(bdev, history)).toList()
              : devices(frame, history, device -> device.bdevs().contains(open));
      case REACTORS ->
          open == null
              ? frame.reactors().stream().map(reactor -> row(reactor, history)).toList()
              : queues(frame, device -> true, queue -> open.equals(queue.reactor()), true);
    };
  }

  private static List<Row> devices(Frame frame, History history, Predicate<DeviceRates> which) {
    return frame.devices().stream().filter(which).map(device -> row(device, history)).toList();
  }

  private static List<Row> queues(
      Frame frame, Predicate<DeviceRates> which, Predicate<QueueRates> andOf, boolean named) {
    List<Row> rows = new ArrayList<>();
    for (DeviceRates device : frame.devices()) {
      if (which.test(device)) {
        String prefix = named ? device.name() + " " : "";
        device.queues().stream().filter(andOf).forEach(queue -> rows.add(row(prefix, queue)));
      }
    }
    return rows;
  }

  private static Row row(DeviceRates device, History history) {
    Rates io = device.io();
    return row(
        device.name(),
        io,
        history.of(History.device(device.name()), Figure.IOPS),
        Integer.toString(device.queues().size()),
        Figures.rate(io.reads()),
        Figures.rate(io.writes()),
        Figures.bytes(io.readBytes()),
        Figures.bytes(io.writeBytes()),
        Figures.time(io.latencyNanos()),
        Figures.count(device.inFlight()),
        Figures.rate(io.errors()));
  }

  private static Row row(BdevRates bdev, History history) {
    Rates io = bdev.io();
    return row(
        bdev.name(),
        io,
        history.of(History.bdev(bdev.name()), Figure.IOPS),
        Figures.rate(io.reads()),
        Figures.rate(io.writes()),
        Figures.rate(io.others()),
        Figures.bytes(io.readBytes()),
        Figures.bytes(io.writeBytes()),
        Figures.time(io.latencyNanos()),
        Figures.rate(io.errors()));
  }

  private static Row row(ReactorRates reactor, History history) {
    List<String> cells =
        List.of(
            Figures.count(reactor.queues()),
            Figures.percent(reactor.busy()),
            Figures.percent(reactor.idle()),
            Figures.percent(reactor.sleeping()),
            Figures.rate(reactor.rounds()),
            Figures.rate(reactor.sleeps()),
            Figures.rate(reactor.wakeUps()));
    List<Double> trend = history.of(History.reactor(reactor.name()), Figure.IOPS);
    return new Row(reactor.name(), cells, trend, reactor.busy(), reactor.busy(), Double.NaN, null);
  }

  private static Row row(String prefix, QueueRates queue) {
    Rates io = queue.io();
    String reactor = queue.reactor() == null ? "stopped" : queue.reactor();
    List<String> cells =
        List.of(
            Figures.rate(io.reads()),
            Figures.rate(io.writes()),
            Figures.bytes(io.readBytes()),
            Figures.bytes(io.writeBytes()),
            Figures.count(queue.inFlight()),
            Figures.count(queue.mostInFlight()),
            Figures.rate(queue.kicks()),
            Figures.rate(queue.calls()),
            queue.polls() == 0 ? "-" : Figures.percent(queue.emptyShare()));
    String name = prefix + queue.index() + (prefix.isEmpty() ? " " + reactor : "");
    return new Row(name, cells, List.of(), io.operations(), io.bytes(), io.latencyNanos(), queue);
  }

  private static Row row(String name, Rates io, List<Double> trend, String... cells) {
    return new Row(
        name, List.of(cells), trend, io.operations(), io.bytes(), io.latencyNanos(), null);
  }
}
