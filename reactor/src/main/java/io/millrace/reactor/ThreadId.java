package io.millrace.reactor;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Numbers for what clients of SPDK know as its threads: reactors, and what moves between them. Any
 * thread.
 */
public final class ThreadId {
  private static final AtomicLong LAST = new AtomicLong();

  private ThreadId() {}

  /** One that nothing else in this process has, or had: from 1. */
  public static long next() {
    return LAST.incrementAndGet();
  }
}
