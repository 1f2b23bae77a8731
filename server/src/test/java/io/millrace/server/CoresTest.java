package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.reactor.Reactor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A reactor that hangs, on storage or memory that does not answer, cannot keep the process. */
@Timeout(30)
class CoresTest {
  private final CountDownLatch answer = new CountDownLatch(1);

  /** Has a reactor hang until it is answered. */
  static void hang(Reactor reactor, CountDownLatch answer) throws InterruptedException {
    CountDownLatch hanging = new CountDownLatch(1);
    reactor.execute(() -> {
      hanging.countDown();
      try {
        answer.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
    hanging.await();
  }

  @Test
  void closingLeavesAReactorThatHangs() throws Exception {
    Cores cores = Cores.start(null, false);
    Reactor stuck = cores.polling().firstEntry().getValue();
    hang(stuck, answer);

    cores.close();

    assertThat(answer.getCount()).isEqualTo(1);
    answer.countDown();
    cores.closeAll();
  }

  @Test
  void waitingForAControlThreadThatHangsEnds() throws Exception {
    Cores cores = Cores.start(null, false);
    hang(cores.control(), answer);

    assertThatThrownBy(() -> cores.awaitOnControl(() -> CompletableFuture.completedFuture(true), 1))
        .isInstanceOf(TimeoutException.class);

    answer.countDown();
    cores.close();
  }
}
