package io.millrace.bdev.stacked;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.reactor.Alarm;
import io.millrace.reactor.Reactor;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what the base has done until its time has come. Data path.
 *
 * <p>Requests of one latency come due in the order they were held, so that a queue for each latency
 * does, and one alarm for whichever head is first.
 */
final class DelayChannel extends StackedChannel {
  private static final int SLOW_ONE_IN = 100;
  private static final Latency[] LATENCIES = Latency.values();

  private final DelayBdev bdev;
  private final Reactor reactor;
  private final Alarm alarm;
  private final HeldIos[] held = new HeldIos[LATENCIES.length];
  private long random;
  private boolean lettingGo;

  DelayChannel(DelayBdev bdev, Reactor reactor) throws BdevException {
    super(bdev, reactor);
    this.bdev = bdev;
    this.reactor = reactor;
    this.alarm = reactor.alarm(this::due);
    this.random = reactor.nanoTime(); // no other chance, so that a simulation repeats
    for (int i = 0; i < held.length; i++) {
      held[i] = new HeldIos();
    }
  }

  @Override
  protected void up(StackedIo io, IoStatus status) {
    Latency which = latencyOf(io.request().type());
    long nanos = which == null || lettingGo ? 0 : bdev.latencyNanos(which);
    if (which == null || nanos == 0) {
      super.up(io, status);
      return;
    }
    io.status = status;
    io.dueNanos = reactor.nanoTime() + nanos;
    held[which.ordinal()].add(io);
    setAlarm(io.dueNanos);
  }

  private @Nullable Latency latencyOf(IoType type) {
    return switch (type) {
      case READ -> isSlow() ? Latency.P99_READ : Latency.AVG_READ;
      case WRITE -> isSlow() ? Latency.P99_WRITE : Latency.AVG_WRITE;
      case FLUSH, UNMAP, WRITE_ZEROES, COMPARE, ZONE_APPEND -> null;
    };
  }

  /** One in a hundred, by a linear congruence (Knuth's MMIX): no lock, no object. */
  private boolean isSlow() {
    random = random * 6364136223846793005L + 1442695040888963407L;
    return Long.remainderUnsigned(random >>> 33, SLOW_ONE_IN) == 0;
  }

  private void setAlarm(long dueNanos) {
    if (!alarm.isSet() || dueNanos - alarm.atNanos() < 0) {
      alarm.set(dueNanos);
    }
  }

  private void due() {
    long now = reactor.nanoTime();
    for (HeldIos queue : held) {
      for (StackedIo io = queue.first(); io != null; io = queue.first()) {
        if (io.dueNanos - now > 0) {
          setAlarm(io.dueNanos);
          break;
        }
        end(queue, io);
      }
    }
  }

  private void end(HeldIos queue, StackedIo io) {
    queue.remove(io);
    finish(io, io.status, io.transferredBytes());
  }

  /** The base has done them all: they end as it said, only sooner. */
  @Override
  protected void letGo() {
    lettingGo = true;
    for (HeldIos queue : held) {
      for (StackedIo io = queue.first(); io != null; io = queue.first()) {
        end(queue, io);
      }
    }
  }

  @Override
  protected void release() {
    alarm.clear();
    super.release();
  }
}
