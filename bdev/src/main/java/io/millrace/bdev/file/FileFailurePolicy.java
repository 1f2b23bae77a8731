package io.millrace.bdev.file;

import java.util.Locale;

/**
 * What a file bdev does when its storage fails or hangs.
 *
 * @param onError what becomes of a request that failed
 * @param timeoutSeconds how long the storage may take for a request before it is cancelled; 0 for
 *     ever
 */
public record FileFailurePolicy(OnError onError, int timeoutSeconds) {
  /** Longest timeout, in seconds: a day. */
  public static final int MAX_TIMEOUT_SECONDS = 86_400;

  /** Every failure is the guest's, and a request takes as long as it takes. */
  public static final FileFailurePolicy NONE = new FileFailurePolicy(OnError.REPORT, 0);

  /** What becomes of a request that the storage failed. */
  public enum OnError {
    /** It completes with the error. */
    REPORT,
    /**
     * It is held and tried again until it succeeds; its user waits meanwhile. A failed flush is
     * reported all the same, for data may be lost by then.
     */
    RETRY;

    /** As options and JSON-RPC have it: {@code report}, {@code retry}. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Refuses a timeout that is none. */
  public FileFailurePolicy {
    if (timeoutSeconds < 0 || timeoutSeconds > MAX_TIMEOUT_SECONDS) {
      throw new IllegalArgumentException(
          "a timeout of " + timeoutSeconds + " s is not from 0 to " + MAX_TIMEOUT_SECONDS);
    }
  }
}
