package io.millrace.virtio.blk;

import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.server.MovableRing;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Moves the rings of a target, as nothing else would. */
final class RingMoves implements AutoCloseable {
  private final BlkTarget target;
  private final List<Reactor> reactors;
  private final Random random;
  private volatile boolean ending;
  private final AtomicInteger moved = new AtomicInteger();
  private CompletableFuture<Void> moving = CompletableFuture.completedFuture(null);

  RingMoves(BlkTarget target, long seed) {
    this.target = target;
    this.reactors = List.copyOf(target.reactors.values());
    this.random = new Random(seed);
  }

  /** The rings that run. */
  List<MovableRing> rings() {
    try {
      return target.onControl(target.controllers::rings);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Moves a ring; whether it is there now. */
  boolean move(MovableRing ring, Reactor to) throws Exception {
    return begin(ring, to).get(BlkTarget.DEADLINE_NANOS, TimeUnit.NANOSECONDS);
  }

  /** Begins to move a ring. */
  CompletableFuture<Boolean> begin(MovableRing ring, Reactor to) {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    target.control.execute(() -> ring.moveTo(to, done::complete));
    return done;
  }

  /** Moves every ring, each to some reactor, all at the same time. */
  void moveAll() throws Exception {
    List<CompletableFuture<Boolean>> all = new ArrayList<>();
    for (MovableRing ring : rings()) {
      all.add(begin(ring, reactors.get(random.nextInt(reactors.size()))));
    }
    for (CompletableFuture<Boolean> one : all) {
      if (one.get(BlkTarget.DEADLINE_NANOS, TimeUnit.NANOSECONDS)) {
        moved.incrementAndGet();
      }
    }
  }

  /** How many moves there were. */
  int moved() {
    return moved.get();
  }

  /** Goes on moving all rings until this is closed. */
  void forEver() {
    moving =
        CompletableFuture.runAsync(() -> {
          try {
            while (!ending) {
              moveAll();
            }
          } catch (Exception e) {
            throw new IllegalStateException("a move does not end", e);
          }
        });
  }

  @Override
  public void close() {
    ending = true;
    moving.orTimeout(2 * BlkTarget.DEADLINE_NANOS, TimeUnit.NANOSECONDS).join();
  }
}
