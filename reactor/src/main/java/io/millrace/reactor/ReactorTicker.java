package io.millrace.reactor;

import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;

/** A reactor's clock as Netty's loop wants it. */
record ReactorTicker(Reactor reactor) implements Ticker {
  @Override
  public long nanoTime() {
    return reactor.tickerNanos();
  }

  @Override
  public long initialNanoTime() {
    return 0;
  }

  @Override
  public void sleep(long delay, TimeUnit unit) {
    throw new UnsupportedOperationException("a reactor does not sleep in a task");
  }
}
