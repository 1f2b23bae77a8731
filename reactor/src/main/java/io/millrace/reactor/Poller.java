package io.millrace.reactor;

/**
 * Something a reactor looks at again and again, a virtqueue above all.
 *
 * <p>A poller is <em>polled</em> or it <em>rests</em>. It starts polled; before it rests the
 * reactor calls {@link #arm}, and {@link #disarm} when it is polled again. All calls come from the
 * reactor's thread. A poller that throws is taken off its reactor and told by {@link #failed}.
 */
public interface Poller {
  /**
   * Does the work that is there, bounded by a batch.
   *
   * @return how many pieces of work were done; 0 when there was none
   */
  int poll();

  /**
   * Asks the other side for wake-ups, then looks once more.
   *
   * @return false if work arrived meanwhile, so that the poller must not rest; it is disarmed again
   */
  boolean arm();

  /** Asks the other side to stop sending wake-ups: the poller is looked at anyway. */
  void disarm();

  /** What it is, for those who look at its reactor. */
  default String pollerName() {
    return getClass().getSimpleName();
  }

  /**
   * The poller threw and is no longer polled.
   *
   * @param cause what {@link #poll}, {@link #arm} or {@link #disarm} threw
   */
  void failed(Throwable cause);
}
