package io.millrace.nvme.model;

/**
 * Completion status (base specification 2.0 §3.3.3.2.1) without the phase bit: status code (bits
 * 0–7), its type (8–10), retry delay (11–12), more (13), do not retry (14).
 */
public final class Status {
  public static final int SUCCESS = 0;

  public static final int DO_NOT_RETRY = 1 << 14;
  public static final int MORE = 1 << 13;

  /** Bits of {@link #DO_NOT_RETRY}, {@link #MORE} and the retry delay. */
  public static final int FLAGS = 0x7800;

  public static final int INVALID_OPCODE = 0x001;
  public static final int INVALID_FIELD = 0x002;
  public static final int COMMAND_ID_CONFLICT = 0x003;
  public static final int DATA_TRANSFER_ERROR = 0x004;
  public static final int INTERNAL_ERROR = 0x006;
  public static final int ABORT_REQUESTED = 0x007;
  public static final int ABORTED_SQ_DELETION = 0x008;
  public static final int INVALID_NAMESPACE = 0x00b;
  public static final int COMMAND_SEQUENCE_ERROR = 0x00c;
  public static final int INVALID_SGL_SEGMENT_DESCRIPTOR = 0x00d;
  public static final int INVALID_NUMBER_OF_SGL_DESCRIPTORS = 0x00e;
  public static final int DATA_SGL_LENGTH_INVALID = 0x00f;
  public static final int SGL_DESCRIPTOR_TYPE_INVALID = 0x011;
  public static final int INVALID_PRP_OFFSET = 0x013;
  public static final int SGL_DATA_BLOCK_GRANULARITY_INVALID = 0x01e;
  public static final int NAMESPACE_WRITE_PROTECTED = 0x020;
  public static final int COMMAND_INTERRUPTED = 0x021;
  public static final int LBA_OUT_OF_RANGE = 0x080;
  public static final int NAMESPACE_NOT_READY = 0x082;
  public static final int COMPLETION_QUEUE_INVALID = 0x100;
  public static final int INVALID_QUEUE_ID = 0x101;
  public static final int INVALID_QUEUE_SIZE = 0x102;
  public static final int ASYNC_EVENT_LIMIT_EXCEEDED = 0x105;
  public static final int INVALID_INTERRUPT_VECTOR = 0x108;
  public static final int INVALID_LOG_PAGE = 0x109;
  public static final int INVALID_QUEUE_DELETION = 0x10c;
  public static final int FEATURE_NOT_SAVEABLE = 0x10d;
  public static final int FEATURE_NOT_CHANGEABLE = 0x10e;
  public static final int COMMAND_SIZE_LIMIT_EXCEEDED = 0x183;
  public static final int WRITE_FAULT = 0x280;
  public static final int UNRECOVERED_READ_ERROR = 0x281;
  public static final int COMPARE_FAILURE = 0x285;

  private Status() {}

  /** The code and its type, without flags. */
  public static int code(int status) {
    return status & ~FLAGS;
  }

  /** {@code status} with a retry delay: which of the three times of Identify Controller. */
  public static int withRetryDelay(int status, int which) {
    return status | which << 11;
  }
}
