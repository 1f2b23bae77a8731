package io.millrace.reactor;

import java.util.concurrent.atomic.AtomicBoolean;

/** A message on its way to a reactor; true once it runs or is called off. */
final class Message extends AtomicBoolean implements Runnable {
  private static final long serialVersionUID = 1;

  private final transient Guard guard;
  private final transient WakeUpPrice wakeUp;
  private final transient Runnable message;
  private final transient long sentNanos = System.nanoTime();

  Message(Guard guard, WakeUpPrice wakeUp, Runnable message) {
    this.guard = guard;
    this.wakeUp = wakeUp;
    this.message = message;
  }

  @Override
  public void run() {
    wakeUp.messageRuns(sentNanos);
    if (compareAndSet(false, true)) {
      guard.run(message);
    }
  }
}
