package io.millrace.vhost.user.server;

import io.millrace.linux.RawMemory;
import io.millrace.live.migration.BadInflightException;
import io.millrace.virtqueue.AddressTranslation;
import io.millrace.virtqueue.DeviceQueue;
import io.millrace.virtqueue.GuestMemoryMap;
import io.millrace.virtqueue.GuestWrites;
import io.millrace.virtqueue.InflightPlace;
import io.millrace.virtqueue.QueueState;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VringAddresses;
import io.millrace.virtqueue.VringLayout;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All a worker needs to run a ring, as a value.
 *
 * @param name for messages: device, session and queue
 * @param index the ring's number
 * @param size descriptors
 * @param addresses where the front-end says the ring is
 * @param base where to go on, as SET_VRING_BASE gave it
 * @param features negotiated
 * @param map the session's memory
 * @param memoryMayVanish whether a front-end could truncate that memory
 * @param kick descriptor the driver writes, or -1
 * @param call descriptor the driver is notified by, or -1
 * @param log what to log of stores into guest memory
 * @param inflight where it keeps what is in flight
 * @param coalescing how calls are put off, as it is when asked
 */
record VringSetup(
    String name,
    int index,
    int size,
    VringAddresses addresses,
    int base,
    long features,
    GuestMemoryMap map,
    boolean memoryMayVanish,
    int kick,
    int call,
    RingLog log,
    InflightPlace inflight,
    Supplier<Coalescing> coalescing) {
  /**
   * Most requests at once, whatever the ring's size: 32768 of them would have the heap grow by ten
   * megabytes. The first queues of a device may have more than the last of 256.
   */
  private static final int MOST_IN_FLIGHT = 1024;

  private static final int FIRST_QUEUES = 16;
  private static final int MOST_IN_FLIGHT_BEYOND = 256;

  /** Most requests that are taken and not given back. */
  int mostInFlight() {
    return Math.min(size, index < FIRST_QUEUES ? MOST_IN_FLIGHT : MOST_IN_FLIGHT_BEYOND);
  }

  /**
   * Opens the ring where it stands; reads its memory, which may fault.
   *
   * @param writes told of stores into the ring
   * @throws QueueStartException it cannot stand there
   */
  DeviceQueue open(GuestWrites writes) throws QueueStartException {
    AddressTranslation translation = map.translation();
    VringLayout layout = locate(translation);
    if (layout == null) {
      throw new QueueStartException(noRing());
    }
    DeviceQueue opened;
    try {
      opened = DeviceQueue.open(layout, translation, features, base, writes, inflight);
    } catch (BadInflightException e) {
      throw new QueueStartException(
          "%s: %s; stop the guest and start it again".formatted(name, e.getMessage()), e);
    }
    if (memoryMayVanish) {
      RawMemory.surfaceFault();
    }
    if (opened == null) {
      throw new QueueStartException(
          "%s: a ring of %d cannot go on at base 0x%x".formatted(name, size, base));
    }
    return opened;
  }

  /** The same ring, to go on where it stopped. */
  VringSetup at(QueueState state) {
    return changed(RingFormat.of(features).base(state), map, memoryMayVanish, kick, call, log);
  }

  /** The same ring in other memory. */
  VringSetup in(GuestMemoryMap memory, boolean mayVanish) {
    return changed(base, memory, mayVanish, kick, call, log);
  }

  /** The same ring, to log other things. */
  VringSetup logging(RingLog newLog, boolean mayVanish) {
    return changed(base, map, mayVanish, kick, call, newLog);
  }

  /** The same ring with other descriptors to wake and be woken by. */
  VringSetup with(int newKick, int newCall) {
    return changed(base, map, memoryMayVanish, newKick, newCall, log);
  }

  private VringSetup changed(
      int newBase,
      GuestMemoryMap memory,
      boolean mayVanish,
      int newKick,
      int newCall,
      RingLog newLog) {
    return new VringSetup(
        name,
        index,
        size,
        addresses,
        newBase,
        features,
        memory,
        mayVanish,
        newKick,
        newCall,
        newLog,
        inflight,
        coalescing);
  }

  /** The ring under a map; null if it is not in it in one piece, or misaligned. */
  @Nullable VringLayout locate(AddressTranslation translation) {
    return VringLayout.locate(translation, RingFormat.of(features), size, addresses);
  }

  /** That it is nowhere. */
  String noRing() {
    return "%s: no ring of %d at desc 0x%x, avail 0x%x, used 0x%x: misaligned or not in shared memory"
        .formatted(name, size, addresses.desc(), addresses.avail(), addresses.used());
  }
}
