package io.millrace.scsi;

/**
 * A port that initiators reach a target by (SAM-6 §4.6). The same bdev behind two of them is one
 * logical unit with two paths.
 *
 * @param name what the operator calls it, the same after a restart
 * @param relativeId 1 to 65535, unique in the process (SPC-5 §7.7.6.7)
 */
public record TargetPort(String name, int relativeId) {
  /** NAA locally assigned designator (SPC-5 §7.7.6.6.4), made of the name. */
  long naa() {
    return StableNames.naa("port:" + name);
  }
}
