package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.bdev.file.FileEngineKind;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.server.MovableRing;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Rings that move between reactors: their guest sees nothing of it. */
@Timeout(120)
class RingMoveTest {
  private static final int QUEUES = 4;
  private static final int MOVES = 300;

  @TempDir Path folder;
  private BlkTarget target;
  private RingMoves moves;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(3);
    moves = new RingMoves(target, 5);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  enum Disk {
    NULL,
    MALLOC,
    URING,
    THREADS,
    REGISTERED;

    Path serve(BlkTarget target, Path folder) throws Exception {
      Path image = folder.resolve("image");
      return switch (this) {
        case NULL -> target.serveNull("disk");
        case MALLOC -> target.serveMalloc("disk");
        case URING ->
            target.serveFile(
                image, FileBdevOptions.of("disk", image).withEngine(FileEngineKind.IO_URING));
        case THREADS ->
            target.serveFile(
                image, FileBdevOptions.of("disk", image).withEngine(FileEngineKind.THREADS));
        case REGISTERED -> target.serveFileRegistered("disk", image);
      };
    }
  }

  static Stream<Arguments> disksAndRings() {
    return Stream.of(Disk.values())
        .flatMap(disk -> Stream.of(RingFormat.values()).map(format -> Arguments.of(disk, format)));
  }

  static BlkDriverOptions options(RingFormat format) {
    long more =
        format == RingFormat.PACKED ? VirtioFeature.RING_PACKED | VirtioFeature.IN_ORDER : 0;
    return BlkDriverOptions.defaults()
        .withFrontend(FrontendOptions.defaults().withMoreFeatures(more))
        .withQueues(QUEUES, 64, VerifiedLoad.DEPTH);
  }

  static List<VerifiedLoad> load(VirtioBlkDriver driver, boolean keeps) {
    List<VerifiedLoad> loads = new ArrayList<>();
    for (int i = 0; i < driver.queueCount(); i++) {
      loads.add(new VerifiedLoad(driver, i, keeps, 100 + i));
    }
    return loads;
  }

  private static long completed(List<VerifiedLoad> loads) {
    return loads.stream().mapToLong(VerifiedLoad::completed).sum();
  }

  @ParameterizedTest
  @MethodSource("disksAndRings")
  void aGuestUnderLoadSeesNothingOfHundredsOfMoves(Disk disk, RingFormat format) throws Exception {
    Path socket = disk.serve(target, folder);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(format))) {
      List<VerifiedLoad> loads = load(driver, disk != Disk.NULL);

      while (moves.moved() < MOVES) {
        long before = completed(loads);
        moves.moveAll();
        BlkTarget.await("the load goes on", () -> completed(loads) > before);
      }

      for (VerifiedLoad load : loads) {
        load.close();
      }
      driver.stop(); // checks that each ring stops where its driver stands
    }
  }

  @Test
  void anIdleRingMovesAndIsWokenByTheNextKick() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults())) {
      MovableRing ring = moves.rings().getFirst();
      for (Reactor reactor : target.reactors.values()) {
        long buffer = driver.memory().allocate(512, 512);
        boolean there = ring.reactor().equals(reactor);
        assertThat(moves.move(ring, reactor)).isNotEqualTo(there);
        BlkTarget.await("the reactor sleeps", () -> reactor.restingCount() == 1);

        assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 512, BlkTarget.DEADLINE_NANOS))
            .isEqualTo(VirtioBlk.S_OK);
      }
    }
  }

  @Test
  void aRingWithARequestThatHangsStaysAndGoesOn() throws Exception {
    RecordingBdev disk = RecordingBdev.withCache(true);
    Path socket = target.serve(disk, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults())) {
      BlkQueue queue = driver.queue(0);
      long buffer = driver.memory().allocate(512, 512);
      MovableRing ring = moves.rings().getFirst();
      Reactor home = ring.reactor();
      hang(disk, queue, buffer);

      boolean moved = moves.move(ring, other(home));

      assertThat(moved).isFalse();
      assertThat(ring.reactor()).isEqualTo(home);
      queue.submit(VirtioBlk.T_IN, 8, buffer, 512, 2);
      queue.kick(); // writes no event where the ring forgot to ask for it
      awaitAnswer(queue, 2);
      disk.release(home, IoStatus.SUCCESS);
      awaitAnswer(queue, 1);
      assertThat(moves.move(ring, other(home))).isTrue();
      queue.submit(VirtioBlk.T_IN, 8, buffer, 512, 3);
      queue.kick();
      awaitAnswer(queue, 3);
    }
  }

  @Test
  void aRingThatFreezesInTheMidstOfItsWorkGoesOnAfterwards() throws Exception {
    RecordingBdev disk = RecordingBdev.withCache(true);
    Path socket = target.serve(disk, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults())) {
      BlkQueue queue = driver.queue(0);
      long buffer = driver.memory().allocate(512, 512);
      MovableRing ring = moves.rings().getFirst();
      Reactor home = ring.reactor();
      hang(disk, queue, buffer);

      CompletableFuture<Boolean> moved = moves.begin(ring, other(home));
      do { // the ring freezes while it is polled, and rests without having asked for kicks
        queue.submit(VirtioBlk.T_IN, 8, buffer, 512, 2);
        queue.kick();
        awaitAnswer(queue, 2);
      } while (!moved.isDone());

      assertThat(moved).isCompletedWithValue(false);
      disk.release(home, IoStatus.SUCCESS);
      awaitAnswer(queue, 1);
    }
  }

  /** Has request 1 under way that the disk does not answer; it answers later ones. */
  private static void hang(RecordingBdev disk, BlkQueue queue, long buffer) {
    disk.holds = true;
    queue.submit(VirtioBlk.T_IN, 0, buffer, 512, 1);
    queue.kick();
    BlkTarget.await("the disk has it", () -> disk.held.size() == 1);
    disk.holds = false;
  }

  private static void awaitAnswer(BlkQueue queue, long token) {
    long[] answered = {0};
    BlkTarget.await(
        "request " + token + " is answered",
        () -> queue.poll((which, status, written) -> answered[0] = which) > 0);
    assertThat(answered[0]).isEqualTo(token);
  }

  @Test
  void aRingStaysWhenTheOtherReactorDoesNotAnswer() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults())) {
      MovableRing ring = moves.rings().getFirst();
      Reactor home = ring.reactor();
      Reactor stuck = other(home);
      CountDownLatch release = new CountDownLatch(1);
      stuck.execute(() -> awaitUninterruptibly(release));
      long buffer = driver.memory().allocate(512, 512);

      boolean moved = moves.move(ring, stuck);

      assertThat(moved).isFalse();
      assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 512, BlkTarget.DEADLINE_NANOS))
          .isEqualTo(VirtioBlk.S_OK);
      release.countDown();
      BlkTarget.run(stuck, () -> {}); // it has asked for the freeze, too late
      assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 512, BlkTarget.DEADLINE_NANOS))
          .isEqualTo(VirtioBlk.S_OK);
      assertThat(moves.move(ring, stuck)).isTrue();
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aRingTakesItsMemoryAlong() throws Exception {
    Path socket = target.serveMalloc("disk");
    long address = 1L << 40;
    try (GuestMemory extra = GuestMemory.create(1 << 20, address, true);
        RawRing ring = new RawRing(socket, true)) {
      MovableRing movable = moves.rings().getFirst();
      ring.frontend.tell(new FrontendMessage.AddMemReg(extra.region()), List.of(extra.file()));
      assertThat(moves.move(movable, other(movable.reactor()))).isTrue();

      offerRead(ring, address);
      ring.awaitUsed(1);
      assertThat(ring.status()).isEqualTo(VirtioBlk.S_OK);

      ring.frontend.tell(new FrontendMessage.RemMemReg(extra.region()));
      assertThat(moves.move(movable, other(movable.reactor()))).isTrue();
      offerRead(ring, address);
      ring.awaitUsed(2);
      assertThat(ring.usedBytes(1)).isZero(); // refused
    }
  }

  private static void offerRead(RawRing ring, long dataAddress) {
    ring.validRead(0, 0);
    ring.descriptor(1, dataAddress, 512, RawRing.NEXT | RawRing.WRITE, 2);
    ring.offer(0);
  }

  private Reactor other(Reactor home) {
    return target.reactors.values().stream().filter(r -> !r.equals(home)).findFirst().orElseThrow();
  }

  @Test
  void aRingThatCannotStartElsewhereGoesOnWhereItWas() throws Exception {
    Path socket = target.serve(new Homely(), false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults())) {
      MovableRing ring = moves.rings().getFirst();
      Reactor home = ring.reactor();
      long buffer = driver.memory().allocate(512, 512);

      boolean moved = moves.move(ring, other(home));

      assertThat(moved).isFalse();
      assertThat(ring.reactor()).isEqualTo(home);
      assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 512, BlkTarget.DEADLINE_NANOS))
          .isEqualTo(VirtioBlk.S_OK);
    }
  }

  /** Has channels on one reactor only, the first that asks. */
  private static final class Homely extends Bdev {
    private Reactor home;

    Homely() {
      super(
          new BdevProperties(
              "disk",
              UUID.randomUUID(),
              "Disk of one reactor",
              512,
              512,
              1024,
              true,
              false,
              BdevLimits.NONE,
              EnumSet.of(IoType.READ)));
    }

    @Override
    protected BdevChannel newChannel(Reactor reactor) throws BdevException {
      home = home == null ? reactor : home;
      if (!home.equals(reactor)) {
        throw new BdevException(Kind.SYSTEM, "no channel on " + reactor.name());
      }
      return new BdevChannel(this, reactor) {
        @Override
        protected void start(io.millrace.bdev.BdevIo io) {
          io.complete(IoStatus.SUCCESS, io.lengthBytes());
        }
      };
    }
  }
}
