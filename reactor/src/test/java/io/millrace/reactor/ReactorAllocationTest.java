package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Polling, resting, sleeping and waking up allocate nothing. */
class ReactorAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Reactor reactor = Reactor.start("allocation-test", -1);

  @AfterEach
  void close() {
    reactor.close();
  }

  /** Gives work for some rounds, then none; counts for the test. */
  private final class Worker implements Poller {
    volatile long arms;
    volatile int workLeft;
    long ended;
    final Deferral endOfRound = reactor.deferral(() -> ended++);

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes them
    public int poll() {
      endOfRound.ask();
      if (workLeft > 0) {
        workLeft--;
        return 1;
      }
      return 0;
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate")
    public boolean arm() {
      arms++;
      return true;
    }

    @Override
    public void disarm() {}

    @Override
    public void failed(Throwable cause) {
      throw new AssertionError(cause);
    }
  }

  private long allocated(Thread thread) {
    return THREADS.getThreadAllocatedBytes(thread.threadId());
  }

  @Test
  void alarmsThatWakeTheReactorAllocateNothing() {
    AtomicReference<Thread> thread = new AtomicReference<>();
    AtomicLong left = new AtomicLong();
    AtomicReference<Alarm> alarm = new AtomicReference<>();
    Await.on(
        reactor,
        () -> {
          thread.set(Thread.currentThread());
          alarm.set(
              reactor.alarm(() -> {
                if (left.decrementAndGet() > 0) {
                  alarm.get().set(reactor.nanoTime() + 100_000); // sleeps after 50,000
                }
              }));
        });
    long bytes = -1;
    for (int batch = 0; batch < 20 && bytes != 0; batch++) {
      left.set(1_000);
      Await.on(reactor, () -> alarm.get().set(reactor.nanoTime()));
      long before = allocated(thread.get());
      Await.until("1,000 alarms", () -> left.get() == 0);
      bytes = allocated(thread.get()) - before;
    }

    assertThat(bytes).as("bytes for 1,000 alarms").isZero();
  }

  @Test
  void roundsAndSleepsAllocateNothing() throws LinuxException {
    FileDescriptor kick = EventFd.create();
    Worker worker = new Worker();
    AtomicReference<Thread> thread = new AtomicReference<>();
    AtomicReference<FdWatch> watch = new AtomicReference<>();
    Await.on(
        reactor,
        () -> {
          thread.set(Thread.currentThread());
          PollerHandle handle = reactor.add(worker);
          watch.set(reactor.watchEdges(kick.number(), handle::wake));
        });
    // The JVM allocates on a thread whose code it compiles: the warm-up ends with the first batch
    // in which it did not. What the reactor itself allocates would show in each of them.
    long bytes = -1;
    for (int batch = 0; batch < 8 && bytes != 0; batch++) {
      long before = allocated(thread.get());
      cycles(worker, kick, 1_000, 100);
      bytes = allocated(thread.get()) - before;
    }

    assertThat(bytes).as("bytes in 100,000 rounds and 1,000 sleeps").isZero();
    Await.on(reactor, () -> watch.get().close());
    kick.close();
  }

  /** Wakes the worker, waits until it has done its work and rests again. */
  private static void cycles(Worker worker, FileDescriptor kick, int sleeps, int rounds) {
    for (int i = 0; i < sleeps; i++) {
      long armsBefore = worker.arms;
      worker.workLeft = rounds;
      EventFd.signal(kick.number());
      long end = System.nanoTime() + 20_000_000_000L;
      while (worker.arms == armsBefore || worker.workLeft > 0) {
        Thread.onSpinWait();
        if (System.nanoTime() - end > 0) {
          throw new AssertionError("waited 20 s for cycle " + i + " to end");
        }
      }
    }
  }
}
