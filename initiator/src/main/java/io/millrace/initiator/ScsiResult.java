package io.millrace.initiator;

/** How a command ended. Immutable but for its arrays, which are the caller's. */
public final class ScsiResult {
  private final int response;
  private final int status;
  private final byte[] sense;
  private final byte[] data;
  private final int residual;

  ScsiResult(int response, int status, byte[] sense, byte[] data, int residual) {
    this.response = response;
    this.status = status;
    this.sense = sense;
    this.data = data;
    this.residual = residual;
  }

  /** One of {@link VirtioScsi}. */
  public int response() {
    return response;
  }

  /** Of SCSI; means something if the response is OK. */
  public int status() {
    return status;
  }

  /** Sense data, empty for none. */
  public byte[] sense() {
    return sense;
  }

  /** What the device stored. */
  public byte[] data() {
    return data;
  }

  /** Bytes of the buffer that were not moved. */
  public int residual() {
    return residual;
  }

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
