package io.millrace.server;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.TimeUnit;

/**
 * SIGTERM, SIGINT and SIGHUP: the first asks for an orderly end, a later one ends at once.
 *
 * <p>What comes right after the first is taken for the same wish: timeout(1), for one, signals its
 * child and then the whole process group.
 *
 * <p>A shutdown hook would do for neither: after it the JVM exits with 128 plus the signal's
 * number, and a second signal waits for it. {@code sun.misc.Signal} is the JDK's only door to
 * signals; by reflection, because javac warns of the class and that warning cannot be suppressed.
 */
final class StopSignals {
  private static final int SIGNAL_EXIT_BASE = 128;
  private static final long SAME_WISH_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final Runnable first;

  private boolean received;
  private long firstNanos;

  private StopSignals(Runnable first) {
    this.first = first;
  }

  /**
   * Takes the signals over from the JVM, for the rest of the process.
   *
   * @param first runs at the first signal, on a thread of the JVM's
   */
  static void install(Runnable first) {
    new StopSignals(first).install();
  }

  private void install() {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Method number = signal.getMethod("getNumber");
      Object proxy =
          Proxy.newProxyInstance(
              StopSignals.class.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) -> {
                received((int) number.invoke(arguments[0]));
                return null;
              });
      Method handle = signal.getMethod("handle", signal, handler);
      for (String name : new String[] {"TERM", "INT", "HUP"}) {
        handle.invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the Java runtime lacks jdk.unsupported", e);
    }
  }

  private synchronized void received(int number) {
    long now = System.nanoTime();
    if (!received) {
      received = true;
      firstNanos = now;
      first.run();
    } else if (now - firstNanos > SAME_WISH_NANOS) {
      Runtime.getRuntime().halt(SIGNAL_EXIT_BASE + number);
    }
  }
}
