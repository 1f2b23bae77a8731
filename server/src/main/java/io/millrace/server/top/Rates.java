package io.millrace.server.top;

/**
 * Requests a second.
 *
 * @param reads requests a second, as the next two
 * @param readBytes bytes a second, as the next two
 * @param errors a second
 * @param latencyNanos mean time of a request; NaN if there was none, or nobody measured it
 */
record Rates(
    double reads,
    double writes,
    double others,
    double readBytes,
    double writeBytes,
    double otherBytes,
    double errors,
    double latencyNanos) {

  /** Rates of what happened between two times. */
  static Rates between(IoCounters before, IoCounters now, double seconds) {
    IoCounters done = now.since(before);
    long operations = done.reads() + done.writes() + done.others();
    boolean measured = operations > 0 && done.nanos() > 0;
    return new Rates(
        done.reads() / seconds,
        done.writes() / seconds,
        done.others() / seconds,
        done.readBytes() / seconds,
        done.writeBytes() / seconds,
        done.otherBytes() / seconds,
        done.errors() / seconds,
        measured ? (double) done.nanos() / operations : Double.NaN);
  }

  /** The same with another latency. */
  Rates withLatency(double nanos) {
    return new Rates(reads, writes, others, readBytes, writeBytes, otherBytes, errors, nanos);
  }

  /** Requests a second of any kind. */
  double operations() {
    return reads + writes + others;
  }

  /** Bytes a second of any kind. */
  double bytes() {
    return readBytes + writeBytes + otherBytes;
  }
}
