package io.millrace.server.top;

/**
 * Requests since a device was made or its statistics were reset.
 *
 * @param reads requests, as the next two
 * @param others flushes, discards and the like
 * @param readBytes bytes, as the next two
 * @param errors requests that failed, of any kind
 * @param nanos from submission to completion, of all requests together; 0 where nobody measures it
 */
record IoCounters(
    long reads,
    long writes,
    long others,
    long readBytes,
    long writeBytes,
    long otherBytes,
    long errors,
    long nanos) {
  static final IoCounters NONE = new IoCounters(0, 0, 0, 0, 0, 0, 0, 0);

  IoCounters plus(IoCounters more) {
    return new IoCounters(
        reads + more.reads,
        writes + more.writes,
        others + more.others,
        readBytes + more.readBytes,
        writeBytes + more.writeBytes,
        otherBytes + more.otherBytes,
        errors + more.errors,
        nanos + more.nanos);
  }

  /** What happened since; all there is if somebody reset the statistics in between. */
  IoCounters since(IoCounters before) {
    boolean reset =
        reads < before.reads
            || writes < before.writes
            || others < before.others
            || errors < before.errors
            || nanos < before.nanos;
    if (reset) {
      return this;
    }
    return new IoCounters(
        reads - before.reads,
        writes - before.writes,
        others - before.others,
        readBytes - before.readBytes,
        writeBytes - before.writeBytes,
        otherBytes - before.otherBytes,
        errors - before.errors,
        nanos - before.nanos);
  }
}
