package io.millrace.initiator.perf;

/**
 * What a job did in one direction in its measured time.
 *
 * @param ios requests
 * @param bytes of data
 * @param runtimeNanos measured time, 0 without requests
 * @param latencies of the requests
 * @param rates requests a second over time
 */
public record DirectionResult(
    long ios, long bytes, long runtimeNanos, Latencies latencies, Rates rates) {
  /** Of a direction that the job does not go in. */
  static final DirectionResult NOTHING = new DirectionResult(0, 0, 0, Latencies.NONE, Rates.NONE);

  /** Requests a second. */
  public double iops() {
    return runtimeNanos == 0 ? 0 : ios * 1e9 / runtimeNanos;
  }

  /** Bytes a second. */
  public double bytesPerSecond() {
    return runtimeNanos == 0 ? 0 : bytes * 1e9 / runtimeNanos;
  }
}
