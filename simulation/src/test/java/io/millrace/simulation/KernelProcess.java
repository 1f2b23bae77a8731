package io.millrace.simulation;

import io.millrace.linux.Errno;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/** What the simulated kernel does for one server, as long as that lives. */
public final class KernelProcess {
  private final Kernel kernel;
  private final IntConsumer writeSubmitted;
  private final List<KernelCall> running = new ArrayList<>();
  private final ArrayDeque<KernelCall> posted = new ArrayDeque<>();
  private Runnable onPosted = () -> {};
  private boolean dead;
  private boolean sawLoss;

  KernelProcess(Kernel kernel, IntConsumer writeSubmitted) {
    this.kernel = kernel;
    this.writeSubmitted = writeSubmitted;
  }

  /** One step of the way: the server may die here. */
  public void event() {
    if (!dead) {
      kernel.event();
    }
  }

  /** Whether a call cannot be prepared now. */
  public boolean hasNoRoomNow() {
    return !dead && kernel.hasNoRoomNow();
  }

  /** Whether it has no call that the server will hear of. */
  public boolean isIdle() {
    return running.isEmpty() && posted.isEmpty();
  }

  /** Takes a call. */
  public void submit(KernelCall call) {
    if (dead) {
      call.result = -Errno.ECANCELED.number();
      post(call);
      return;
    }
    kernel.begin(call);
    if (call.kind == KernelCall.Kind.WRITE) {
      writeSubmitted.accept(Sector.request(call.value(call.firstSector)));
    }
    running.add(call);
  }

  /** Ends a call early, or does not. */
  public void cancel(long userData) {
    for (KernelCall call : running) {
      if (call.userData == userData && kernel.random.nextBoolean()) {
        call.left.removeIf(sector -> kernel.random.nextBoolean());
        call.result = -Errno.ECANCELED.number();
        call.dueNanos = 0;
      }
    }
  }

  /** The next call that has returned, or null. */
  public KernelCall reap() {
    KernelCall call = posted.poll();
    sawLoss |= call != null && Kernel.isLoss(call);
    return call;
  }

  /** Whether a call has returned. */
  public boolean hasPosted() {
    return !posted.isEmpty();
  }

  /** Who is told when a call returns. */
  public void onPosted(Runnable listener) {
    onPosted = listener;
  }

  /** Whether the server was told that data is lost. */
  boolean sawLoss() {
    return sawLoss;
  }

  @Override
  public String toString() {
    return "running " + running + ", returned " + posted;
  }

  void advance(long now) {
    for (KernelCall call : List.copyOf(running)) {
      if (now >= call.dueNanos) {
        finish(call);
      } else if (!call.left.isEmpty() && kernel.random.nextInt(4) == 0) {
        step(call);
      }
    }
  }

  private void finish(KernelCall call) {
    while (!call.left.isEmpty()) {
      step(call);
    }
    running.remove(call);
    kernel.end(call);
    post(call);
  }

  private void post(KernelCall call) {
    posted.add(call);
    onPosted.run();
  }

  private void step(KernelCall call) {
    int sector = call.left.removeLast();
    if (call.writes()) {
      call.written.add(kernel.disk.write(sector, call.value(sector), call));
    } else {
      call.store(sector, kernel.disk.read(sector));
    }
  }

  /**
   * The server dies, or the connection of its guest to the world: calls that were being made are
   * done in part, and are over. Nobody sees what they returned.
   */
  void die() {
    for (KernelCall call : running) {
      call.left.removeIf(sector -> !call.writes() || kernel.random.nextBoolean());
      while (!call.left.isEmpty()) {
        step(call);
      }
    }
    dead = true;
    posted.forEach(kernel::unseen);
    posted.addAll(running);
    posted.forEach(call -> call.result = -Errno.ECANCELED.number());
    running.clear();
    onPosted.run();
  }
}
