package io.millrace.scsi;

/**
 * What initiators may change of a logical unit, at one moment.
 *
 * @param writeCache WCE: a write may be done before it is durable
 * @param descriptorSense D_SENSE: sense data comes as descriptors
 * @param writeProtect SWP: nobody may write
 * @param reporting MRIE: how failures that are to be expected would be told (SPC-5 table 459);
 *     kept, as none is ever known
 */
record Modes(boolean writeCache, boolean descriptorSense, boolean writeProtect, int reporting) {
  /** Report informational exceptions on request only. */
  static final int REPORT_ON_REQUEST = 6;

  Modes withWriteCache(boolean on) {
    return new Modes(on, descriptorSense, writeProtect, reporting);
  }

  Modes withControl(boolean descriptors, boolean protect) {
    return new Modes(writeCache, descriptors, protect, reporting);
  }

  Modes withReporting(int method) {
    return new Modes(writeCache, descriptorSense, writeProtect, method);
  }
}
