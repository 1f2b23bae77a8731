package io.millrace.scsi;

/**
 * An I_T nexus as persistent reservations know it (SPC-5 §5.13.1): the same when the initiator
 * comes back, after a restart too.
 *
 * @param initiator its SAS address, which is made of the initiator's name
 * @param targetPort the name of the target port
 */
record NexusName(long initiator, String targetPort) {
  static NexusName of(Nexus nexus) {
    return new NexusName(nexus.initiator().address(), nexus.target().port().name());
  }
}
