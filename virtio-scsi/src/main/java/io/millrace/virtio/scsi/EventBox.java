package io.millrace.virtio.scsi;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Events of one session on their way to its driver. Filled by the control thread, emptied by the
 * reactor of the event queue; what a driver does not take in time is lost, and it is told that some
 * were.
 */
final class EventBox {
  /** Events that are kept: as many as a driver gives buffers, and some more. */
  static final int MOST = 64;

  private final Deque<ScsiEvent> waiting = new ArrayDeque<>(); // guarded by this
  private boolean missed; // guarded by this
  private @Nullable Runnable listener; // guarded by this
  private volatile boolean any;

  /** An event for the driver. */
  synchronized void add(ScsiEvent event) {
    if (waiting.size() == MOST) {
      missed = true;
    } else {
      waiting.add(event);
    }
    any = true;
    Runnable told = listener;
    if (told != null) {
      told.run();
    }
  }

  /** Whether there is something to tell. */
  boolean any() {
    return any;
  }

  /** The oldest event; {@link ScsiEvent#NOTHING} when there is none. */
  synchronized ScsiEvent take() {
    ScsiEvent next = waiting.poll();
    ScsiEvent event = next == null ? new ScsiEvent(ScsiEvent.NOTHING, 0, 0) : next;
    boolean lost = missed && waiting.isEmpty(); // those after the last one that was kept
    if (lost) {
      missed = false;
      event = new ScsiEvent(event.event() | ScsiEvent.MISSED, event.lun(), event.reason());
    }
    any = !waiting.isEmpty() || missed;
    return event;
  }

  /** Who is told that there is something, from now on; null for nobody. */
  synchronized void listener(@Nullable Runnable to) {
    listener = to;
    if (to != null && any) {
      to.run();
    }
  }
}
