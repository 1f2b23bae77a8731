package io.millrace.vhost.user.server;

/** Runs something when all parts have answered. Control thread. */
final class Countdown {
  private final Runnable done;
  private int missing = 1;

  Countdown(Runnable done) {
    this.done = done;
  }

  Runnable one() {
    missing++;
    return this::ready;
  }

  void ready() {
    if (--missing == 0) {
      done.run();
    }
  }
}
