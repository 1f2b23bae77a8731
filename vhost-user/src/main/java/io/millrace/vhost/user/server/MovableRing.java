package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import java.util.List;
import java.util.function.Consumer;

/** A running ring, as whoever spreads rings over reactors sees it. Control thread only. */
public interface MovableRing {
  /** For messages: device, session and queue. */
  String name();

  /** Where it runs. */
  Reactor reactor();

  /** Where it may run. */
  List<Reactor> reactors();

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
