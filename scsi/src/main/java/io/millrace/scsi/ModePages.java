package io.millrace.scsi;

/**
 * What initiators may change of a logical unit by MODE SELECT, for all of them. Any thread may
 * read; one command at a time changes it.
 */
final class ModePages {
  private final boolean hasCache;
  private volatile boolean writeCache;
  private volatile boolean descriptorSense;

  /** As it is after a power on. */
  ModePages(boolean hasCache) {
    this.hasCache = hasCache;
    writeCache = hasCache;
  }

  /** As after a power on: nothing is saved (SPC-5 §6.14). */
  void reset() {
    writeCache = hasCache;
    descriptorSense = false;
  }

  /** WCE: a write may be done before it is durable. */
  boolean writeCache() {
    return writeCache;
  }

  void writeCache(boolean on) {
    writeCache = on;
  }

  /** D_SENSE: sense data comes as descriptors. */
  boolean hasDescriptorSense() {
    return descriptorSense;
  }

  void descriptorSense(boolean on) {
    descriptorSense = on;
  }
}
