package io.millrace.scsi;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The logical units of the process, by bdev. Control thread. */
public final class LogicalUnits {
  private static final class Entry {
    final LogicalUnit unit;
    int users;

    Entry(LogicalUnit unit) {
      this.unit = unit;
    }
  }

  private final Map<Bdev, Entry> byBdev = new HashMap<>();
  private final @Nullable ReservationStore store;

  /** No reservation outlives the process. */
  public LogicalUnits() {
    store = null;
  }

  /**
   * Reservations outlive the process when initiators ask for it (APTPL).
   *
   * @param store stays the caller's
   */
  public LogicalUnits(ReservationStore store) {
    this.store = store;
  }

  /**
   * The logical unit of a bdev, made if this is its first user; give it back.
   *
   * @throws BdevException what is stored of its reservations cannot be believed; the message is one
   *     line. It is not served without them: initiators trust them to keep others out
   */
  public LogicalUnit take(Bdev bdev) throws BdevException {
    Entry entry = byBdev.get(bdev);
    if (entry == null) {
      entry = new Entry(new LogicalUnit(bdev, store));
      byBdev.put(bdev, entry);
    }
    entry.users++;
    return entry.unit;
  }

  /** One user less; after the last one, nobody remembers its modes, nor what is not stored. */
  public void give(LogicalUnit unit) {
    Entry entry = byBdev.get(unit.bdev());
    if (entry != null && --entry.users == 0) {
      byBdev.remove(unit.bdev());
    }
  }
}
