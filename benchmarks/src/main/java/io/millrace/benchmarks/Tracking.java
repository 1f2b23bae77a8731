package io.millrace.benchmarks;

/** What a back-end is to keep of what it does, for migration and for its own death. */
enum Tracking {
  /** What QEMU asks for: the in-flight region. */
  INFLIGHT,
  NOTHING,
  /** The in-flight region, and the dirty log as while a guest moves. */
  INFLIGHT_AND_LOG
}
