package io.millrace.scsi;

import java.util.Arrays;

/**
 * Sense data of one task, in fixed or descriptor format (SPC-5 §4.4.2, §4.4.3). Filled once,
 * encoded when the command ends.
 */
final class SenseData {
  /** Bytes that either format takes at most: header, information and sense key specific. */
  static final int MAX_BYTES = 32;

  private static final int FIXED_BYTES = 18;
  private static final int FIXED = 0x70; // response codes, of current errors
  private static final int DESCRIPTOR = 0x72;
  private static final int FIXED_VALID = 0x80;
  private static final int DESCRIPTOR_INFORMATION = 0x00;
  private static final int INFORMATION_VALID = 0x80;
  private static final int DESCRIPTOR_SENSE_KEY_SPECIFIC = 0x02;
  private static final int SKSV = 0x80;
  private static final int IN_CDB = 0x40;
  private static final int BIT_POINTER_VALID = 0x08;

  private SenseKey key = SenseKey.NO_SENSE;
  private int code;
  private boolean hasInformation;
  private long information;
  private int specific; // the 24 bits of the sense key specific field; 0 for none

  void begin(SenseKey senseKey, int additional) {
    key = senseKey;
    code = additional;
    hasInformation = false;
    specific = 0;
  }

  void begin(Sense reason) {
    begin(reason.key, reason.code);
  }

  /** Where on the medium, or what else the command defines. */
  void information(long value) {
    hasInformation = true;
    information = value;
  }

  /**
   * Which field is wrong (SPC-5 §4.4.2.4.2).
   *
   * @param inCdb or else in the parameter list
   * @param at its byte
   * @param bit its highest bit, or -1 when it is whole bytes
   */
  void field(boolean inCdb, int at, int bit) {
    int flags = SKSV | (inCdb ? IN_CDB : 0) | (bit >= 0 ? BIT_POINTER_VALID | bit : 0);
    specific = (flags << 16) | (at & 0xffff);
  }

  /**
   * Encodes it.
   *
   * @param into at least {@link #MAX_BYTES}
   * @return bytes that it takes
   */
  int encode(boolean descriptors, byte[] into) {
    Arrays.fill(into, 0, MAX_BYTES, (byte) 0);
    return descriptors ? encodeDescriptors(into) : encodeFixed(into);
  }

  private int encodeFixed(byte[] into) {
    // INFORMATION of this format has 32 bits: a larger value is left out.
    boolean valid = hasInformation && information >>> 32 == 0;
    into[0] = (byte) (FIXED | (valid ? FIXED_VALID : 0));
    into[2] = (byte) key.code;
    if (valid) {
      BigEndian.put32(into, 3, information);
    }
    into[7] = FIXED_BYTES - 8;
    BigEndian.put16(into, 12, code);
    putSpecific(into, 15);
    return FIXED_BYTES;
  }

  private int encodeDescriptors(byte[] into) {
    into[0] = DESCRIPTOR;
    into[1] = (byte) key.code;
    BigEndian.put16(into, 2, code);
    int at = 8;
    if (hasInformation) {
      into[at] = DESCRIPTOR_INFORMATION;
      into[at + 1] = 10;
      into[at + 2] = (byte) INFORMATION_VALID;
      BigEndian.put64(into, at + 4, information);
      at += 12;
    }
    if (specific != 0) {
      into[at] = DESCRIPTOR_SENSE_KEY_SPECIFIC;
      into[at + 1] = 6;
      putSpecific(into, at + 4);
      at += 8;
    }
    into[7] = (byte) (at - 8);
    return at;
  }

  private void putSpecific(byte[] into, int at) {
    into[at] = (byte) (specific >>> 16);
    BigEndian.put16(into, at + 1, specific);
  }
}
