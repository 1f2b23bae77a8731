package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A bdev whose requests are done at once when its limits let them through; the test's clock. */
final class LimitRig implements AutoCloseable {
  static final long MILLI = 1_000_000;
  static final long SECOND = 1_000 * MILLI;

  /** When a request got through. */
  record Pass(long nanos, Io io) {}

  /** A request that knows its place among those of its channel. */
  static final class Io extends BdevIo {
    final int channelNumber;
    final int number;
    final List<IoStatus> statuses = new ArrayList<>();
    @Nullable Runnable whenDone;

    Io(Object source, int channelNumber, int number, IoType type, long lengthBytes) {
      super(1, source);
      this.channelNumber = channelNumber;
      this.number = number;
      begin(type, 0, lengthBytes);
    }

    @Override
    protected void completed(IoStatus status) {
      statuses.add(status);
      if (whenDone != null) {
        whenDone.run();
      }
    }
  }

  final ManualBdev bdev = new ManualBdev("limited", true, EnumSet.allOf(IoType.class));
  final List<Reactor> reactors = new ArrayList<>();
  final List<BdevChannel> channels = new ArrayList<>();
  final List<Io> all = new ArrayList<>();
  final List<Pass> passes = new ArrayList<>();
  private final Deque<Io> again = new ArrayDeque<>();
  final Object source = "a queue";
  long now = 5 * SECOND; // a clock that does not begin at 0
  private int busy = -1; // the reactor that has no time to look at the clock

  LimitRig(int reactorCount) {
    bdev.resize(1L << 40);
    bdev.onStart =
        io -> {
          passes.add(new Pass(now, (Io) io));
          io.complete(IoStatus.SUCCESS, io.lengthBytes());
        };
    for (int i = 0; i < reactorCount; i++) {
      reactors.add(Reactor.stepped("reactor" + i));
    }
    step(0);
    for (Reactor reactor : reactors) {
      try {
        channels.add(bdev.acquireChannel(reactor));
      } catch (BdevException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  static RateLimits only(RateLimit limit, long perSecond) {
    return new RateLimits(Map.of(limit, perSecond), RateLimits.DEFAULT_BURST_MILLIS);
  }

  /** Whether a reactor is {@link #busy(int)}: it submits nothing then. */
  boolean isBusy(int reactor) {
    return reactor == busy;
  }

  /**
   * Has one reactor be busy with something else from now on. The one that was until now looks at
   * the clock before it does anything.
   *
   * @param reactor -1 for none
   */
  void busy(int reactor) {
    busy = reactor;
    step(0);
  }

  /** Changes the limits; all reactors, none of them busy, keep to them when this returns. */
  void limit(RateLimits limits) {
    int[] done = new int[1];
    bdev.limit(limits, now, () -> done[0]++);
    step(0);
    assertThat(done[0]).as("told once that all keep to the limits").isEqualTo(1);
  }

  Io submit(int channel, Object from, IoType type, long lengthBytes) {
    Io io = new Io(from, channel, all.size(), type, lengthBytes);
    all.add(io);
    channels.get(channel).submit(io);
    return io;
  }

  Io submit(IoType type, long lengthBytes) {
    return submit(0, source, type, lengthBytes);
  }

  List<Io> submit(int count, IoType type, long lengthBytes) {
    List<Io> some = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      some.add(submit(type, lengthBytes));
    }
    return some;
  }

  /** Has a queue of requests that are submitted again whenever they are done. */
  void keepBusy(int channel, Object from, int depth, IoType type, long lengthBytes) {
    for (int i = 0; i < depth; i++) {
      Io io = new Io(from, channel, all.size(), type, lengthBytes);
      io.whenDone = () -> again.add(io);
      channels.get(channel).submit(io);
    }
  }

  private void submitAgain() {
    while (!again.isEmpty()) {
      Io io = again.remove();
      io.begin(io.type(), 0, io.lengthBytes());
      channels.get(io.channelNumber).submit(io);
    }
  }

  /** Lets time pass, and every reactor look at the clock. */
  void step(long nanos) {
    now += nanos;
    for (int i = 0; i < reactors.size(); i++) {
      if (i != busy) {
        reactors.get(i).runOnce(now);
        submitAgain();
      }
    }
  }

  /** The same in steps of so much. */
  void run(long nanos, long step) {
    for (long left = nanos; left > 0; left -= step) {
      step(Math.min(left, step));
    }
  }

  /** How many requests got through since the last time this was asked. */
  int passed() {
    int count = passes.size();
    passes.clear();
    return count;
  }

  boolean isIdle() {
    return channels.stream().allMatch(channel -> channel.inFlightCount() == 0);
  }

  @Override
  public void close() {
    reactors.forEach(Reactor::close);
  }
}
