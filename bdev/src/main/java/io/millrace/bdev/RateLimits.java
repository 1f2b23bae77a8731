package io.millrace.bdev;

import java.util.EnumMap;
import java.util.Map;

/**
 * The limits of a bdev, which all of its users share.
 *
 * @param perSecond each limit in the units of its name, operations or MiB a second; 0 is none, and
 *     so is one that is left out
 * @param burstMillis how much can be saved up while less is asked for: what a limit gives in so
 *     many milliseconds
 */
public record RateLimits(Map<RateLimit, Long> perSecond, int burstMillis) {
  /** What is saved up unless something else is said: enough for a reactor that is late. */
  public static final int DEFAULT_BURST_MILLIS = 100;

  /** The longest burst, in milliseconds: an hour. */
  public static final int MAX_BURST_MILLIS = 3_600_000;

  /** No limit. */
  public static final RateLimits NONE = new RateLimits(Map.of(), DEFAULT_BURST_MILLIS);

  /** Refuses what is out of range; limits of 0 are left out. */
  public RateLimits {
    EnumMap<RateLimit, Long> set = new EnumMap<>(RateLimit.class);
    perSecond.forEach((limit, value) -> {
      if (value < 0 || value > limit.max()) {
        throw new IllegalArgumentException(
            limit.spdkName() + " " + value + " is not from 0 to " + limit.max());
      }
      if (value > 0) {
        set.put(limit, value);
      }
    });
    if (burstMillis < 1 || burstMillis > MAX_BURST_MILLIS) {
      throw new IllegalArgumentException(
          "a burst of " + burstMillis + " ms is not from 1 to " + MAX_BURST_MILLIS + " ms");
    }
    perSecond = Map.copyOf(set);
  }

  /** One limit in the units of its name; 0 is none. */
  public long of(RateLimit limit) {
    return perSecond.getOrDefault(limit, 0L);
  }

  /** Whether nothing is limited. */
  public boolean isNone() {
    return perSecond.isEmpty();
  }

  /** The same with another limit. */
  public RateLimits with(RateLimit limit, long value) {
    Map<RateLimit, Long> changed = new EnumMap<>(RateLimit.class);
    changed.putAll(perSecond);
    changed.put(limit, value);
    return new RateLimits(changed, burstMillis);
  }

  /** The same with another burst, in milliseconds. */
  public RateLimits withBurst(int millis) {
    return new RateLimits(perSecond, millis);
  }
}
