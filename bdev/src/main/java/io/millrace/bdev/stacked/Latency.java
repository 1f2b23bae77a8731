package io.millrace.bdev.stacked;

/**
 * The latencies of a delay bdev, by the names that {@code bdev_delay_update_latency} gives them.
 */
public enum Latency {
  /** Of 99 reads in a hundred. */
  AVG_READ("avg_read"),
  /** Of one read in a hundred, at random. */
  P99_READ("p99_read"),
  /** Of 99 writes in a hundred. */
  AVG_WRITE("avg_write"),
  /** Of one write in a hundred, at random. */
  P99_WRITE("p99_write");

  private final String spdkName;

  Latency(String spdkName) {
    this.spdkName = spdkName;
  }

  /** Its name in a call. */
  public String spdkName() {
    return spdkName;
  }
}
