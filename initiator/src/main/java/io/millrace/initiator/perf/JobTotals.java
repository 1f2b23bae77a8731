package io.millrace.initiator.perf;

import org.jspecify.annotations.Nullable;

/**
 * What a job did beside its requests.
 *
 * @param runtimeNanos measured
 * @param before what its thread had used when that began
 * @param after and when it ended
 * @param verify what it proved; null for nothing
 * @param error errno, 0 for none
 * @param message one line about it
 */
record JobTotals(
    long runtimeNanos,
    ThreadUsage before,
    ThreadUsage after,
    @Nullable VerifyResult verify,
    int error,
    String message) {
  double userPercent() {
    return runtimeNanos == 0 ? 0 : after.userPercent(before, runtimeNanos);
  }

  double systemPercent() {
    return runtimeNanos == 0 ? 0 : after.systemPercent(before, runtimeNanos);
  }
}
