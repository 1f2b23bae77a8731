package io.millrace.nvme;

import java.util.HashMap;
import java.util.Map;

/**
 * The status field of a completion without its phase tag (base specification 2.0 §3.3.3.2.1): code
 * (bits 0–7), code type (8–10), command retry delay (11–12), more (13), do not retry (14). An int
 * is the object; 0 is success.
 */
public final class NvmeStatus {
  /** Done. */
  public static final int SUCCESS = 0;

  // Generic command status.
  public static final int INVALID_OPCODE = 0x01;
  public static final int INVALID_FIELD = 0x02;
  public static final int DATA_TRANSFER_ERROR = 0x04;
  public static final int ABORTED_POWER_LOSS = 0x05;
  public static final int INTERNAL_ERROR = 0x06;
  public static final int ABORTED_BY_REQUEST = 0x07;
  public static final int ABORTED_SQ_DELETION = 0x08;
  public static final int ABORTED_FAILED_FUSED = 0x09;
  public static final int ABORTED_MISSING_FUSED = 0x0a;
  public static final int INVALID_NAMESPACE = 0x0b;
  public static final int SANITIZE_FAILED = 0x1c;
  public static final int SANITIZE_IN_PROGRESS = 0x1d;
  public static final int WRITE_PROTECTED = 0x20;
  public static final int COMMAND_INTERRUPTED = 0x21;
  public static final int TRANSIENT_TRANSPORT_ERROR = 0x22;
  public static final int LBA_OUT_OF_RANGE = 0x80;
  public static final int CAPACITY_EXCEEDED = 0x81;
  public static final int NAMESPACE_NOT_READY = 0x82;
  public static final int RESERVATION_CONFLICT = 0x83;
  public static final int FORMAT_IN_PROGRESS = 0x84;

  // Command specific status.
  public static final int ABORT_LIMIT_EXCEEDED = 0x103;
  public static final int ASYNC_EVENT_LIMIT_EXCEEDED = 0x105;

  // Media and data integrity errors.
  public static final int WRITE_FAULT = 0x280;
  public static final int UNRECOVERED_READ_ERROR = 0x281;
  public static final int GUARD_CHECK_ERROR = 0x282;
  public static final int COMPARE_FAILURE = 0x285;
  public static final int ACCESS_DENIED = 0x286;

  // Path related status.
  public static final int INTERNAL_PATH_ERROR = 0x300;

  private static final int CODE_MASK = 0x7ff; // code and code type
  private static final int TYPE_SHIFT = 8;
  private static final int TYPE_MASK = 7;
  private static final int DELAY_SHIFT = 11;
  private static final int DELAY_MASK = 3;

  /** Do not retry. */
  public static final int DNR = 1 << 14;

  private static final Map<Integer, String> NAMES = names();

  private NvmeStatus() {}

  /** Code and code type, without what says how to go on: one of the constants here. */
  public static int code(int status) {
    return status & CODE_MASK;
  }

  /** Status code type, 0 to 7. */
  public static int type(int status) {
    return status >>> TYPE_SHIFT & TYPE_MASK;
  }

  /** Command retry delay: 0 none, 1 to 3 which of the controller's three times. */
  public static int retryDelay(int status) {
    return status >>> DELAY_SHIFT & DELAY_MASK;
  }

  /** Whether the same command would fail again. */
  public static boolean doNotRetry(int status) {
    return (status & DNR) != 0;
  }

  /** Whether the command is worth another try, as far as its status says. */
  public static boolean isRetryable(int status) {
    if (doNotRetry(status)) {
      return false;
    }
    return switch (code(status)) {
      case SUCCESS,
          ABORTED_BY_REQUEST,
          ABORTED_FAILED_FUSED,
          ABORTED_MISSING_FUSED,
          INVALID_OPCODE,
          INVALID_FIELD,
          INVALID_NAMESPACE,
          LBA_OUT_OF_RANGE,
          CAPACITY_EXCEEDED,
          RESERVATION_CONFLICT,
          SANITIZE_FAILED,
          WRITE_PROTECTED,
          COMPARE_FAILURE,
          ACCESS_DENIED ->
          false;
      default -> type(status) != 1; // what is wrong with one command stays wrong
    };
  }

  /** Its name, numbers and what the controller says about another try, on one line. */
  public static String text(int status) {
    String name = NAMES.getOrDefault(code(status), "unknown status");
    String numbers = String.format(" (%02x/%02x)", type(status), status & 0xff);
    return name + numbers + (doNotRetry(status) ? ", not to be retried" : "");
  }

  private static Map<Integer, String> names() {
    Map<Integer, String> all = new HashMap<>(genericNames());
    all.putAll(otherNames());
    return Map.copyOf(all);
  }

  private static Map<Integer, String> genericNames() {
    return Map.ofEntries(
        Map.entry(SUCCESS, "success"),
        Map.entry(INVALID_OPCODE, "invalid opcode"),
        Map.entry(INVALID_FIELD, "invalid field"),
        Map.entry(0x03, "command id conflict"),
        Map.entry(DATA_TRANSFER_ERROR, "data transfer error"),
        Map.entry(ABORTED_POWER_LOSS, "aborted by power loss"),
        Map.entry(INTERNAL_ERROR, "internal error"),
        Map.entry(ABORTED_BY_REQUEST, "aborted by request"),
        Map.entry(ABORTED_SQ_DELETION, "aborted by submission queue deletion"),
        Map.entry(ABORTED_FAILED_FUSED, "aborted, other fused command failed"),
        Map.entry(ABORTED_MISSING_FUSED, "aborted, other fused command missing"),
        Map.entry(INVALID_NAMESPACE, "invalid namespace or format"),
        Map.entry(0x0c, "command sequence error"),
        Map.entry(0x0d, "invalid SGL segment descriptor"),
        Map.entry(0x0e, "invalid number of SGL descriptors"),
        Map.entry(0x0f, "data SGL length invalid"),
        Map.entry(0x10, "metadata SGL length invalid"),
        Map.entry(0x11, "SGL descriptor type invalid"),
        Map.entry(0x13, "invalid PRP offset"),
        Map.entry(0x15, "operation denied"),
        Map.entry(SANITIZE_FAILED, "sanitize failed"),
        Map.entry(SANITIZE_IN_PROGRESS, "sanitize in progress"),
        Map.entry(WRITE_PROTECTED, "namespace is write protected"),
        Map.entry(COMMAND_INTERRUPTED, "command interrupted"),
        Map.entry(TRANSIENT_TRANSPORT_ERROR, "transient transport error"),
        Map.entry(LBA_OUT_OF_RANGE, "LBA out of range"),
        Map.entry(CAPACITY_EXCEEDED, "capacity exceeded"),
        Map.entry(NAMESPACE_NOT_READY, "namespace not ready"),
        Map.entry(RESERVATION_CONFLICT, "reservation conflict"),
        Map.entry(FORMAT_IN_PROGRESS, "format in progress"));
  }

  private static Map<Integer, String> otherNames() {
    return Map.ofEntries(
        Map.entry(0x100, "completion queue invalid"),
        Map.entry(0x101, "invalid queue identifier"),
        Map.entry(0x102, "invalid queue size"),
        Map.entry(ABORT_LIMIT_EXCEEDED, "abort command limit exceeded"),
        Map.entry(ASYNC_EVENT_LIMIT_EXCEEDED, "asynchronous event request limit exceeded"),
        Map.entry(0x106, "invalid firmware slot"),
        Map.entry(0x107, "invalid firmware image"),
        Map.entry(0x108, "invalid interrupt vector"),
        Map.entry(0x109, "invalid log page"),
        Map.entry(0x10a, "invalid format"),
        Map.entry(0x10b, "firmware activation requires a reset"),
        Map.entry(0x10d, "feature cannot be saved"),
        Map.entry(0x10e, "feature cannot be changed"),
        Map.entry(0x180, "conflicting attributes"),
        Map.entry(0x181, "invalid protection information"),
        Map.entry(0x182, "write to a read-only range"),
        Map.entry(0x1b8, "zone boundary error"),
        Map.entry(0x1b9, "zone is full"),
        Map.entry(0x1ba, "zone is read-only"),
        Map.entry(0x1bb, "zone is offline"),
        Map.entry(0x1bc, "invalid write to a zone"),
        Map.entry(0x1bd, "too many active zones"),
        Map.entry(0x1be, "too many open zones"),
        Map.entry(0x1bf, "invalid zone state transition"),
        Map.entry(WRITE_FAULT, "write fault"),
        Map.entry(UNRECOVERED_READ_ERROR, "unrecovered read error"),
        Map.entry(GUARD_CHECK_ERROR, "guard check error"),
        Map.entry(0x283, "application tag check error"),
        Map.entry(0x284, "reference tag check error"),
        Map.entry(COMPARE_FAILURE, "compare failure"),
        Map.entry(ACCESS_DENIED, "access denied"),
        Map.entry(0x287, "deallocated or unwritten block"),
        Map.entry(INTERNAL_PATH_ERROR, "internal path error"),
        Map.entry(0x301, "asymmetric access: persistent loss"),
        Map.entry(0x302, "asymmetric access: inaccessible"),
        Map.entry(0x303, "asymmetric access: transition"),
        Map.entry(0x360, "controller pathing error"),
        Map.entry(0x370, "host pathing error"),
        Map.entry(0x371, "command aborted by host"));
  }
}
