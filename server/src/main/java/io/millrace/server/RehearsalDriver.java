package io.millrace.server;

import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.VirtioBlk;
import io.millrace.reactor.Poller;
import io.millrace.reactor.PollerHandle;
import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.DriverRing;
import io.millrace.virtqueue.UsedHandler;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The guest of a rehearsal: a ring full of requests, three reads and a write in turn, each of which
 * it offers again, as it is, when it is done. So the compiler is given the server's code and little
 * of a driver's. It is a poller of the reactor that serves it, so that each of them has its turn
 * however few cores there are. The reactor's thread, but for what waits.
 */
final class RehearsalDriver implements Poller {
  /** Requests at once, as a busy guest has; each in an indirect table. */
  static final int DEPTH = 32;

  static final int BLOCK_BYTES = 4096;

  private static final int WRITE_EVERY = 4;
  private static final int CALL_EVERY = 16; // turns

  private final CountDownLatch ended = new CountDownLatch(1);
  private final BlkQueue queue;
  private final UsedHandler again;
  private final long data;
  private final int blocks;
  private @Nullable PollerHandle handle;
  private volatile boolean stopping;
  private volatile long offered;
  private int turns;

  /**
   * A guest that has not begun.
   *
   * @param queue with room for {@link #DEPTH} requests
   * @param data host address of {@link #DEPTH} blocks in shared memory
   * @param blocks of the disk
   */
  RehearsalDriver(BlkQueue queue, long data, int blocks) {
    this.queue = queue;
    DriverRing ring = queue.ring();
    again = (chain, _) -> ring.offer(chain);
    this.data = data;
    this.blocks = blocks;
  }

  /** Begins, on this reactor. */
  void begin(Reactor reactor) {
    handle = reactor.add(this);
    for (int slot = 0; slot < DEPTH; slot++) {
      int type = slot % WRITE_EVERY == 0 ? VirtioBlk.T_OUT : VirtioBlk.T_IN;
      long sector = (long) slot * blocks / DEPTH * (BLOCK_BYTES / VirtioBlk.SECTOR_BYTES);
      queue.submit(type, sector, data + (long) slot * BLOCK_BYTES, BLOCK_BYTES, slot);
    }
    offered = DEPTH;
    queue.kick();
  }

  /** Has it end at its next turn, whatever it has under way; any thread. */
  void stop() {
    stopping = true;
  }

  /** Waits for the end; any thread. False if it did not come in time. */
  boolean awaitEnd(Duration most) throws InterruptedException {
    return ended.await(most.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Requests so far; any thread. */
  long requests() {
    return offered;
  }

  @Override
  public int poll() {
    if (stopping) {
      end();
      return 0;
    }
    long before = offered;
    DriverRing ring = queue.ring();
    int count = ring.reap(again, DEPTH);
    if (turns++ % CALL_EVERY == 0) {
      ring.enableCalls(); // as a guest does that sleeps: the first call is not to be news
    } else {
      ring.disableCalls();
    }
    queue.kick();
    offered = before + count;
    return count;
  }

  private void end() {
    PollerHandle place = handle;
    if (place != null) {
      place.close();
    }
    ended.countDown();
  }

  @Override
  public boolean arm() {
    return false; // it is polled as long as it is there
  }

  @Override
  public void disarm() {
    // It never rests.
  }

  @Override
  public String pollerName() {
    return "rehearsal";
  }

  @Override
  public void failed(Throwable cause) {
    ended.countDown();
  }
}
