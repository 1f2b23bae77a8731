package io.millrace.initiator;

/**
 * How a command ended.
 *
 * @param response of {@link VirtioScsi}
 * @param status of SCSI
 * @param sense sense data, empty for none
 * @param data what the device stored
 * @param residual bytes of the buffer that were not moved
 */
public record ScsiResult(int response, int status, byte[] sense, byte[] data, int residual) {
  /** Whether it was done. */
  public boolean isGood() {
    return response == VirtioScsi.S_OK && status == 0;
  }

  /** Sense key, ASC and ASCQ as {@code 5/24/00}; empty without sense data. */
  public String condition() {
    if (sense.length < 8) {
      return "";
    }
    boolean fixed = (sense[0] & 0x7e) == 0x70;
    int at = fixed ? 12 : 2;
    return "%x/%02x/%02x".formatted(sense[fixed ? 2 : 1] & 0xf, sense[at], sense[at + 1]);
  }
}
