package io.millrace.nvme;

/** How a command of the control plane ended. */
public final class NvmeResult {
  private final int status;
  private final long result;
  private final byte[] data;

  /** Takes the data over. */
  NvmeResult(int status, long result, byte[] data) {
    this.status = status;
    this.result = result;
    this.data = data;
  }

  /** Whether it succeeded. */
  public boolean succeeded() {
    return status == NvmeStatus.SUCCESS;
  }

  /** Its status, as {@link NvmeStatus} has it. */
  public int status() {
    return status;
  }

  /** Dwords 0 (low) and 1 of the completion. */
  public long result() {
    return result;
  }

  /** What the controller sent, as long as was asked for, the receiver's; zeroes after an error. */
  public byte[] data() {
    return data;
  }

  @Override
  public String toString() {
    return NvmeStatus.text(status);
  }
}
