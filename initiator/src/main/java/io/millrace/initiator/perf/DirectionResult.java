package io.millrace.initiator.perf;

/**
 * What a job read, or what it wrote, in its measured time.
 *
 * @param ios requests
 * @param bytes of data
 * @param runtimeNanos measured time
 * @param latencies of the requests
 */
public record DirectionResult(long ios, long bytes, long runtimeNanos, Latencies latencies) {
  /** Requests a second. */
  public double iops() {
    return runtimeNanos == 0 ? 0 : ios * 1e9 / runtimeNanos;
  }

  /** Bytes a second. */
  public double bytesPerSecond() {
    return runtimeNanos == 0 ? 0 : bytes * 1e9 / runtimeNanos;
  }
}
