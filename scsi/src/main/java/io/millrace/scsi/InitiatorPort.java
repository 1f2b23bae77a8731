package io.millrace.scsi;

/**
 * Who sends commands (SAM-6 §4.5).
 *
 * @param name the same when the initiator comes back, after a restart of the target too: persistent
 *     reservations know it by that
 */
public record InitiatorPort(String name) {
  /** The SAS address of its TransportID (SPC-5 §7.6.4.5): locally assigned, made of the name. */
  public long address() {
    return StableNames.naa("initiator:" + name);
  }
}
