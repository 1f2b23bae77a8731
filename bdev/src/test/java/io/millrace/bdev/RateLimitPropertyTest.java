package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.LimitRig.Io;
import io.millrace.bdev.LimitRig.Pass;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** What limits do whatever comes: on a virtual clock, against sums over every stretch of time. */
class RateLimitPropertyTest {
  private static final int KIBIBYTE = 1 << 10;
  private static final int MEBIBYTE = 1 << 20;
  private static final List<Object> SOURCES = List.of("queue 0", "queue 1", "queue 2");

  /**
   * What got through under one limit, against what it gives: the most that any stretch of time had
   * beyond what is earned in it.
   */
  private static final class Meter {
    private final RateLimit limit;
    private long rate; // units a second: operations or bytes
    private long since; // of the rate
    private long earned; // until then, in units / SECOND
    private long spent; // the same
    private long lowest = Long.MAX_VALUE; // of spent - earned, before a request that got through
    private long excess; // the highest since, above that
    private long dearest;
    private long largestBurst;
    private long smallestBurst = Long.MAX_VALUE;

    Meter(RateLimit limit) {
      this.limit = limit;
    }

    void rate(long perSecond, int burstMillis, long now) {
      if (perSecond == 0 || rate == 0) { // whoever is not limited, or was not, has a full bucket
        staysInBound();
        lowest = Long.MAX_VALUE;
        excess = 0;
        dearest = 0;
        largestBurst = 0;
        smallestBurst = Long.MAX_VALUE;
      }
      earned = earned(now);
      since = now;
      rate = perSecond * limit.unit();
      long burst = Math.max(2, rate * burstMillis / 1_000);
      largestBurst = Math.max(largestBurst, burst);
      smallestBurst = Math.min(smallestBurst, burst);
    }

    private long earned(long now) {
      return earned + (now - since) * rate;
    }

    void passed(Pass pass) {
      long cost = limit.cost(pass.io());
      if (rate > 0 && cost > 0) {
        dearest = Math.max(dearest, cost);
        lowest = Math.min(lowest, spent - earned(pass.nanos()));
        spent += cost * LimitRig.SECOND;
        excess = Math.max(excess, spent - earned(pass.nanos()) - lowest);
      }
    }

    /**
     * In whole units, one of which may be the rest of a token at the beginning. The first that gets
     * through has tokens of a burst, or is late by half of one; the last goes when there is a burst
     * and owes the rest. If the burst did not change, that is the bound of {@link TokenBucket}.
     */
    void staysInBound() {
      long first = Math.max(largestBurst, largestBurst / 2 + Math.min(dearest, largestBurst));
      long bound = first + Math.max(0, dearest - smallestBurst);
      assertThat(Math.ceilDiv(excess, LimitRig.SECOND))
          .as("%s beyond its rate", limit)
          .isLessThanOrEqualTo(bound + 1);
    }
  }

  private final Map<RateLimit, Meter> meters = new EnumMap<>(RateLimit.class);
  private final List<Io> order = new ArrayList<>(); // in which they got through

  private void limit(LimitRig rig, RateLimits limits) {
    rig.busy(-1);
    meter(rig); // what got through until now did so by the limits until now
    for (RateLimit limit : RateLimit.values()) {
      meters
          .computeIfAbsent(limit, Meter::new)
          .rate(limits.of(limit), limits.burstMillis(), rig.now);
    }
    rig.limit(limits);
    meter(rig);
  }

  private void meter(LimitRig rig) {
    for (Pass pass : rig.passes) {
      order.add(pass.io());
      meters.values().forEach(meter -> meter.passed(pass));
    }
    rig.passes.clear();
  }

  private static RateLimits anyLimits(Random random) {
    Map<RateLimit, Long> limits = new EnumMap<>(RateLimit.class);
    for (RateLimit limit : RateLimit.values()) {
      if (random.nextInt(3) == 0) {
        limits.put(
            limit, limit == RateLimit.RW_IOS ? 20 + random.nextLong(20_000) : random.nextLong(40));
      }
    }
    return new RateLimits(limits, 10 + random.nextInt(200));
  }

  private static IoType anyType(Random random) {
    IoType[] types = IoType.values();
    return random.nextBoolean() ? IoType.READ : types[random.nextInt(types.length)];
  }

  private static long anyLength(Random random) {
    return 512L << random.nextInt(random.nextInt(8) == 0 ? 13 : 7);
  }

  @Property(tries = 100)
  void anyArrivalsAndChangesStayInBoundAndEachRequestEndsOnceInItsOrder(@ForAll long seed) {
    Random random = new Random(seed);
    meters.clear();
    order.clear();
    List<Io> cancelled = new ArrayList<>();
    try (LimitRig rig = new LimitRig(1 + random.nextInt(3))) {
      limit(rig, anyLimits(random));
      for (int event = 0; event < 150; event++) {
        int channel = random.nextInt(rig.channels.size());
        switch (random.nextInt(12)) {
          case 0 -> limit(rig, anyLimits(random));
          case 1 -> {
            Io io = rig.all.isEmpty() ? null : rig.all.get(random.nextInt(rig.all.size()));
            BdevChannel its = io == null ? null : io.channel;
            if (io != null && its != null) {
              cancelled.add(io);
              its.cancel(io);
            }
          }
          case 2 -> rig.step(random.nextLong(800 * LimitRig.MILLI));
          case 3 -> rig.step(random.nextLong(50 * LimitRig.MILLI));
          case 4 -> rig.busy(random.nextInt(rig.reactors.size() + 1) - 1);
          case 5, 6, 7 -> rig.step(random.nextLong(2 * LimitRig.MILLI));
          default -> {
            for (int i = random.nextInt(12); i >= 0 && !rig.isBusy(channel); i--) {
              Object source = SOURCES.get(random.nextInt(SOURCES.size()));
              rig.submit(channel, source, anyType(random), anyLength(random));
            }
          }
        }
        meter(rig);
      }
      drain(rig);

      meters.values().forEach(Meter::staysInBound);
      assertThat(order).doesNotHaveDuplicates().noneMatch(cancelled::contains);
      assertThat(rig.all)
          .allSatisfy(io ->
              assertThat(io.statuses)
                  .containsExactly(cancelled.contains(io) ? IoStatus.ABORTED : IoStatus.SUCCESS));
      assertThatLinesKeepTheirOrder();
    }
  }

  /** What is held gets through, in twice the time that it takes at the slowest of its limits. */
  private void drain(LimitRig rig) {
    double seconds = 1;
    for (RateLimit limit : RateLimit.values()) {
      long cost = rig.all.stream().filter(io -> io.channel != null).mapToLong(limit::cost).sum();
      long rate = rig.bdev.rateLimits().of(limit) * limit.unit();
      long debt = 64L * MEBIBYTE; // by what got through before
      seconds += rate == 0 ? 0 : 2.0 * (cost + (limit == RateLimit.RW_IOS ? 0 : debt)) / rate;
    }
    long deadline = rig.now + (long) (seconds * LimitRig.SECOND);
    rig.busy(-1);
    while (!rig.isIdle() && rig.now < deadline) {
      rig.step(LimitRig.MILLI);
      meter(rig);
    }
    assertThat(rig.isIdle()).as("all got through in %.1f s", seconds).isTrue();
  }

  /** Those of one queue that read overtake each other at no time, nor do those that write. */
  private void assertThatLinesKeepTheirOrder() {
    Map<List<Object>, Integer> last = new HashMap<>();
    for (Io io : order) {
      if (io.type() == IoType.READ || io.type() == IoType.WRITE) {
        List<Object> line = List.of(io.source() + "", io.type(), io.channelNumber);
        Integer before = last.put(line, io.number);
        assertThat(before == null ? -1 : before).as("before %d", io.number).isLessThan(io.number);
      }
    }
  }

  @Property(tries = 15)
  void aLimitGivesAllItPromisesWhileSomebodyWaits(
      @ForAll RateLimit limit,
      @ForAll @LongRange(min = 1, max = 30_000) long anyRate,
      @ForAll @IntRange(min = 1, max = 3) int reactors,
      @ForAll @IntRange(min = 10, max = 500) int burstMillis,
      @ForAll long seed) {
    Random random = new Random(seed);
    long perSecond = limit == RateLimit.RW_IOS ? anyRate : 1 + anyRate % 100;
    long rate = perSecond * limit.unit();
    long length = 512L << random.nextInt(10);
    IoType type = limit == RateLimit.WRITE_BYTES ? IoType.WRITE : IoType.READ;
    try (LimitRig rig = new LimitRig(reactors)) {
      rig.limit(new RateLimits(Map.of(limit, perSecond), burstMillis));
      for (int channel = 0; channel < reactors; channel++) {
        for (Object source : SOURCES) {
          rig.keepBusy(channel, source, 4, type, length);
        }
      }
      rig.run(2 * LimitRig.SECOND, 1 + random.nextLong(2 * LimitRig.MILLI));

      long cost = limit == RateLimit.RW_IOS ? 1 : length;
      long passed = rig.passes.size() * cost;
      long turn = Math.max(cost, rate / 1_000);
      long waiting = (long) reactors * SOURCES.size() * turn;
      assertThat(passed).isGreaterThanOrEqualTo(2 * rate - waiting - rate / 500);
    }
  }

  @Property(tries = 8)
  void waitingQueuesHaveEqualShares(
      @ForAll @LongRange(min = 100, max = 8_000) long perSecond, @ForAll long seed) {
    Random random = new Random(seed);
    Map<Object, Integer> shares = new HashMap<>();
    try (LimitRig rig = new LimitRig(2)) {
      rig.limit(LimitRig.only(RateLimit.RW_IOS, perSecond));
      // One deep queue and one shallow one on a reactor, one in between on another.
      int[][] queues = {{0, 32}, {0, 1}, {1, 8}};
      for (int queue = 0; queue < queues.length; queue++) {
        int[] its = queues[queue];
        rig.keepBusy(its[0], SOURCES.get(queue), its[1], IoType.READ, 4 * KIBIBYTE);
      }
      rig.run(LimitRig.SECOND, LimitRig.MILLI / 10 + random.nextLong(LimitRig.MILLI / 5));
      rig.passes.clear();
      rig.run(2 * LimitRig.SECOND, LimitRig.MILLI / 10 + random.nextLong(LimitRig.MILLI / 5));

      rig.passes.forEach(pass -> shares.merge(pass.io().source() + "", 1, Integer::sum));
    }
    // A shallow queue has no more than one request a turn, and a turn is a millisecond's worth.
    int turn = (int) Math.max(1, perSecond / 1_000);
    int deep = shares.getOrDefault("queue 0", 0);
    assertThat(shares.getOrDefault("queue 1", 0)).isGreaterThan(deep / turn / 2);
    assertThat(shares.getOrDefault("queue 2", 0)).isBetween(deep / 2, deep * 2);
  }
}
