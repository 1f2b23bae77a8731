package io.millrace.reactor;

/** Told when a watched descriptor is ready; runs on the reactor's thread. */
@FunctionalInterface
public interface FdListener {
  /**
   * The descriptor is ready (level-triggered: again in the next wait until it is not).
   *
   * @param readable data, a peer's hang-up or an error can be read
   * @param writable there is room to write
   */
  void ready(boolean readable, boolean writable);
}
