package io.millrace.server;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.NullBdev;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.SocketPair;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.ControllerException;
import io.millrace.vhost.user.server.VhostControllers;
import io.millrace.virtio.blk.BlkControllers;
import io.millrace.virtio.blk.RingOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the compiler meet the request path while nobody waits for it: a driver of the server's own
 * works on a disk of its own that holds nothing, through a session, a ring and a reactor as any
 * guest does. The first guest then finds compiled what it would have waited for, half a second
 * long. Disk and session are in registries of their own, where nobody sees them. One thread.
 */
final class Rehearsal {
  private static final Logger LOG = LoggerFactory.getLogger(Rehearsal.class);

  /** Whether a rehearsal is to end early, because somebody has come for example. */
  @FunctionalInterface
  interface Ending {
    /**
     * Asked each 2 ms.
     *
     * @param requests that were played so far
     */
    boolean isDue(long requests) throws InterruptedException;
  }

  /** What is done when all is played, before what it was played on is taken down. */
  @FunctionalInterface
  interface Epilogue {
    /** Done once, however the playing ended; not where it did not begin. */
    void run() throws InterruptedException;
  }

  private static final Duration LOOK_EVERY = Duration.ofMillis(2);
  private static final long STOP_SECONDS = 2;
  private static final int BLOCKS = 1024;
  private static final String NAME = "rehearsal";

  private final Cores cores;
  private final BdevRegistry bdevs = new BdevRegistry();
  private final VhostControllers controllers;
  private long leftNanos;
  private long requests;

  /**
   * A rehearsal that has not begun.
   *
   * @param cores of whom the first one plays; they outlive it
   * @param most how long it may take in all
   */
  Rehearsal(Cores cores, Duration most) {
    this.cores = cores;
    leftNanos = most.toNanos();
    controllers = new VhostControllers(cores.control(), cores.polling(), true);
  }

  /** Requests that were played so far. */
  long requests() {
    return requests;
  }

  /** Plays, and does nothing afterwards. */
  void play(Ending ending) throws InterruptedException {
    play(ending, () -> {});
  }

  /**
   * Plays what is left of the time. When it returns, nothing of it is left but what was compiled; a
   * server that cannot rehearse is none the worse for it.
   */
  void play(Ending ending, Epilogue epilogue) throws InterruptedException {
    if (leftNanos <= 0 || ending.isDue(requests)) {
      return;
    }
    long start = System.nanoTime();
    try {
      List<FileDescriptor> ends = SocketPair.create();
      try (VhostSocket front = VhostSocket.of(ends.getFirst())) {
        VhostSocket back = VhostSocket.of(ends.getLast());
        cores.onControl(() -> serve(back));
        drive(front, start + leftNanos, ending, epilogue);
      } finally {
        cores.awaitOnControl(controllers::deleteAll, STOP_SECONDS);
        cores.awaitOnControl(bdevs::removeAll, STOP_SECONDS);
      }
    } catch (IOException | ExecutionException | TimeoutException | RuntimeException e) {
      LOG.debug("the rehearsal failed", e);
      leftNanos = 0;
    }
    leftNanos -= System.nanoTime() - start;
  }

  private boolean serve(VhostSocket back) throws BdevException, ControllerException {
    int blockBytes = RehearsalDriver.BLOCK_BYTES;
    bdevs.register(new NullBdev(NAME, new UUID(0, 1), blockBytes, blockBytes, BLOCKS));
    var blk = new BlkControllers(bdevs, controllers);
    BitSet first = new BitSet();
    first.set(cores.polling().firstKey());
    blk.create(new BlkControllers.Spec(NAME, NAME, false, null, first, RingOptions.DEFAULTS), back);
    return true;
  }

  private void drive(VhostSocket front, long endNanos, Ending ending, Epilogue epilogue)
      throws InitiatorException, InterruptedException {
    int depth = RehearsalDriver.DEPTH;
    long dataBytes = (long) depth * RehearsalDriver.BLOCK_BYTES;
    BlkDriverOptions options =
        BlkDriverOptions.defaults()
            .withQueues(1, depth, depth)
            .withMemory(dataBytes + RehearsalDriver.BLOCK_BYTES, true)
            .withPoisonStatus(false);
    VirtioBlkDriver driver = VirtioBlkDriver.accept(front, options);
    long data = driver.memory().allocate(dataBytes, RehearsalDriver.BLOCK_BYTES);
    RehearsalDriver guest = new RehearsalDriver(driver.queue(0), data, BLOCKS);
    Reactor reactor = cores.polling().firstEntry().getValue();
    reactor.execute(() -> guest.begin(reactor));
    try {
      boolean ended = false;
      while (!ended
          && !ending.isDue(requests + guest.requests())
          && System.nanoTime() - endNanos < 0) {
        ended = guest.awaitEnd(LOOK_EVERY);
      }
    } finally {
      guest.stop();
      // Else the reactor hangs, or the whole process did, and it may still look at that memory.
      if (guest.awaitEnd(Duration.ofSeconds(STOP_SECONDS))) {
        requests += guest.requests();
        LOG.debug("rehearsed with {} requests", requests);
        epilogue.run();
        driver.close();
      }
    }
  }
}
