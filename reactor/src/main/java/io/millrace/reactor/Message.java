package io.millrace.reactor;

import java.util.concurrent.atomic.AtomicBoolean;

/** A message on its way to a reactor; true once it runs or is called off. */
final class Message extends AtomicBoolean implements Runnable {
  private static final long serialVersionUID = 1;

  private final transient Guard guard;
  private final transient Runnable message;

  Message(Guard guard, Runnable message) {
    this.guard = guard;
    this.message = message;
  }

  @Override
  public void run() {
    if (compareAndSet(false, true)) {
      guard.run(message);
    }
  }
}
