package io.millrace.reactor;

/** A task that waits for its time ({@link Reactor#schedule}). */
@FunctionalInterface
public interface Timer {
  /** Calls the task off if it has not run; later calls do nothing. Reactor's thread only. */
  void cancel();
}
