package io.millrace.scsi;

/**
 * The TransportID of an initiator port (SPC-5 §7.6.4.5): of SAS, whose address is made of the
 * initiator's name.
 */
final class TransportId {
  static final int BYTES = 24;

  private static final int SAS = 0x06; // format code 00b and the protocol identifier
  private static final int ADDRESS_AT = 4;

  private TransportId() {}

  static void put(Answer answer, long initiator) {
    answer.put8(SAS).put24(0).put64(initiator);
    answer.zeroes(BYTES - ADDRESS_AT - 8);
  }

  /** Whether it is one that an initiator here can have. */
  static boolean isKnown(byte[] bytes, int at) {
    return bytes[at] == SAS;
  }

  /** The address in it. */
  static long address(byte[] bytes, int at) {
    return BigEndian.get64(bytes, at + ADDRESS_AT);
  }
}
