package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One look at the clock a stretch, and none that is older. */
@Timeout(60)
class StretchClockTest {
  private final Reactor reactor = Reactor.start("stretches", -1);

  @AfterEach
  void close() {
    reactor.close();
  }

  private static void letTheClockGoOn() {
    long now = System.nanoTime();
    while (System.nanoTime() - now < 1_000) {
      Thread.onSpinWait();
    }
  }

  /** A poller that notes what it sees in each of two turns. */
  private final class Turns implements Poller {
    final CompletableFuture<long[]> seen = new CompletableFuture<>();
    private final long[] nanos = new long[5];
    private int turn;

    @Override
    public int poll() {
      StretchClock clock = reactor.stretchClock();
      if (turn == 0) {
        nanos[0] = clock.nanos();
        letTheClockGoOn();
        nanos[1] = clock.nanos();
        nanos[2] = clock.look();
        nanos[3] = clock.nanos();
        letTheClockGoOn();
      } else if (turn == 1) {
        nanos[4] = clock.nanos();
        seen.complete(nanos);
      }
      turn++;
      return 1;
    }

    @Override
    public boolean arm() {
      return false;
    }

    @Override
    public void disarm() {}

    @Override
    public void failed(Throwable cause) {
      seen.completeExceptionally(cause);
    }
  }

  @Test
  void whatAPollerDoesInOneTurnHasOneTimeUntilItLooks() throws Exception {
    Turns turns = new Turns();
    reactor.execute(() -> reactor.add(turns));

    long[] seen = turns.seen.get(30, TimeUnit.SECONDS);

    assertThat(seen[1]).isEqualTo(seen[0]);
    assertThat(seen[2]).isGreaterThanOrEqualTo(seen[0] + 1_000);
    assertThat(seen[3]).isEqualTo(seen[2]);
    assertThat(seen[4]).isGreaterThanOrEqualTo(seen[2] + 1_000);
  }

  @Test
  void aMessageAfterASleepSeesTheTimeItIs() throws Exception {
    CompletableFuture<Long> first = new CompletableFuture<>();
    reactor.execute(() -> first.complete(reactor.stretchClock().nanos()));
    first.get(30, TimeUnit.SECONDS);
    letTheClockGoOn();
    long sent = System.nanoTime();

    CompletableFuture<Long> second = new CompletableFuture<>();
    reactor.execute(() -> second.complete(reactor.stretchClock().nanos()));

    assertThat(second.get(30, TimeUnit.SECONDS)).isGreaterThanOrEqualTo(sent);
  }
}
