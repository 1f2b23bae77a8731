package io.millrace.vhost.user.server;

import org.jspecify.annotations.Nullable;

/** Who waits for requests of a running ring to come back. The thread of the ring's reactor. */
final class RingWaiters {
  private @Nullable Runnable mapDrained;
  private @Nullable Runnable stopped;

  /** Whether anybody waits. */
  boolean any() {
    return mapDrained != null || stopped != null;
  }

  /** Waits until no request points into memory that is going. */
  void awaitMap(Runnable done) {
    mapDrained = done;
  }

  /** Waits until the ring has stopped, together with those who do already. */
  void awaitStop(Runnable done) {
    Runnable before = stopped;
    stopped =
        before == null
            ? done
            : () -> {
              before.run();
              done.run();
            };
  }

  /** Nobody waits for the ring's end any more. */
  void forgetStop() {
    stopped = null;
  }

  /** No request points into memory that is going. */
  void mapDrained() {
    Runnable tell = mapDrained;
    mapDrained = null;
    if (tell != null) {
      tell.run();
    }
  }

  /** Whether somebody waits for the ring to stop. */
  boolean awaitsStop() {
    return stopped != null;
  }

  /** The ring has stopped. */
  void stopped() {
    Runnable tell = stopped;
    stopped = null;
    if (tell != null) {
      tell.run();
    }
  }
}
