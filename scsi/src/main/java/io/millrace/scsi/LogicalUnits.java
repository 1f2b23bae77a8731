package io.millrace.scsi;

import io.millrace.bdev.Bdev;
import java.util.HashMap;
import java.util.Map;

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

  /** None yet. */
  public LogicalUnits() {}

  /** The logical unit of a bdev, made if this is its first user; give it back. */
  public LogicalUnit take(Bdev bdev) {
    Entry entry = byBdev.computeIfAbsent(bdev, of -> new Entry(new LogicalUnit(of)));
    entry.users++;
    return entry.unit;
  }

  /** One user less; after the last one, nobody remembers its reservations and modes. */
  public void give(LogicalUnit unit) {
    Entry entry = byBdev.get(unit.bdev());
    if (entry != null && --entry.users == 0) {
      byBdev.remove(unit.bdev());
    }
  }
}
