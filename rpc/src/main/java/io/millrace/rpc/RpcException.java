package io.millrace.rpc;

import io.millrace.linux.Errno;
import org.jspecify.annotations.Nullable;

/**
 * A call failed: the {@code error} object of JSON-RPC 2.0 §5.1.
 *
 * <p>Code and message are SPDK's, which clients compare; what exactly was wrong and what to do
 * stands in the detail, sent as {@code data}.
 */
public final class RpcException extends Exception {
  /** The text is not JSON; the connection is closed after it. */
  public static final int PARSE_ERROR = -32700;

  /** JSON, but not a request. */
  public static final int INVALID_REQUEST = -32600;

  /** No such method. */
  public static final int METHOD_NOT_FOUND = -32601;

  /** Wrong parameters. */
  public static final int INVALID_PARAMS = -32602;

  /** A defect of the server; also what SPDK's bdev modules answer to wrong parameters. */
  public static final int INTERNAL_ERROR = -32603;

  /** The method exists, but not in the server's present state (SPDK's own code). */
  public static final int INVALID_STATE = -1;

  private static final long serialVersionUID = 1;

  private final int code;
  private final String error;
  private final @Nullable String detail;

  /**
   * An error with a detail for people.
   *
   * @param code a code above, or a negative errno
   * @param error what clients compare, e.g. "No such device"
   * @param detail one line that says where, what and what to do; null if the error says it all
   */
  public RpcException(int code, String error, @Nullable String detail) {
    super(detail == null ? error : error + ": " + detail);
    this.code = code;
    this.error = error;
    this.detail = detail;
  }

  /** An error whose message says everything. */
  public RpcException(int code, String error) {
    this(code, error, null);
  }

  /** The negative errno with strerror's text, as SPDK's bdev methods answer. */
  public static RpcException of(Errno errno, @Nullable String detail) {
    return new RpcException(-errno.number(), errno.describe(), detail);
  }

  /** Wrong parameters, with strerror's text, as SPDK's vhost methods answer any errno. */
  public static RpcException invalidParams(Errno errno, @Nullable String detail) {
    return new RpcException(INVALID_PARAMS, errno.describe(), detail);
  }

  /** The error code: JSON-RPC's own, -1, or a negative errno. */
  public int code() {
    return code;
  }

  /** The message member, without the detail. */
  public String error() {
    return error;
  }

  /** The data member; null when there is none. */
  public @Nullable String detail() {
    return detail;
  }
}
