package io.millrace.scsi;

import java.util.concurrent.atomic.AtomicReference;

/**
 * What initiators have changed of a logical unit by MODE SELECT, for all of them. Any thread: what
 * is in force is one immutable snapshot.
 */
final class ModePages {
  private final Modes initial;
  private final AtomicReference<Modes> current;

  /** As it is after a power on. */
  ModePages(boolean hasCache) {
    initial = new Modes(hasCache, false, false, Modes.REPORT_ON_REQUEST);
    current = new AtomicReference<>(initial);
  }

  /** The default values. */
  Modes initial() {
    return initial;
  }

  /** The current values. */
  Modes current() {
    return current.get();
  }

  /** WCE: a write may be done before it is durable. */
  boolean writeCache() {
    return current.get().writeCache();
  }

  /** D_SENSE: sense data comes as descriptors. */
  boolean hasDescriptorSense() {
    return current.get().descriptorSense();
  }

  /** SWP: nobody may write. */
  boolean writeProtect() {
    return current.get().writeProtect();
  }

  /** Has others in force, if those that were looked at still are. */
  boolean change(Modes from, Modes to) {
    return current.compareAndSet(from, to);
  }

  /** A cache that could not be emptied is still in use. */
  void writeCacheStays() {
    current.updateAndGet(modes -> modes.withWriteCache(true));
  }

  /** A reset: the default values, as none are saved (SPC-5 §5.11.3). */
  void reset() {
    current.set(initial);
  }
}
