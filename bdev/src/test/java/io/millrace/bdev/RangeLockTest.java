package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Range locks of a bdev with channels on two reactors, both stepped by the test. */
class RangeLockTest {
  private static final int BLOCK = ManualBdev.BLOCK;

  private final Reactor here = Reactor.stepped("here");
  private final Reactor there = Reactor.stepped("there");
  private final ManualBdev bdev = new ManualBdev("manual");
  private final List<RangeLock> granted = new ArrayList<>();
  private BdevChannel near;
  private BdevChannel far;

  @BeforeEach
  void open() throws BdevException {
    near = bdev.acquireChannel(here);
    far = bdev.acquireChannel(there);
  }

  @AfterEach
  void close() {
    here.close();
    there.close();
  }

  private void step() {
    for (int i = 0; i < 3; i++) {
      here.runOnce(0);
      there.runOnce(0);
    }
  }

  private void lock(int block, int blocks) {
    bdev.lockRange(here, (long) block * BLOCK, (long) blocks * BLOCK, granted::add);
  }

  private static TestIo submit(BdevChannel channel, IoType type, int block, int blocks) {
    TestIo io = TestIo.of(type, (long) block * BLOCK, (long) blocks * BLOCK);
    channel.submit(io);
    return io;
  }

  private boolean isStarted(TestIo io) {
    return bdev.started.contains(io);
  }

  @Test
  void aLockOnAnIdleBdevIsGrantedOnItsReactor() {
    lock(4, 4);
    assertThat(granted).as("before the other reactor answered").isEmpty();
    here.runOnce(0);
    assertThat(granted).isEmpty();

    step();

    assertThat(granted).hasSize(1);
  }

  @Test
  void aLockWaitsForOverlappingWritesOnEveryReactor() {
    TestIo nearWrite = submit(near, IoType.WRITE, 5, 1);
    TestIo farWrite = submit(far, IoType.WRITE_ZEROES, 0, 5);
    lock(4, 4);
    step();
    assertThat(granted).isEmpty();

    nearWrite.complete(IoStatus.SUCCESS, BLOCK);
    step();
    assertThat(granted).isEmpty();
    farWrite.complete(IoStatus.SUCCESS, BLOCK);
    step();

    assertThat(granted).hasSize(1);
  }

  @Test
  void aLockWaitsNeitherForReadsNorForWritesBesideIt() {
    submit(near, IoType.READ, 4, 4);
    submit(near, IoType.FLUSH, 0, 0);
    submit(near, IoType.WRITE, 3, 1);
    submit(far, IoType.WRITE, 8, 1);

    lock(4, 4);
    step();

    assertThat(granted).hasSize(1);
  }

  @Test
  void writesIntoALockedRangeWaitAndStartOldestFirst() {
    lock(4, 4);
    step();
    TestIo first = submit(near, IoType.WRITE, 7, 2);
    TestIo second = submit(near, IoType.WRITE_ZEROES, 0, 5);
    TestIo elsewhere = submit(far, IoType.WRITE, 4, 1);
    assertThat(bdev.started).isEmpty();
    assertThat(near.inFlightCount()).isEqualTo(2);

    bdev.unlockRange(granted.getFirst());
    step();

    assertThat(bdev.started).containsExactly(first, second, elsewhere);
  }

  @Test
  void readsAndWritesBesideALockDoNotWait() {
    lock(4, 4);
    step();

    assertThat(isStarted(submit(near, IoType.READ, 4, 4))).isTrue();
    assertThat(isStarted(submit(near, IoType.FLUSH, 0, 0))).isTrue();
    assertThat(isStarted(submit(near, IoType.WRITE, 3, 1))).isTrue();
    assertThat(isStarted(submit(far, IoType.WRITE, 8, 1))).isTrue();
  }

  @Test
  void theHolderMayWrite() {
    lock(4, 4);
    step();
    TestIo io = TestIo.of(IoType.WRITE, 4 * BLOCK, BLOCK);
    io.heldLock(granted.getFirst());

    near.submit(io);

    assertThat(isStarted(io)).isTrue();
  }

  @Test
  void aChannelOpenedMeanwhileKeepsTheLock() throws BdevException {
    lock(4, 4);
    step();
    bdev.releaseChannel(far);
    BdevChannel late = bdev.acquireChannel(there);

    TestIo io = submit(late, IoType.WRITE, 4, 1);
    assertThat(isStarted(io)).isFalse();

    bdev.unlockRange(granted.getFirst());
    step();
    assertThat(isStarted(io)).isTrue();
  }

  @Test
  void aWaitingWriteCanBeCancelled() {
    lock(4, 4);
    step();
    TestIo io = submit(near, IoType.WRITE, 4, 1);

    near.cancel(io);
    assertThat(io.statuses).containsExactly(IoStatus.ABORTED);

    bdev.unlockRange(granted.getFirst());
    step();
    assertThat(isStarted(io)).isFalse();
    assertThat(io.statuses).hasSize(1);
    assertThat(near.inFlightCount()).isZero();
  }

  @Test
  void aCancelledWriteThatALockWaitsForLetsItGo() {
    TestIo io = submit(near, IoType.WRITE, 4, 1);
    lock(4, 4);
    step();

    near.cancel(io);
    step();

    assertThat(granted).hasSize(1);
  }

  @Test
  void aCancelledWaiterIsNotTakenForTheWriteThatALockWaitsFor() {
    TestIo started = submit(near, IoType.WRITE, 4, 1);
    lock(4, 4);
    step();
    TestIo waiter = submit(near, IoType.WRITE, 5, 1);

    near.cancel(waiter);
    step();
    assertThat(granted).isEmpty();

    started.complete(IoStatus.SUCCESS, BLOCK);
    step();
    assertThat(granted).hasSize(1);
  }

  @Test
  void twoLocksOfOneRangeAreHeldOneAfterTheOther() {
    lock(4, 4);
    lock(7, 1);
    lock(0, 5);
    step();
    assertThat(granted).hasSize(1);

    bdev.unlockRange(granted.get(0));
    step();
    assertThat(granted).as("the other two do not overlap").hasSize(3);

    bdev.unlockRange(granted.get(1));
    bdev.unlockRange(granted.get(2));
    step();
    assertThat(isStarted(submit(near, IoType.WRITE, 0, 16))).isTrue();
  }

  @Test
  void aLockDoesNotOvertakeAnOlderOneThatItOverlaps() {
    lock(4, 4);
    lock(6, 4); // waits for the first
    lock(9, 1); // overlaps only the second
    step();
    assertThat(granted).hasSize(1);

    bdev.unlockRange(granted.get(0));
    step();
    assertThat(granted).hasSize(2);
    bdev.unlockRange(granted.get(1));
    step();
    assertThat(granted).hasSize(3);
  }

  @Test
  void theHoldersWriteIsNotHeldUpByWhoWaitsForTheRange() {
    lock(4, 4);
    lock(4, 4);
    step();
    TestIo io = TestIo.of(IoType.WRITE, 4 * BLOCK, BLOCK);
    io.heldLock(granted.getFirst());

    near.submit(io);

    assertThat(isStarted(io)).isTrue();
  }

  @Test
  void locksBesideEachOtherAreHeldAtOnce() {
    lock(0, 4);
    lock(4, 4);
    step();

    assertThat(granted).hasSize(2);
  }

  @Test
  void aWaiterWhoseStartEndsAnotherWaiterLosesNobody() {
    lock(0, 16);
    step();
    List<TestIo> waiters = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      waiters.add(submit(near, IoType.WRITE, i, 1));
    }
    // The first to start gives up on the second, which uses its request again at once.
    bdev.onStart =
        io -> {
          bdev.onStart = null;
          TestIo second = waiters.get(1);
          second.whenCompleted =
              () -> {
                second.whenCompleted = null;
                second.begin(IoType.READ, 0, BLOCK);
                near.submit(second);
              };
          near.cancel(second);
        };

    bdev.unlockRange(granted.getFirst());
    step();

    assertThat(bdev.started)
        .contains(waiters.get(0), waiters.get(1), waiters.get(2), waiters.get(3));
    assertThat(waiters.get(1).statuses).containsExactly(IoStatus.ABORTED);
  }

  @Test
  void aReactorThatEndedDoesNotHoldUpALock() {
    there.close();

    lock(4, 4);
    step(here);

    assertThat(granted).hasSize(1);
  }

  private static void step(Reactor reactor) {
    for (int i = 0; i < 3; i++) {
      reactor.runOnce(0);
    }
  }
}
