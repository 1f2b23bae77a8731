package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.GuestMemoryMap;
import io.millrace.virtqueue.QueueState;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The control thread's handle of a worker: sends messages to the worker's reactor, and their
 * answers back. A reactor runs its messages in order, so what is sent after a start finds it done.
 */
final class RingRunner {
  private final Reactor control;
  private final Reactor reactor;
  private volatile @Nullable VringWorker worker; // set and used on the reactor; peeked for counts

  /** Gets the outcome of a start. */
  interface Started {
    /** Runs on the control thread; the reason is null on success. */
    void started(@Nullable String failure);
  }

  RingRunner(Reactor control, Reactor reactor) {
    this.control = control;
    this.reactor = reactor;
  }

  void start(VringSetup setup, DeviceSession device, WorkerEvents events, Started done) {
    reactor.execute(() -> {
      String failure = null;
      try {
        worker = VringWorker.start(setup, reactor, device, events);
      } catch (QueueStartException e) {
        failure = e.getMessage();
      } catch (InternalError e) {
        failure = setup.name() + ": the ring's memory is gone; its file was truncated";
      } catch (RuntimeException | OutOfMemoryError e) {
        failure = setup.name() + " cannot start: " + e; // or its session would wait for ever
      }
      String outcome = failure;
      control.execute(() -> done.started(outcome));
    });
  }

  /** Stops the worker when all it took is given back, and says where it stands. */
  void drain(Consumer<QueueState> done) {
    onWorker(
        running -> running.drain(state -> control.execute(() -> done.accept(state))), () -> {});
  }

  /** Stops the worker without touching the guest's memory again. */
  void abandon(Runnable done) {
    onWorker(running -> running.abandon(answer(done)), answer(done));
  }

  /** Changes the worker's memory; answers when nothing in flight points into what is going. */
  void relocate(GuestMemoryMap map, boolean mayVanish, GoingMemory going, Runnable done) {
    onWorker(running -> running.relocate(map, mayVanish, going, answer(done)), answer(done));
  }

  /** Ends early what can be ended of that which points into memory that is going. */
  void cancelMarked() {
    onWorker(VringWorker::cancelMarked, () -> {});
  }

  /** Changes the descriptor of kicks; answers when the old one is not used any more. */
  void kick(int descriptor, Runnable done) {
    onWorker(running -> running.kick(descriptor), () -> {});
    reactor.execute(answer(done));
  }

  /** Changes the descriptor of calls; answers when the old one is not used any more. */
  void call(int descriptor, Runnable done) {
    onWorker(running -> running.call(descriptor), () -> {});
    reactor.execute(answer(done));
  }

  /** Requests in flight, approximately. */
  int inFlight() {
    VringWorker running = worker;
    return running == null ? 0 : running.inFlight();
  }

  /** Requests in flight that point into memory that is going, approximately. */
  int marked() {
    VringWorker running = worker;
    return running == null ? 0 : running.marked();
  }

  /** Whether a call to the driver keeps the reactor waiting, now and at the last look. */
  boolean isHeldUp() {
    VringWorker running = worker;
    return running != null && running.signals().isHeldUp();
  }

  /** Calls the driver no more. */
  void mute() {
    VringWorker running = worker;
    if (running != null) {
      running.signals().mute();
    }
  }

  /** Lets a call that keeps the reactor waiting return. */
  void release() {
    VringWorker running = worker;
    if (running != null) {
      running.signals().release();
    }
  }

  private Runnable answer(Runnable done) {
    return () -> control.execute(done);
  }

  private void onWorker(Consumer<VringWorker> action, Runnable otherwise) {
    reactor.execute(() -> {
      VringWorker running = worker;
      if (running != null) {
        action.accept(running);
      } else {
        otherwise.run();
      }
    });
  }
}
