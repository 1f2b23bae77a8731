package io.millrace.vhost.user.server;

import io.millrace.live.migration.DirtyLog;
import org.jspecify.annotations.Nullable;

/**
 * Which stores of a ring a dirty log is told of.
 *
 * @param data of those into buffers: F_LOG_ALL; null for none
 * @param ring of those into the ring itself: the ring's own flag; null for none
 */
record RingLog(@Nullable DirtyLog data, @Nullable DirtyLog ring) {
  /** Nothing is logged. */
  static final RingLog OFF = new RingLog(null, null);
}
