package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.server.DynamicPlacement;
import io.millrace.vhost.user.server.DynamicPlacement.Limits;
import io.millrace.vhost.user.server.MovableRing;
import io.millrace.vhost.user.server.RingBalancer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real rings on real reactors, which are busy. */
@Timeout(60)
class RingBalancerTest {
  private static final int DEPTH = 16;
  private static final int BYTES = 128 << 10; // the reactor copies, the driver touches none of it

  /** A machine that does other things as well may leave the driver little time for a load. */
  private static final Limits EAGER = new Limits(5, 100, 10);

  private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private BlkTarget target;
  private RingMoves moves;
  private RingBalancer balancer;
  private List<Reactor> reactors;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(2);
    moves = new RingMoves(target, 1);
    reactors = List.copyOf(target.reactors.values());
    balancer = new RingBalancer(target.control, reactors, target.controllers::rings);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  /** Keeps two queues busy from one thread, this one. */
  private static final class Load {
    private final VirtioBlkDriver driver;
    private final long buffer;

    Load(VirtioBlkDriver driver) {
      this.driver = driver;
      this.buffer = driver.memory().allocate((long) DEPTH * BYTES, 4096);
    }

    void step(int queues) {
      for (int i = 0; i < queues; i++) {
        BlkQueue queue = driver.queue(i);
        queue.poll((token, status, written) -> {});
        for (int n = 0; n < DEPTH; n++) {
          queue.submit(VirtioBlk.T_IN, 0, buffer + (long) n * BYTES, BYTES, n);
        }
        queue.kick();
      }
    }
  }

  private static BlkDriverOptions options() {
    return BlkDriverOptions.defaults().withQueues(2, 64, DEPTH);
  }

  private void begin() throws Exception {
    target.onControl(() -> {
      balancer.start(new DynamicPlacement(EAGER), PERIOD_NANOS);
      return null;
    });
  }

  private static List<Reactor> places(List<MovableRing> rings) {
    List<Reactor> places = new ArrayList<>();
    rings.forEach(ring -> places.add(ring.reactor()));
    return places;
  }

  private List<MovableRing> bothOnTheFirst() throws Exception {
    List<MovableRing> rings = moves.rings();
    for (MovableRing ring : rings) {
      moves.move(ring, reactors.getFirst());
    }
    assertThat(places(rings)).containsOnly(reactors.getFirst());
    return rings;
  }

  /** For as long as the balancer takes to look many times. */
  private static void forAWhile(Runnable step) {
    long end = System.nanoTime() + 30 * PERIOD_NANOS;
    while (System.nanoTime() < end) {
      step.run();
    }
  }

  @Test
  void twoBusyQueuesOnOneReactorEndOnTwoAndStayThere() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options())) {
      List<MovableRing> rings = bothOnTheFirst();
      Load load = new Load(driver);
      begin();

      BlkTarget.await(
          "each ring has a reactor of its own",
          () -> {
            load.step(2);
            return places(rings).containsAll(reactors);
          });

      List<Reactor> spread = places(rings);
      forAWhile(() -> {
        load.step(2);
        assertThat(places(rings)).isEqualTo(spread);
      });
    }
  }

  @Test
  void aBusyQueueBesideAnIdleOneStays() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options())) {
      List<MovableRing> rings = bothOnTheFirst();
      Load load = new Load(driver);
      begin();

      forAWhile(() -> load.step(1));

      assertThat(places(rings)).containsOnly(reactors.getFirst());
      assertThat(reactors.getFirst().statistics().busyNanos()).isPositive();
    }
  }

  @Test
  void nothingMovesWhenItIsStopped() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options())) {
      List<MovableRing> rings = bothOnTheFirst();
      Load load = new Load(driver);
      begin();
      target.onControl(() -> {
        balancer.stop();
        return null;
      });

      forAWhile(() -> load.step(2));

      assertThat(places(rings)).containsOnly(reactors.getFirst());
    }
  }
}
