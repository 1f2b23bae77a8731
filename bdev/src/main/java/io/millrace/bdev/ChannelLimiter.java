package io.millrace.bdev;

import io.millrace.bdev.BdevIo.State;
import io.millrace.reactor.Reactor;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Has the requests of one channel wait for their bdev's limits, in a line for each source. Data
 * path, on the channel's reactor, which sleeps until the next of them is due.
 */
final class ChannelLimiter {
  /** Requests let through at once, before the reactor's other users have their turn. */
  private static final int MOST_AT_ONCE = 256;

  private final BdevChannel channel;
  private final Reactor reactor;
  private @Nullable RateLimiter limits; // null when there are none any more
  private HeldLine[] lines = new HeldLine[4]; // those in use, then those that are not
  private int inUse;

  ChannelLimiter(BdevChannel channel, Reactor reactor, RateLimiter limits) {
    this.channel = channel;
    this.reactor = reactor;
    this.limits = limits;
  }

  /** Whether a request may start now; else it is held, and starts when it may. */
  boolean admits(BdevIo io) {
    RateLimiter now = limits;
    HeldLine line = lineOf(io);
    if (now == null) { // those that were held before are being let through
      if (line == null) {
        return true;
      }
      line.add(io);
      return false;
    }
    if (!now.concerns(io)) {
      return true;
    }
    long nanos = reactor.nanoTime();
    if (io.isExpedited()) {
      now.charge(io, nanos);
      return true;
    }
    if (line != null) {
      line.add(io);
      return false;
    }
    HeldLine fresh = unused();
    fresh.add(io);
    if (fresh.grant(now, nanos)) {
      fresh.remove(io);
      return true;
    }
    use(fresh, io);
    fresh.alarm.set(fresh.dueNanos());
    return false;
  }

  private @Nullable HeldLine lineOf(BdevIo io) {
    boolean ofWrites = isInLineOfWrites(io);
    for (int i = 0; i < inUse; i++) {
      HeldLine line = lines[i];
      if (line.ofWrites == ofWrites && Objects.equals(line.source, io.source())) {
        return line;
      }
    }
    return null;
  }

  private boolean isInLineOfWrites(BdevIo io) {
    return io.type().isWrite() && hasDirections(limits);
  }

  private static boolean hasDirections(@Nullable RateLimiter limits) {
    return limits != null && limits.hasDirections();
  }

  /** The first of the lines that are not in use. */
  private HeldLine unused() {
    int now = lines.length;
    if (inUse == now) {
      lines = Arrays.copyOf(lines, now * 2);
    }
    HeldLine line = lines[inUse];
    if (line == null) {
      line = new HeldLine(reactor, this::run);
      lines[inUse] = line;
    }
    return line;
  }

  private void use(HeldLine line, BdevIo io) {
    line.source = io.source();
    line.ofWrites = isInLineOfWrites(io);
    inUse++;
  }

  /** Lets through what may go, and sets the alarm for the rest. */
  private void run(HeldLine line) {
    if (line.running) {
      return; // who does that goes on, and not deeper in the stack
    }
    line.running = true;
    long now = reactor.nanoTime();
    int passed = 0;
    try {
      while (passed < MOST_AT_ONCE) {
        BdevIo io = line.first();
        if (io == null || !isGranted(line, io, now)) {
          break;
        }
        passed++;
        line.remove(io);
        channel.admitted(io);
      }
    } finally {
      line.running = false;
      if (line.first() == null) {
        retire(line);
      } else {
        line.alarm.set(passed < MOST_AT_ONCE ? line.dueNanos() : now);
      }
    }
  }

  private boolean isGranted(HeldLine line, BdevIo io, long nowNanos) {
    RateLimiter now = limits;
    return io.state == State.GRANTED || now == null || line.grant(now, nowNanos);
  }

  private void retire(HeldLine line) {
    line.clear(limits);
    int i = 0;
    while (lines[i] != line) {
      i++;
    }
    inUse--;
    lines[i] = lines[inUse];
    lines[inUse] = line;
    if (inUse == 0 && limits == null) {
      channel.unlimited();
    }
  }

  /** Takes a request out that is held. */
  void remove(BdevIo io) {
    HeldLine line = io.line;
    if (line != null) {
      line.remove(io);
      if (line.first() == null && !line.running) {
        retire(line);
      }
    }
  }

  /** Lets a held request through, and those before it in its line; what it costs is owed. */
  void expedite(BdevIo io) {
    HeldLine line = io.line;
    if (line == null) {
      return;
    }
    RateLimiter creditor = limits;
    long nanos = reactor.nanoTime();
    BdevIo next = line.first();
    boolean found = false;
    while (next != null && !found) {
      if (next.state == State.HELD && creditor != null) {
        creditor.charge(next, nanos);
      }
      next.state = State.GRANTED;
      found = next.equals(io);
      next = next.later;
    }
    run(line);
  }

  /** Goes on with other limits. */
  void adopt(@Nullable RateLimiter to) {
    boolean before = hasDirections(limits);
    limits = to;
    if (hasDirections(to) != before) {
      lineUpAnew();
    }
    for (int i = inUse - 1; i >= 0; i--) {
      if (i < inUse) { // others may have gone
        HeldLine line = lines[i];
        forgetGone(line, to);
        run(line);
      }
    }
    if (inUse == 0 && to == null) {
      channel.unlimited();
    }
  }

  private static void forgetGone(HeldLine line, @Nullable RateLimiter limits) {
    for (int i = 0; i < RateLimiter.LIMITS; i++) {
      if (limits == null || limits.bucket(i) == null) {
        line.forget(i);
      }
    }
  }

  /** Reads and writes wait together now, or do so no longer: in the order they came. */
  private void lineUpAnew() {
    for (int i = 0; i < inUse; i++) {
      lines[i].removeAll();
    }
    for (BdevIo io = channel.newestInFlight(); io != null; io = io.next) {
      if (io.line != null) {
        HeldLine line = lineOf(io);
        if (line == null) {
          line = unused();
          use(line, io);
        }
        line.addFirst(io);
      }
    }
  }
}
