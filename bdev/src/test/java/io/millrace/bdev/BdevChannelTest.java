package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.reactor.Reactor;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a channel does for every module: checks, counts, sharing, cancel. */
class BdevChannelTest {
  private static final int BLOCK = ManualBdev.BLOCK;

  private final Reactor reactor = Reactor.stepped("stepped");
  private final ManualBdev bdev = new ManualBdev("manual");
  private BdevChannel channel;

  @BeforeEach
  void open() throws BdevException {
    channel = bdev.acquireChannel(reactor);
  }

  @AfterEach
  void close() {
    reactor.close();
  }

  private TestIo submitted(IoType type, long offsetBytes, long lengthBytes) {
    TestIo io = TestIo.of(type, offsetBytes, lengthBytes);
    channel.submit(io);
    return io;
  }

  @Test
  void aRequestIsTheModulesUntilItEndsIt() {
    TestIo io = submitted(IoType.READ, 0, BLOCK);

    assertThat(bdev.started).containsExactly(io);
    assertThat(io.statuses).isEmpty();
    assertThat(channel.inFlightCount()).isEqualTo(1);

    io.complete(IoStatus.IO_ERROR, 100);

    assertThat(io.statuses).containsExactly(IoStatus.IO_ERROR);
    assertThat(io.transferredBytes()).isEqualTo(100);
    assertThat(channel.inFlightCount()).isZero();
  }

  @Test
  void requestsMayEndInAnyOrder() {
    List<TestIo> all =
        List.of(
            submitted(IoType.READ, 0, BLOCK),
            submitted(IoType.READ, 0, BLOCK),
            submitted(IoType.READ, 0, BLOCK));

    for (int i : new int[] {1, 2, 0}) {
      all.get(i).complete(IoStatus.SUCCESS, BLOCK);
    }

    assertThat(all).allMatch(TestIo::isDone);
    assertThat(channel.inFlightCount()).isZero();
  }

  @Test
  void aStartedRequestIsCancelledByItsModule() {
    TestIo io = submitted(IoType.READ, 0, BLOCK);

    channel.cancel(io);
    channel.cancel(io);

    assertThat(bdev.stopped).containsExactly(io);
    assertThat(io.statuses).containsExactly(IoStatus.ABORTED);
    assertThat(channel.statistics().failures(IoStatus.ABORTED)).isEqualTo(1);
  }

  @Test
  void aRefusedRequestDoesNotReachTheModule() {
    TestIo io = submitted(IoType.READ, 0, BLOCK + 1);

    assertThat(bdev.started).isEmpty();
    assertThat(io.statuses).containsExactly(IoStatus.OUT_OF_RANGE);
  }

  @Test
  void aReadOnlyBdevRefusesEveryWriteAsReadOnlyAndNothingElse() throws BdevException {
    ManualBdev readOnly = new ManualBdev("ro", false, EnumSet.of(IoType.READ, IoType.FLUSH));
    channel = readOnly.acquireChannel(reactor);

    for (IoType type :
        List.of(IoType.WRITE, IoType.UNMAP, IoType.WRITE_ZEROES, IoType.ZONE_APPEND)) {
      assertThat(submitted(type, 0, BLOCK).statuses).containsExactly(IoStatus.READ_ONLY);
      assertThat(submitted(type, -1, 0).statuses).containsExactly(IoStatus.READ_ONLY);
    }
    assertThat(submitted(IoType.COMPARE, 0, BLOCK).statuses).containsExactly(IoStatus.UNSUPPORTED);
    assertThat(submitted(IoType.READ, 0, BLOCK).statuses).isEmpty();
    assertThat(submitted(IoType.FLUSH, 0, 0).statuses).isEmpty();
  }

  @Test
  void aWriteProtectedBdevThatCouldWriteRefusesTheSame() throws BdevException {
    ManualBdev readOnly =
        new ManualBdev("ro", false, EnumSet.of(IoType.READ, IoType.WRITE, IoType.COMPARE));
    channel = readOnly.acquireChannel(reactor);

    assertThat(submitted(IoType.WRITE, 0, BLOCK).statuses).containsExactly(IoStatus.READ_ONLY);
    assertThat(submitted(IoType.COMPARE, 0, BLOCK).statuses).isEmpty();
  }

  @Test
  void aTransferHasALimitThatZeroingHasNot() throws BdevException {
    bdev.resize(1L << 40);
    long most = BdevLimits.MAX_TRANSFER_BYTES;

    assertThat(submitted(IoType.READ, 0, most).statuses).isEmpty();
    assertThat(submitted(IoType.READ, 0, most + BLOCK).statuses)
        .containsExactly(IoStatus.OUT_OF_RANGE);
    assertThat(submitted(IoType.WRITE_ZEROES, 0, most + BLOCK).statuses).isEmpty();
  }

  @Test
  void aBdevThatShrinksRefusesWhatIsBehindItsEnd() {
    bdev.resize(10);

    assertThat(submitted(IoType.READ, 9 * BLOCK, BLOCK).statuses).isEmpty();
    assertThat(submitted(IoType.READ, 10 * BLOCK, BLOCK).statuses)
        .containsExactly(IoStatus.OUT_OF_RANGE);
  }

  @Test
  void usersOnOneReactorShareAChannelAndTheLastOneClosesIt() throws BdevException {
    BdevChannel second = bdev.acquireChannel(reactor);
    assertThat(second).isSameAs(channel);

    bdev.releaseChannel(channel);
    assertThat(bdev.channelsReleased).isZero();
    bdev.releaseChannel(channel);
    assertThat(bdev.channelsReleased).isEqualTo(1);

    assertThat(bdev.acquireChannel(reactor)).isNotSameAs(channel);
    assertThat(bdev.channelsMade).isEqualTo(2);
  }

  @Test
  void aChannelThatCannotBeMadeIsNobodys() throws BdevException {
    bdev.releaseChannel(channel);
    bdev.refusesChannels = true;

    assertThatThrownBy(() -> bdev.acquireChannel(reactor)).isInstanceOf(BdevException.class);

    bdev.refusesChannels = false;
    assertThat(bdev.acquireChannel(reactor).bdev()).isSameAs(bdev);
  }

  @Test
  void aRequestGrowsRoomForItsSegmentsAndKeepsIt() {
    TestIo io = TestIo.of(IoType.WRITE, 0, 100 * BLOCK);
    for (int i = 0; i < 100; i++) {
      io.addSegment(4096L * i, BLOCK + i);
    }

    assertThat(io.segmentCount()).isEqualTo(100);
    for (int i = 0; i < 100; i++) {
      assertThat(io.segmentAddress(i)).isEqualTo(4096L * i);
      assertThat(io.segmentBytes(i)).isEqualTo(BLOCK + i);
    }
    io.begin(IoType.READ, 0, BLOCK);
    assertThat(io.segmentCount()).isZero();
  }

  @Test
  void beginningForgetsEverythingOfTheUseBefore() {
    TestIo io = TestIo.of(IoType.WRITE, BLOCK, BLOCK);
    io.forceUnitAccess();
    io.moduleSlot(7);
    channel.submit(io);
    io.complete(IoStatus.SUCCESS, BLOCK);

    io.begin(IoType.READ, 0, 2 * BLOCK);

    assertThat(io.isForceUnitAccess()).isFalse();
    assertThat(io.transferredBytes()).isZero();
    assertThat(io.appendedOffsetBytes()).isEqualTo(-1);
    assertThat(io.metadataAddress()).isZero();
    assertThat(io.heldLock()).isNull();
    assertThat(io.moduleSlot()).isEqualTo(7);
    assertThat(io.toString()).isEqualTo("READ 0+1024 FREE");
  }
}
