package io.millrace.vhost.user.server;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.RawMemory;
import io.millrace.live.migration.InflightRegion;
import io.millrace.vhost.user.InflightArea;
import io.millrace.virtqueue.InflightPlace;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VringLayout;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The region that remembers what is in flight on the rings of a session ("Inflight I/O tracking" in
 * vhost-user.rst). The front-end keeps it: it asks for one, and gives it to this back-end or to the
 * next one. Control thread.
 */
final class SessionInflight implements AutoCloseable {
  /** A new region. */
  record Made(InflightArea area, FileDescriptor file) {}

  private final int mostQueues;
  private @Nullable SharedFile file;
  private InflightArea area = new InflightArea(0, 0, 0, 0);
  private RingFormat format = RingFormat.SPLIT;

  /**
   * No region yet.
   *
   * @param mostQueues that the device has
   */
  SessionInflight(int mostQueues) {
    this.mostQueues = mostQueues;
  }

  /**
   * Makes a region for the front-end (GET_INFLIGHT_FD): zeroes, which is a region that was not of
   * use yet. Nothing of it is kept here. It has room for either format: QEMU 7.2's SCSI controller
   * asks for it, and gives it, before it says which one its guest wants.
   *
   * @param asked how many queues of which size
   * @return its descriptor is the caller's
   */
  Made create(InflightArea asked, RingFormat format) throws SessionException {
    refuseGeometry("GET_INFLIGHT_FD asks for", asked, format);
    long bytes = queuesBytes(asked, RingFormat.PACKED) + InflightRegion.NOTE_BYTES; // the larger
    try {
      int seals = MemoryFile.F_SEAL_SHRINK | MemoryFile.F_SEAL_GROW;
      FileDescriptor made = MemoryFile.createSealed("millrace-inflight", bytes, seals);
      return new Made(new InflightArea(bytes, 0, asked.queueCount(), asked.queueSize()), made);
    } catch (LinuxException e) {
      throw new SessionException("no in-flight region can be made: " + e.getMessage());
    }
  }

  private void refuseGeometry(String what, InflightArea asked, RingFormat format)
      throws SessionException {
    boolean can =
        asked.queueCount() > 0
            && asked.queueCount() <= mostQueues
            && format.isValidSize(asked.queueSize());
    if (!can) {
      throw new SessionException(
          "%s an in-flight region of %d queues of %d; the device has up to %d queues of up to %d"
              .formatted(
                  what, asked.queueCount(), asked.queueSize(), mostQueues, VringLayout.MAX_SIZE));
    }
  }

  /**
   * Takes a region in place of the one there was (SET_INFLIGHT_FD); no ring runs.
   *
   * @param descriptor belongs to this from now on
   */
  void replace(InflightArea given, FileDescriptor descriptor, RingFormat rings)
      throws SessionException {
    String what =
        "the in-flight region of %d bytes at %d".formatted(given.mmapSize(), given.mmapOffset());
    try {
      refuseGeometry("SET_INFLIGHT_FD gives", given, rings);
      long needed = queuesBytes(given, rings);
      if (given.mmapSize() < needed) {
        throw new SessionException(
            "%s is too small: %d queues of %d need %d bytes"
                .formatted(what, given.queueCount(), given.queueSize(), needed));
      }
    } catch (SessionException e) {
      descriptor.close();
      throw e;
    }
    SharedFile mapped = SharedFile.mapWords(what, given.mmapOffset(), given.mmapSize(), descriptor);
    close();
    file = mapped;
    area = given;
    format = rings;
  }

  /**
   * Where a ring is to keep what it has in flight.
   *
   * @throws SessionException the region is for other queues
   */
  InflightPlace of(Vring ring, RingFormat wanted) throws SessionException {
    SharedFile mapped = file;
    if (mapped == null) {
      return InflightPlace.NONE;
    }
    if (wanted != format && queuesBytes(area, wanted) <= area.mmapSize()) {
      becomeIfFresh(wanted);
    }
    if (wanted != format) {
      throw new SessionException(
          "queue %d is %s, and the in-flight region was given for queues that are %s"
              .formatted(ring.index, wanted, format));
    }
    if (ring.index >= area.queueCount() || ring.size != area.queueSize()) {
      throw new SessionException(
          "queue %d of %d descriptors has no place in the in-flight region, which is for %d queues of %d"
              .formatted(ring.index, ring.size, area.queueCount(), area.queueSize()));
    }
    return place(mapped, ring.index);
  }

  /** A region that is not of use yet may be of the other format after all. */
  private void becomeIfFresh(RingFormat wanted) throws SessionException {
    touch(mapped -> {
      boolean fresh = true;
      for (int i = 0; i < area.queueCount(); i++) {
        fresh &= InflightRegion.isFresh(place(mapped, i).address());
      }
      if (fresh) {
        format = wanted;
        RawMemory.fill(mapped.address(), queuesBytes(area, wanted), (byte) 0);
      }
    });
  }

  /** Whether there is a region. */
  boolean isGiven() {
    return file != null;
  }

  /** The device is reset: nothing is in flight any more. No ring runs. */
  void forget() throws SessionException {
    touch(mapped -> {
      for (int i = 0; i < area.queueCount(); i++) {
        InflightRegion.forget(place(mapped, i).address());
      }
    });
  }

  /** Notes what the driver chose for the next back-end, if the region has room for that. */
  void note(DeviceSession device) throws SessionException {
    touch(mapped -> {
      if (hasNote()) {
        InflightRegion.note(noteAt(mapped), device.choices());
      }
    });
  }

  /** Tells the device what a back-end before this one noted of its driver. */
  void restore(DeviceSession device) throws SessionException {
    touch(mapped -> {
      int noted = hasNote() ? InflightRegion.noted(noteAt(mapped)) : 0;
      if (noted != 0) {
        device.restore(noted);
      }
    });
  }

  private boolean hasNote() {
    return noteOffset() >= queuesBytes(area, format);
  }

  private long noteAt(SharedFile mapped) {
    return mapped.address() + noteOffset();
  }

  /** At the region's end, whichever format it is of. */
  private long noteOffset() {
    return (area.mmapSize() - InflightRegion.NOTE_BYTES) & -InflightRegion.NOTE_BYTES;
  }

  private static long queuesBytes(InflightArea of, RingFormat format) {
    return InflightRegion.bytes(format == RingFormat.PACKED, of.queueCount(), of.queueSize());
  }

  /** Touches the region, if there is one, on the control thread. */
  private void touch(Consumer<SharedFile> access) throws SessionException {
    SharedFile mapped = file;
    if (mapped == null) {
      return;
    }
    try {
      access.accept(mapped);
      RawMemory.surfaceFault();
    } catch (InternalError e) {
      throw new SessionException("the in-flight region is gone; its file was truncated", e);
    }
  }

  private InflightPlace place(SharedFile mapped, int queue) {
    long bytes = InflightRegion.queueBytes(format == RingFormat.PACKED, area.queueSize());
    return new InflightPlace(mapped.address() + queue * bytes);
  }

  /** Whether touching it can fault. */
  boolean mayVanish() {
    SharedFile mapped = file;
    return mapped != null && mapped.mayVanish();
  }

  /** Why touching it faults; null if it does not. */
  @Nullable String fault() {
    SharedFile mapped = file;
    return mapped == null ? null : mapped.fault();
  }

  /** Unmaps it; no ring uses it any more. */
  @Override
  public void close() {
    SharedFile mapped = file;
    file = null;
    if (mapped != null) {
      mapped.close();
    }
  }
}
