package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.FrontendQueue;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.VringMessage;
import io.millrace.virtqueue.RingFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a front-end or an operator wants of a ring while it moves. */
@Timeout(120)
class RingMoveMessagesTest {
  private static final int ROUNDS = 100;

  private BlkTarget target;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(3);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  private interface Message {
    void send(VirtioBlkDriver driver, int queue) throws Exception;
  }

  /** Sends it again and again while loaded rings move; all goes on, and nothing is wrong. */
  private void sendUnderLoad(RingFormat format, Message message) throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, RingMoveTest.options(format))) {
      List<VerifiedLoad> loads = RingMoveTest.load(driver, true);
      int moved;
      try (RingMoves moves = new RingMoves(target, 3)) {
        moves.forEver();
        for (int i = 0; i < ROUNDS || moves.moved() < ROUNDS; i++) {
          message.send(driver, i % driver.queueCount());
        }
        moved = moves.moved();
        driver.frontend().barrier();
      }
      for (VerifiedLoad load : loads) {
        load.close();
      }
      driver.stop();
      assertThat(moved).isGreaterThanOrEqualTo(ROUNDS);
    }
  }

  @ParameterizedTest
  @EnumSource
  void memoryComesAndGoes(RingFormat format) throws Exception {
    try (GuestMemory extra = GuestMemory.create(1 << 20, 1L << 40, true)) {
      sendUnderLoad(
          format,
          (driver, queue) -> {
            driver
                .frontend()
                .tell(new FrontendMessage.AddMemReg(extra.region()), List.of(extra.file()));
            driver.frontend().tell(new FrontendMessage.RemMemReg(extra.region()));
          });
    }
  }

  @ParameterizedTest
  @EnumSource
  void kicksAndCallsAreGivenAnew(RingFormat format) throws Exception {
    sendUnderLoad(
        format,
        (driver, queue) -> {
          FrontendQueue events = driver.queue(queue).events();
          driver
              .frontend()
              .tell(new VringMessage.SetVringCall(queue, true), List.of(events.call()));
          driver
              .frontend()
              .tell(new VringMessage.SetVringKick(queue, true), List.of(events.kick()));
        });
  }

  @ParameterizedTest
  @EnumSource
  void ringsStopAndStart(RingFormat format) throws Exception {
    sendUnderLoad(
        format,
        (driver, queue) -> {
          driver.frontend().tell(new VringMessage.SetVringEnable(queue, false));
          driver.frontend().tell(new VringMessage.SetVringEnable(queue, true));
        });
  }

  @ParameterizedTest
  @EnumSource
  void ringsStopForGoodWhereTheirDriverStands(RingFormat format) throws Exception {
    Path socket = target.serveMalloc("disk");
    try (RingMoves moves = new RingMoves(target, 3)) {
      moves.forEver();
      for (int i = 0; i < ROUNDS / 4; i++) {
        try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, RingMoveTest.options(format))) {
          int before = moves.moved();
          List<VerifiedLoad> loads = RingMoveTest.load(driver, true);
          BlkTarget.await("its rings move", () -> moves.moved() > before + 4);
          for (VerifiedLoad load : loads) {
            load.close();
          }
          driver.stop(); // GET_VRING_BASE; fails where a ring stands elsewhere
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFrontEndThatGoesLeavesNothing(RingFormat format) throws Exception {
    Path socket = target.serveMalloc("disk");
    BlkDriverOptions options = RingMoveTest.options(format);
    try (RingMoves moves = new RingMoves(target, 3)) {
      moves.forEver();
      for (int i = 0; i < ROUNDS / 4; i++) {
        VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options);
        int before = moves.moved();
        long buffer = driver.memory().allocate(1 << 20, 4096);
        BlkTarget.await(
            "its rings move",
            () -> {
              for (int q = 0; q < driver.queueCount(); q++) {
                driver.queue(q).submit(0, 0, buffer + q * 4096L, 4096, 0);
                driver.queue(q).kick();
                driver.queue(q).poll((token, status, written) -> {});
              }
              return moves.moved() > before + 4;
            });

        driver.frontend().close();

        BlkTarget.await("the session has ended", () -> target.sessions("disk") == 0);
        driver.close();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDiskThatIsRemovedFailsItsRequestsAndGoes(RingFormat format) throws Exception {
    for (int i = 0; i < 10; i++) {
      String name = "disk" + i;
      Path socket = target.serveMalloc(name);
      try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, RingMoveTest.options(format));
          RingMoves moves = new RingMoves(target, i)) {
        moves.forEver();
        List<VerifiedLoad> loads = RingMoveTest.load(driver, true);
        BlkTarget.await("its rings move", () -> moves.moved() > 8);
        loads.forEach(VerifiedLoad::mayFail);

        CompletableFuture<?> removed =
            target.onControl(() -> target.bdevs.remove(name).toCompletableFuture());

        removed.get(20, TimeUnit.SECONDS);
        for (VerifiedLoad load : loads) {
          long before = load.completed();
          BlkTarget.await("requests still end", () -> load.completed() > before);
          load.close();
        }
      }
    }
    assertThat(target.bdevs.all()).isEmpty();
  }
}
