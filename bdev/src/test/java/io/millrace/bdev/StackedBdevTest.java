package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.stacked.PassthruBdev;
import io.millrace.reactor.Reactor;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What every stacked bdev does, shown by passthru over a base whose requests the test ends. */
class StackedBdevTest {
  private static final int BLOCK = ManualBdev.BLOCK;

  private final Reactor reactor = Reactor.stepped("stepped");
  private final BdevRegistry registry = new BdevRegistry();
  private final ManualBdev base = new ManualBdev("base");
  private final List<String> events = new ArrayList<>();

  @AfterEach
  void close() {
    reactor.close();
  }

  private Bdev stacked(String baseName, String name) throws BdevException {
    Bdev bdev = PassthruBdev.create(registry, baseName, name, null);
    registry.register(bdev);
    return bdev;
  }

  private BdevChannel overBase() throws BdevException {
    registry.register(base);
    return stacked("base", "top").acquireChannel(reactor);
  }

  private final class Opener implements BdevListener {
    @Override
    public void removed() {
      events.add("removed");
    }

    @Override
    public void resized() {
      events.add("resized");
    }
  }

  @Test
  void aRequestGoesDownAsItIs() throws BdevException {
    BdevChannel channel = overBase();
    TestIo io = TestIo.of(IoType.WRITE, 3 * BLOCK, 9 * BLOCK);
    for (int i = 0; i < 9; i++) {
      io.addSegment(4096L * (i + 1), BLOCK);
    }
    io.forceUnitAccess();
    channel.submit(io);

    BdevIo below = base.started.getFirst();
    assertThat(below).isNotSameAs(io);
    assertThat(below.type()).isEqualTo(IoType.WRITE);
    assertThat(below.offsetBytes()).isEqualTo(3 * BLOCK);
    assertThat(below.lengthBytes()).isEqualTo(9 * BLOCK);
    assertThat(below.isForceUnitAccess()).isTrue();
    assertThat(below.segmentCount()).isEqualTo(9);
    for (int i = 0; i < 9; i++) {
      assertThat(below.segmentAddress(i)).isEqualTo(4096L * (i + 1));
      assertThat(below.segmentBytes(i)).isEqualTo(BLOCK);
    }

    below.complete(IoStatus.NO_SPACE, 700);

    assertThat(io.statuses).containsExactly(IoStatus.NO_SPACE);
    assertThat(io.transferredBytes()).isEqualTo(700);
  }

  @Test
  void aReusedRequestBelowForgetsTheOneBefore() throws BdevException {
    BdevChannel channel = overBase();
    TestIo first = TestIo.of(IoType.WRITE, 0, BLOCK);
    first.addSegment(4096, BLOCK);
    first.forceUnitAccess();
    channel.submit(first);
    base.started.getFirst().complete(IoStatus.SUCCESS, BLOCK);

    channel.submit(TestIo.of(IoType.FLUSH, 0, 0));

    BdevIo below = base.started.get(1);
    assertThat(below).as("taken from the pool again").isSameAs(base.started.getFirst());
    assertThat(below.isForceUnitAccess()).isFalse();
    assertThat(below.segmentCount()).isZero();
    below.complete(IoStatus.SUCCESS, 0);
  }

  @Test
  void aCancelGoesDownAndTheRequestEndsOnce() throws BdevException {
    BdevChannel channel = overBase();
    TestIo one = TestIo.of(IoType.READ, 0, BLOCK);
    TestIo two = TestIo.of(IoType.READ, 0, BLOCK);
    channel.submit(one);
    channel.submit(two);

    channel.cancel(one);
    channel.cancel(one);

    assertThat(base.stopped).containsExactly(base.started.getFirst());
    assertThat(one.statuses).containsExactly(IoStatus.ABORTED);
    assertThat(two.statuses).isEmpty();
    base.started.get(1).complete(IoStatus.SUCCESS, BLOCK);
  }

  @Test
  void aLockAboveKeepsAWriteFromTheBaseAndALockBelowLetsItWaitThere() throws BdevException {
    BdevChannel channel = overBase();
    Bdev top = channel.bdev();
    List<RangeLock> locks = new ArrayList<>();
    top.lockRange(reactor, 0, BLOCK, locks::add);
    reactor.runOnce(0);
    reactor.runOnce(0);
    TestIo write = TestIo.of(IoType.WRITE, 0, BLOCK);
    channel.submit(write);
    assertThat(base.started).isEmpty();

    base.lockRange(reactor, 0, BLOCK, locks::add);
    reactor.runOnce(0);
    reactor.runOnce(0);
    top.unlockRange(locks.getFirst());
    reactor.runOnce(0);
    assertThat(base.started).as("the base's own lock holds").isEmpty();
    channel.cancel(write);
    assertThat(write.statuses).as("cancelled while it waits below").hasSize(1);
    TestIo second = TestIo.of(IoType.WRITE, 0, BLOCK);
    channel.submit(second);
    base.unlockRange(locks.get(1));
    reactor.runOnce(0);

    assertThat(base.started).hasSize(1);
    base.started.getFirst().complete(IoStatus.SUCCESS, BLOCK);
    assertThat(second.statuses).containsExactly(IoStatus.SUCCESS);
  }

  @Test
  void bothLayersCountWhatTheyDid() throws BdevException {
    BdevChannel channel = overBase();
    channel.submit(TestIo.of(IoType.READ, 0, BLOCK));
    base.started.getFirst().complete(IoStatus.SUCCESS, BLOCK);
    channel.submit(TestIo.of(IoType.READ, 0, BLOCK));
    base.started.get(1).complete(IoStatus.IO_ERROR, 0);

    for (Bdev layer : registry.all()) {
      assertThat(layer.statistics().bytes(IoType.READ)).isEqualTo(BLOCK);
      assertThat(layer.statistics().failures(IoStatus.IO_ERROR)).isEqualTo(1);
    }
  }

  @Test
  void theBaseIsClaimedUntilTheStackedBdevIsGone() throws BdevException {
    registry.register(base);
    stacked("base", "top");

    assertThat(registry.isClaimed(base)).isTrue();
    assertThatThrownBy(() -> registry.open("base", true, new Opener()))
        .hasMessageContaining("bdev base is claimed by passthru");
    assertThatThrownBy(() -> stacked("base", "second"))
        .isInstanceOfSatisfying(
            BdevException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CLAIMED));
    registry.remove("top");

    assertThat(registry.isClaimed(base)).isFalse();
    assertThat(registry.open("base", true, new Opener()).isWritable()).isTrue();
  }

  @Test
  void aNameThatIsTakenLeavesTheBaseFree() throws BdevException {
    registry.register(base);
    registry.register(new ManualBdev("top"));

    assertThatThrownBy(() -> stacked("base", "top")).hasMessageContaining("taken");
    assertThatThrownBy(() -> stacked("base", "x".repeat(256))).hasMessageContaining("characters");

    assertThat(registry.isClaimed(base)).isFalse();
  }

  @Test
  void overAReadOnlyBaseItIsReadOnly() throws BdevException {
    registry.register(new ManualBdev("ro", false, EnumSet.of(IoType.READ)));

    Bdev top = stacked("ro", "top");

    assertThat(top.properties().writable()).isFalse();
    TestIo write = TestIo.of(IoType.WRITE, 0, BLOCK);
    top.acquireChannel(reactor).submit(write);
    assertThat(write.statuses).containsExactly(IoStatus.READ_ONLY);
  }

  @Test
  void zoneAppendsAreNotOfferedAsTheirResultDoesNotComeUp() throws BdevException {
    registry.register(
        new ManualBdev("zoned", true, EnumSet.of(IoType.READ, IoType.ZONE_APPEND, IoType.COMPARE)));

    Bdev top = stacked("zoned", "top");

    assertThat(top.properties().types()).containsExactlyInAnyOrder(IoType.READ, IoType.COMPARE);
  }

  @Test
  void removingTheBaseRemovesAllThatStandsOnItOnceItsOpenersHaveLetGo() throws BdevException {
    registry.register(base);
    stacked("base", "middle");
    stacked("middle", "top");
    BdevDescriptor opening = registry.open("top", true, new Opener());
    BdevChannel channel = opening.openChannel(reactor);
    TestIo inFlight = TestIo.of(IoType.READ, 0, BLOCK);
    channel.submit(inFlight);

    CompletionStage<Void> gone = registry.remove("base");

    assertThat(events).containsExactly("removed");
    assertThat(gone.toCompletableFuture()).isNotDone();
    base.started.getFirst().complete(IoStatus.SUCCESS, BLOCK);
    assertThat(inFlight.statuses).containsExactly(IoStatus.SUCCESS);
    opening.closeChannel(channel);
    opening.close();
    assertThat(gone.toCompletableFuture()).isDone();
    assertThat(registry.all()).isEmpty();
    assertThat(base.channelsReleased).isEqualTo(1);
    assertThat(base.destroyed).isEqualTo(1);
  }

  @Test
  void anotherSizeOfTheBaseGoesAllTheWayUp() throws BdevException {
    registry.register(base);
    stacked("base", "middle");
    Bdev top = stacked("middle", "top");
    registry.open("top", true, new Opener());

    base.resize(7);
    registry.resized(base);
    registry.resized(base);

    assertThat(top.blockCount()).isEqualTo(7);
    assertThat(events).containsExactly("resized");
  }

  @Test
  void aBaseThatHasNoChannelGivesNoneAbove() throws BdevException {
    registry.register(base);
    Bdev top = stacked("base", "top");
    base.refusesChannels = true;

    assertThatThrownBy(() -> top.acquireChannel(reactor)).hasMessageContaining("no channel today");

    base.refusesChannels = false;
    BdevChannel channel = top.acquireChannel(reactor);
    top.releaseChannel(channel);
    assertThat(base.channelsReleased).isEqualTo(1);
  }

  @Test
  void aPassthruHasTheUuidThatSpdkWouldGiveIt() throws BdevException {
    UUID uuid = UUID.fromString("123e4567-e89b-42d3-a456-426614174000");
    registry.register(new NullBdev("n", uuid, 512, 512, 8));

    assertThat(stacked("n", "top").properties().uuid())
        .hasToString("abd7ad5e-2aec-5b90-a47f-ac5aa3ac1feb");
  }
}
