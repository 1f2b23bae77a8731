package io.millrace.initiator;

/** How a command ended. Immutable but for its arrays, which are the caller's. */
public final class ScsiResult {
  private final int response;
  private final int status;
  private final byte[] sense;
  private final int condition;
  private final byte[] data;
  private final int residual;

  ScsiResult(int response, int status, byte[] sense, int condition, byte[] data, int residual) {
    this.response = response;
    this.status = status;
    this.sense = sense;
    this.condition = condition;
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

  /** Whether the unit had something to tell first (UNIT ATTENTION) and did nothing. */
  public boolean isAttention() {
    return response == VirtioScsi.S_OK
        && status == VirtioScsi.CHECK_CONDITION
        && ScsiCondition.key(condition) == ScsiCondition.KEY_UNIT_ATTENTION;
  }

  /** What its sense data says: a {@link ScsiCondition}. */
  public int code() {
    return condition;
  }

  /** Sense key, ASC and ASCQ as {@code 5/24/00}; empty without sense data. */
  public String condition() {
    return ScsiCondition.describe(condition);
  }
}
