package io.millrace.vhost.user.server;

import io.millrace.linux.FileDescriptor;
import io.millrace.live.migration.DirtyLog;
import io.millrace.vhost.user.LogArea;
import io.millrace.virtqueue.GuestMemoryMap;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * The dirty log that a front-end shared, and whether it wants it written (F_LOG_ALL): "Migration"
 * in vhost-user.rst. Control thread.
 */
final class SessionLog implements AutoCloseable {
  /** A log in its file. */
  private record Area(SharedFile file, DirtyLog log) {}

  private @Nullable Area area;
  private boolean all;
  private final BitSet rings = new BitSet(); // whose own stores are logged, by index

  /**
   * Takes another log in place of the one there was (SET_LOG_BASE).
   *
   * @param memory what it has to be large enough for
   * @param file belongs to this from now on
   * @return unmaps the one there was; to be called when no ring uses it any more
   */
  Runnable replace(LogArea where, FileDescriptor file, GuestMemoryMap memory)
      throws SessionException {
    String what = "the dirty log of %d bytes at %d".formatted(where.size(), where.offset());
    SharedFile shared = SharedFile.mapWords(what, where.offset(), where.size(), file);
    DirtyLog log = new DirtyLog(shared.address(), where.size());
    try {
      refuseTooSmall(log, memory);
    } catch (SessionException e) {
      shared.close();
      throw e;
    }
    Area old = area;
    area = new Area(shared, log);
    return () -> {
      if (old != null) {
        old.file.close();
      }
    };
  }

  private static void refuseTooSmall(DirtyLog log, GuestMemoryMap memory) throws SessionException {
    if (!log.reaches(memory.end())) {
      throw new SessionException(
          "the dirty log is too small: guest memory ends at 0x%x".formatted(memory.end()));
    }
  }

  /** Refuses memory that the log has no bits for, as long as it is written. */
  void refuseBeyond(GuestMemoryMap memory) throws SessionException {
    Area now = area;
    if (now != null && (all || !rings.isEmpty())) {
      refuseTooSmall(now.log, memory);
    }
  }

  /**
   * F_LOG_ALL was acknowledged, or is not any more.
   *
   * @param running whether some ring runs, and so cannot wait for a log
   * @param memory what the log has to be large enough for
   */
  void all(boolean on, boolean running, GuestMemoryMap memory) throws SessionException {
    refuseUnloggable(on, running, memory);
    all = on;
  }

  boolean all() {
    return all;
  }

  /** As {@link #all(boolean, boolean, GuestMemoryMap)}, the flag of one ring. */
  void ring(int index, boolean on, boolean running, GuestMemoryMap memory) throws SessionException {
    refuseUnloggable(on, running, memory);
    rings.set(index, on);
  }

  private void refuseUnloggable(boolean on, boolean running, GuestMemoryMap memory)
      throws SessionException {
    Area now = area;
    if (on && now != null) {
      refuseTooSmall(now.log, memory);
    } else if (on && running) {
      throw new SessionException("dirty pages are to be logged, and no log was given");
    }
  }

  /** What a ring is to log. */
  RingLog of(int ring) {
    Area now = area;
    return now == null
        ? RingLog.OFF
        : new RingLog(all ? now.log : null, rings.get(ring) ? now.log : null);
  }

  /** Whether a ring is to log, and may not store anything before there is something to log to. */
  boolean keepsWaiting(int ring) {
    return area == null && (all || rings.get(ring));
  }

  /** Whether touching it can fault. */
  boolean mayVanish() {
    Area now = area;
    return now != null && now.file.mayVanish();
  }

  /** Why touching it faults; null if it does not. */
  @Nullable String fault() {
    Area now = area;
    return now == null ? null : now.file.fault();
  }

  /** Unmaps it; no ring uses it any more. */
  @Override
  public void close() {
    Area now = area;
    area = null;
    if (now != null) {
      now.file.close();
    }
  }
}
