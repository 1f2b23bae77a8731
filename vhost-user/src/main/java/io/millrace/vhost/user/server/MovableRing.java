package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import java.util.List;
import java.util.function.Consumer;

/** A running ring, as whoever spreads rings over reactors sees it. Control thread only. */
public interface MovableRing {
  /** For messages: device, session and queue. */
  String name();

  /** Its {@link io.millrace.reactor.ThreadId}: it is what SPDK calls a thread. */
  long id();

  /** When it came, as {@link System#nanoTime} had it. */
  long sinceNanos();

  /** Where it runs. */
  Reactor reactor();

  /** Where it may run. */
  List<Reactor> reactors();

  /**
   * Says where it may run from now on; it does not go there by itself.
   *
   * @param some of those where it could run when it came
   */
  void allow(List<Reactor> some);

  /**
   * Work it did on its reactor since it came there, in a unit that is the same for all rings: what
   * was copied, in bytes, and what was looked through, by its worth in such bytes. Approximately.
   */
  long work();

  /**
   * Moves it, if nobody wants anything else of it meanwhile and what it has in flight comes back
   * soon: no request changes its reactor.
   *
   * @param done gets whether it runs there now; else it goes on where it was
   */
  void moveTo(Reactor target, Consumer<Boolean> done);
}
