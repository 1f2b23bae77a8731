package io.millrace.scsi;

/** What initiators have named a logical unit, as long as it is there. Any thread. */
final class IdentifyingTexts {
  private static final byte[] NONE = new byte[0];

  private volatile byte[] information = NONE;
  private volatile byte[] text = NONE;

  /** Of any bytes, or else UTF-8. Not to be changed. */
  byte[] get(boolean isText) {
    return isText ? text : information;
  }

  void set(boolean isText, byte[] bytes) {
    if (isText) {
      text = bytes;
    } else {
      information = bytes;
    }
  }
}
