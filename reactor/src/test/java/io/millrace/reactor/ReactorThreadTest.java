package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A reactor with a thread of its own. */
class ReactorThreadTest {
  private Reactor reactor;
  private final AtomicReference<Thread> thread = new AtomicReference<>();

  @BeforeEach
  void start() {
    reactor = Reactor.start("reactor-under-test", -1);
    Await.on(reactor, () -> thread.set(Thread.currentThread()));
  }

  @AfterEach
  void close() {
    reactor.close();
  }

  private long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.get().threadId());
  }

  private boolean sleeps() {
    for (StackTraceElement frame : thread.get().getStackTrace()) {
      if (frame.getMethodName().startsWith("epollWait")) {
        return true;
      }
    }
    return false;
  }

  @Test
  void itsThreadHasItsNameAndIsIt() {
    assertThat(thread.get().getName()).isEqualTo("reactor-under-test");
    assertThat(thread.get().isDaemon()).isTrue();
    assertThat(reactor.inReactor()).isFalse();
    Await.on(reactor, () -> assertThat(reactor.inReactor()).isTrue());
  }

  @Test
  void messagesReachItWhileItPollsAndWhileItSleepsInOrder() {
    TestPoller busy = TestPoller.busy();
    AtomicReference<PollerHandle> handle = new AtomicReference<>();
    List<Integer> ran = new ArrayList<>();
    Await.on(reactor, () -> handle.set(reactor.add(busy)));
    IntStream.range(0, 1000).forEach(i -> reactor.execute(() -> ran.add(i)));
    Await.until("a poll", () -> busy.polls > 0);
    Await.on(reactor, () -> handle.get().close());
    Await.until("the reactor to sleep", this::sleeps);
    IntStream.range(1000, 2000).forEach(i -> reactor.execute(() -> ran.add(i)));
    Await.on(reactor, () -> {});

    assertThat(ran).isEqualTo(IntStream.range(0, 2000).boxed().toList());
  }

  @Test
  void restlessOneLooksAtAnIdlePollerForEverAndNeverArmsIt() {
    try (Reactor restless = Reactor.start("restless", -1, true)) {
      TestPoller idle = new TestPoller();
      long start = System.nanoTime();
      Await.on(restless, () -> restless.add(idle));

      Await.until( // ten times as long as any other would look at it
          "polls after a long time",
          () -> System.nanoTime() - start > 20_000_000 && idle.polls > 100_000);
      assertThat(idle.arms).isZero();
      Await.on(restless, () -> assertThat(restless.restingCount()).isZero());
    }
  }

  @Test
  void aPollerThatLingersHasMessagesWaitForFewerOfItsTurns() {
    AtomicInteger turns = new AtomicInteger(-1);
    TestPoller lingering = TestPoller.busy();
    AtomicReference<PollerHandle> handle = new AtomicReference<>();
    lingering.inPoll =
        () -> {
          int sent = lingering.polls;
          if (sent == 1000) {
            reactor.execute(() -> turns.set(lingering.polls - sent));
          }
          PollerHandle known = handle.get();
          if (known != null) {
            known.lingered(63);
          }
        };
    Await.on(reactor, () -> handle.set(reactor.add(lingering)));

    Await.until("the message", () -> turns.get() >= 0);
    assertThat(turns.get()).isLessThanOrEqualTo(4);
  }

  @Test
  void messagesWithoutEndLeaveThePollersTheirTurns() {
    TestPoller busy = TestPoller.busy();
    AtomicBoolean goesOn = new AtomicBoolean(true);
    Await.on(
        reactor,
        () -> {
          reactor.add(busy);
          sendAgain(goesOn);
        });

    Await.until("many polls", () -> busy.polls > 100_000);
    goesOn.set(false);
  }

  private void sendAgain(AtomicBoolean goesOn) {
    if (goesOn.get()) {
      reactor.execute(() -> sendAgain(goesOn));
    }
  }

  @Test
  void messagesOfManyThreadsAllRun() throws InterruptedException {
    AtomicInteger ran = new AtomicInteger();
    List<Thread> senders = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Thread sender =
          new Thread(() -> {
            for (int i = 0; i < 5_000; i++) {
              reactor.execute(ran::incrementAndGet);
            }
          });
      sender.start();
      senders.add(sender);
    }
    for (Thread sender : senders) {
      sender.join();
    }

    Await.until("20,000 messages", () -> ran.get() == 20_000);
  }

  @Test
  void asleepItUsesNoProcessorTime() {
    TestPoller idle = new TestPoller();
    Await.on(reactor, () -> reactor.add(idle));
    Await.until("the reactor to sleep", this::sleeps);

    long end = System.nanoTime() + 300_000_000;
    long before = cpuNanos();
    Await.until("300 ms", () -> System.nanoTime() - end > 0);

    assertThat(cpuNanos() - before).as("of 300 ms").isLessThan(30_000_000);
    assertThat(idle.arms).isEqualTo(1);
  }

  @Test
  void aWriteToAnEventfdWakesARestingPoller() throws LinuxException {
    FileDescriptor kick = EventFd.create();
    TestPoller poller = new TestPoller();
    CountDownLatch polled = new CountDownLatch(1);
    AtomicBoolean kicked = new AtomicBoolean();
    poller.inPoll =
        () -> {
          if (kicked.get()) {
            polled.countDown();
          }
        };
    AtomicReference<FdWatch> watch = new AtomicReference<>();
    Await.on(
        reactor,
        () -> {
          PollerHandle handle = reactor.add(poller);
          watch.set(reactor.watchEdges(kick.number(), handle::wake));
        });
    Await.until("the reactor to sleep", this::sleeps);

    kicked.set(true);
    EventFd.signal(kick.number());

    Await.until("the poll after the kick", polled);
    Await.until("the reactor to sleep again", this::sleeps);
    Await.on(reactor, () -> watch.get().close());
    assertThat(poller.disarms).isEqualTo(1);
    assertThat(poller.arms).isEqualTo(2);
    kick.close();
  }

  @Test
  void aTimerWakesASleepingReactor() {
    CountDownLatch rang = new CountDownLatch(1);
    long[] times = new long[2];
    Await.on(
        reactor,
        () -> {
          times[0] = reactor.nanoTime();
          reactor.schedule(
              20_000_000,
              () -> {
                times[1] = reactor.nanoTime();
                rang.countDown();
              });
        });

    Await.until("the timer", rang);
    assertThat(times[1] - times[0]).isGreaterThanOrEqualTo(20_000_000);
  }

  @Test
  void aPollerThatThrowsLeavesTheThreadAlive() {
    TestPoller broken = TestPoller.busy();
    broken.inPoll =
        () -> {
          throw new IllegalStateException("a bug");
        };
    Await.on(reactor, () -> reactor.add(broken));
    Await.on(reactor, () -> {});

    Await.until("the reactor to sleep", this::sleeps);
    Await.on(reactor, () -> assertThat(broken.failures).hasSize(1));
  }

  @Test
  void closingEndsTheThreadAndRunsWhatWasSent() {
    AtomicInteger ran = new AtomicInteger();
    IntStream.range(0, 100).forEach(i -> reactor.execute(ran::incrementAndGet));

    reactor.close();

    assertThat(thread.get().isAlive()).isFalse();
    assertThat(ran.get()).isEqualTo(100);
    assertThat(reactor.execute(() -> {})).isFalse();
    reactor.close();
  }

  @Test
  void closingFromItsOwnThreadEndsItAfterTheMessage() throws InterruptedException {
    reactor.execute(reactor::close);

    thread.get().join(20_000);
    assertThat(thread.get().isAlive()).isFalse();
  }

  @Test
  void closingAtAnyMomentEndsTheThread() {
    for (int i = 0; i < 300; i++) {
      Reactor shortLived = Reactor.start("short-lived", -1);
      long wait = System.nanoTime() + i * 1_000L;
      while (System.nanoTime() - wait < 0) {
        Thread.onSpinWait();
      }
      shortLived.close();
    }
  }

  @Test
  void closingBusyOneEndsTheThread() {
    Await.on(reactor, () -> reactor.add(TestPoller.busy()));

    reactor.close();

    assertThat(thread.get().isAlive()).isFalse();
  }

  @Test
  void aProcessorThatIsNotThereIsNoReasonNotToRun() {
    try (Reactor pinned = Reactor.start("pinned-nowhere", 4095)) {
      AtomicBoolean ran = new AtomicBoolean();
      Await.on(pinned, () -> ran.set(true));

      assertThat(ran).isTrue();
    }
  }
}
