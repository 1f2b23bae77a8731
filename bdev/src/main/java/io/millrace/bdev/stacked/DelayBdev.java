package io.millrace.bdev.stacked;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevRegistry;
import io.millrace.reactor.Reactor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * A bdev whose reads and writes end later than its base's: by the average latency, and one in a
 * hundred, at random, by the p99 latency. Other requests are not delayed.
 *
 * <p>A read and a write of either kind end in the order they were done: after a latency was
 * lowered, what comes later waits behind what has the old one.
 */
public final class DelayBdev extends StackedBdev {
  /** Longest delay, in microseconds: a day. */
  public static final long MAX_LATENCY_MICROS = TimeUnit.DAYS.toMicros(1);

  private static final UUID NAMESPACE = UUID.fromString("4009b574-6430-4f1b-bc40-ace811091027");

  /** By {@link Latency}; the control thread changes them under the channels' eyes. */
  private final AtomicLongArray latencyNanos = new AtomicLongArray(Latency.values().length);

  private DelayBdev(ClaimedBase base, String name, UUID uuid, Map<Latency, Long> micros) {
    super(base, like(base.bdev(), name, uuid, "delay"));
    micros.forEach(
        (which, value) -> latencyNanos.set(which.ordinal(), TimeUnit.MICROSECONDS.toNanos(value)));
  }

  /**
   * Claims the base and makes the bdev; it is not registered yet.
   *
   * @param uuid its UUID; null for one made of the base's
   * @param micros each latency, in microseconds
   * @throws BdevException INVALID if a p99 latency is below the average one, or one is too long
   */
  public static DelayBdev create(
      BdevRegistry registry,
      String baseName,
      String name,
      @Nullable UUID uuid,
      Map<Latency, Long> micros)
      throws BdevException {
    check(name, micros);
    return ClaimedBase.stack(
        registry,
        baseName,
        "delay",
        () -> {},
        base ->
            new DelayBdev(
                base, name, uuid != null ? uuid : NameUuid.of(NAMESPACE, base.bdev()), micros));
  }

  /**
   * Refuses latencies that no delay bdev has.
   *
   * @param name the bdev's, for the message
   */
  public static void check(String name, Map<Latency, Long> micros) throws BdevException {
    for (Latency which : Latency.values()) {
      checkRange(name, which, micros.getOrDefault(which, 0L));
    }
    checkOrder(name, micros, Latency.AVG_READ, Latency.P99_READ);
    checkOrder(name, micros, Latency.AVG_WRITE, Latency.P99_WRITE);
  }

  private static void checkRange(String name, Latency which, long micros) throws BdevException {
    if (micros < 0 || micros > MAX_LATENCY_MICROS) {
      throw new BdevException(
          Kind.INVALID,
          "delay bdev %s: %s latency %d is not from 0 to %d us"
              .formatted(name, which.spdkName(), micros, MAX_LATENCY_MICROS));
    }
  }

  private static void checkOrder(String name, Map<Latency, Long> of, Latency avg, Latency p99)
      throws BdevException {
    long average = of.getOrDefault(avg, 0L);
    long slow = of.getOrDefault(p99, 0L);
    if (slow < average) {
      throw new BdevException(
          Kind.INVALID,
          "delay bdev %s: %s latency %d us is below %s latency %d us; raise it"
              .formatted(name, p99.spdkName(), slow, avg.spdkName(), average));
    }
  }

  /** One latency, in nanoseconds. Any thread. */
  long latencyNanos(Latency which) {
    return latencyNanos.getOpaque(which.ordinal());
  }

  /**
   * Changes one latency, for requests that the base ends from now on. Control thread.
   *
   * @param micros microseconds
   */
  public void update(Latency which, long micros) throws BdevException {
    checkRange(name(), which, micros);
    latencyNanos.setOpaque(which.ordinal(), TimeUnit.MICROSECONDS.toNanos(micros));
  }

  @Override
  protected BdevChannel newChannel(Reactor reactor) throws BdevException {
    return new DelayChannel(this, reactor);
  }

  @Override
  public Map<String, Object> driverSpecific() {
    Map<String, Object> delay = new LinkedHashMap<>();
    delay.put("name", name());
    delay.put("base_bdev_name", base().name());
    delay.put("uuid", properties().uuid());
    for (Latency which : Latency.values()) {
      delay.put(which.spdkName() + "_latency", TimeUnit.NANOSECONDS.toMicros(latencyNanos(which)));
    }
    return Map.of("delay", delay);
  }
}
