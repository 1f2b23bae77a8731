package io.millrace.reactor;

/**
 * A clock for what many small things take. A look at the real one costs a third of a request to
 * memory, so it is looked at once a <em>stretch</em>: the turn of one poller, one deferred work, or
 * the alarms and messages of one tick. All that a stretch begins or finds done has the same time.
 *
 * <p>Data-path code. Reactor's thread only.
 */
public final class StretchClock {
  private final Reactor reactor;
  private long nanos;
  private boolean looked;

  StretchClock(Reactor reactor) {
    this.reactor = reactor;
  }

  /** Another stretch begins. */
  void begin() {
    looked = false;
  }

  /** When this stretch looked first, in nanoseconds of {@link Reactor#nanoTime}. */
  public long nanos() {
    return looked ? nanos : look();
  }

  /**
   * Looks at the real clock, for what begins and ends within a stretch; the rest of it has that
   * time.
   *
   * @return nanoseconds, as {@link #nanos}
   */
  public long look() {
    looked = true;
    nanos = reactor.nanoTime();
    return nanos;
  }
}
