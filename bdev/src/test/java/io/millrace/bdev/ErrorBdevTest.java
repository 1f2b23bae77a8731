package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.stacked.ErrorBdev;
import io.millrace.bdev.stacked.Injection;
import io.millrace.bdev.stacked.Injection.Kind;
import io.millrace.linux.RawMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** An error bdev is a bdev as any other, until an error is injected. */
class ErrorBdevTest extends BdevContract {
  private ErrorBdev error;

  @Override
  String name() {
    return "EE_base";
  }

  @Override
  Bdev newBdev(String name) throws BdevException {
    registry.register(MallocBdev.create("base", UUID.randomUUID(), BLOCK, 4096, BLOCKS));
    error = ErrorBdev.create(registry, "base", null, () -> {});
    return error;
  }

  private static Injection of(Kind kind, long count) {
    return new Injection(kind, count, 0, 0, 1);
  }

  private static Injection corrupting(long offset, int value) {
    return new Injection(Kind.CORRUPT_DATA, 1, 0, offset, value);
  }

  static Stream<IoType> hitTypes() {
    return ErrorBdev.TYPES.stream();
  }

  @ParameterizedTest
  @MethodSource("hitTypes")
  void exactlySoManyRequestsOfTheTypeFail(IoType type) {
    error.inject(type, of(Kind.FAILURE, 3));

    for (int i = 0; i < 3; i++) {
      TestIo io = io(type, 0, BLOCK);
      assertThat(run(io)).isEqualTo(IoStatus.IO_ERROR);
      assertThat(io.transferredBytes()).isZero();
    }
    assertThat(run(type, 0, BLOCK)).isEqualTo(IoStatus.SUCCESS);
  }

  @Test
  void otherTypesDoNotFail() {
    error.inject(IoType.READ, of(Kind.FAILURE, 1));

    for (IoType type : List.of(IoType.WRITE, IoType.UNMAP, IoType.FLUSH, IoType.WRITE_ZEROES)) {
      assertThat(run(type, 0, BLOCK)).isEqualTo(IoStatus.SUCCESS);
    }
    assertThat(run(IoType.READ, 0, BLOCK)).isEqualTo(IoStatus.IO_ERROR);
  }

  @Test
  void allIsEveryTypeWithACountOfItsOwnAndClearEndsIt() {
    error.injectAll(of(Kind.NVME_FAILURE, 2));

    for (IoType type : ErrorBdev.TYPES) {
      assertThat(run(type, 0, BLOCK)).as("%s", type).isEqualTo(IoStatus.IO_ERROR);
    }
    assertThat(run(IoType.WRITE_ZEROES, 0, BLOCK)).isEqualTo(IoStatus.SUCCESS);
    error.clear();
    for (IoType type : ErrorBdev.TYPES) {
      assertThat(run(type, 0, BLOCK)).as("%s", type).isEqualTo(IoStatus.SUCCESS);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"WRITE_ZEROES", "COMPARE", "ZONE_APPEND"})
  void noErrorIsMadeUpForOtherTypes(IoType type) {
    assertThatThrownBy(() -> error.inject(type, of(Kind.FAILURE, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(type.name());
  }

  @Test
  void aFailedWriteChangesNothing() {
    byte[] data = noise(1, BLOCK);
    write(0, data);
    error.inject(IoType.WRITE, of(Kind.FAILURE, 1));
    RawMemory.fill(at(0), BLOCK, (byte) 7);

    assertThat(run(IoType.WRITE, 0, BLOCK)).isEqualTo(IoStatus.IO_ERROR);

    assertThat(read(0, BLOCK)).isEqualTo(data);
  }

  @Test
  void oneByteOfWhatIsReadIsChangedAndTheDiskIsNot() {
    byte[] data = noise(2, 3 * BLOCK);
    write(0, data);
    error.inject(IoType.READ, corrupting(BLOCK + 5, 0x81));

    byte[] wrong = read(0, 3 * BLOCK);

    assertThat(wrong[BLOCK + 5]).isEqualTo((byte) (data[BLOCK + 5] ^ 0x81));
    wrong[BLOCK + 5] ^= (byte) 0x81;
    assertThat(wrong).isEqualTo(data);
    assertThat(read(0, 3 * BLOCK)).isEqualTo(data);
  }

  @Test
  void oneByteOfWhatIsWrittenIsChangedAndTheWritersMemoryIsNot() {
    for (int offset : new int[] {0, 1, 699, 700, 701, 3 * BLOCK - 1}) {
      byte[] data = noise(offset, 3 * BLOCK);
      RawMemory.put(data, 0, data.length, at(0));
      TestIo io = TestIo.of(IoType.WRITE, 0, data.length);
      io.addSegment(at(0), 700);
      io.addSegment(at(700), data.length - 700);
      error.inject(IoType.WRITE, corrupting(offset, 0xff));

      assertThat(run(io)).isEqualTo(IoStatus.SUCCESS);

      byte[] memory = new byte[data.length];
      RawMemory.get(at(0), memory, 0, memory.length);
      assertThat(memory).as("memory at %d", offset).isEqualTo(data);
      data[offset] ^= (byte) 0xff;
      assertThat(read(0, data.length)).as("disk at %d", offset).isEqualTo(data);
    }
  }

  @Test
  void aByteBehindTheDataIsNotChanged() {
    byte[] data = noise(3, BLOCK);
    error.inject(IoType.WRITE, corrupting(BLOCK, 1));
    error.inject(IoType.READ, corrupting(BLOCK, 1));

    write(0, data);

    assertThat(read(0, BLOCK)).isEqualTo(data);
  }

  @Test
  void aCorruptionThatChangesNothingIsRefused() {
    assertThatThrownBy(() -> corrupting(0, 0))
        .hasMessageContaining("corrupt_value 0 changes no bit");
  }

  @Test
  void pendingRequestsWaitUntilTheyAreResumed() {
    error.inject(IoType.READ, of(Kind.PENDING, 1));
    TestIo waiting = io(IoType.READ, 0, BLOCK);
    channel.submit(waiting);
    assertThat(run(IoType.READ, 0, BLOCK)).as("the one after it").isEqualTo(IoStatus.SUCCESS);
    now += 1_000_000_000_000L;
    reactor.runOnce(now);
    assertThat(waiting.statuses).isEmpty();

    error.resumePending();
    finish(waiting);

    assertThat(waiting.statuses).containsExactly(IoStatus.SUCCESS);
  }

  @Test
  void aPendingRequestCanBeCancelled() {
    error.inject(IoType.READ, of(Kind.PENDING, 2));
    TestIo one = io(IoType.READ, 0, BLOCK);
    TestIo two = io(IoType.READ, 0, BLOCK);
    channel.submit(one);
    channel.submit(two);

    channel.cancel(one);

    assertThat(one.statuses).containsExactly(IoStatus.ABORTED);
    error.resumePending();
    finish(two);
    assertThat(one.statuses).hasSize(1);
  }

  @Test
  void removingTheBdevAbortsWhatIsPendingAndKeepsNothingMore() throws Exception {
    error.inject(IoType.READ, of(Kind.PENDING, 10));
    TestIo waiting = io(IoType.READ, 0, BLOCK);
    channel.submit(waiting);

    registry.remove("base");
    reactor.runOnce(now);

    assertThat(waiting.statuses).containsExactly(IoStatus.ABORTED);
    assertThat(run(IoType.READ, 0, BLOCK)).isEqualTo(IoStatus.SUCCESS);
    opening.closeChannel(channel);
    opening.close();
    assertThat(registry.all()).isEmpty();
    registry.register(newBdev(name()));
    opening = registry.open(name(), true, new Indifferent());
    channel = opening.openChannel(reactor);
  }

  @Test
  void aRequestWithoutMemoryIsTriedAgainUntilThereIsSome() {
    error.inject(IoType.READ, of(Kind.NOMEM, 3));
    TestIo io = io(IoType.READ, 0, BLOCK);
    channel.submit(io);

    for (long millis : new long[] {0, 9, 10, 19, 20, 29}) {
      now = millis * 1_000_000;
      reactor.runOnce(now);
      assertThat(io.statuses).as("at %d ms", millis).isEmpty();
    }
    now = 30_000_000;
    reactor.runOnce(now);

    assertThat(io.statuses).containsExactly(IoStatus.SUCCESS);
  }

  @Test
  void errorsWithAQueueDepthHitOnlyAtThatDepth() throws BdevException {
    ManualBdev base = new ManualBdev("manual");
    registry.register(base);
    ErrorBdev deep = ErrorBdev.create(registry, "manual", null, () -> {});
    BdevChannel way = ((Bdev) deep).acquireChannel(reactor);
    deep.inject(IoType.READ, new Injection(Kind.FAILURE, 10, 2, 0, 0));
    List<TestIo> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      TestIo io = TestIo.of(IoType.READ, 0, BLOCK);
      all.add(io);
      way.submit(io);
    }

    assertThat(all.get(0).statuses).isEmpty();
    assertThat(all.get(1).statuses).isEmpty();
    assertThat(all.get(2).statuses).containsExactly(IoStatus.IO_ERROR);
    assertThat(all.get(3).statuses).containsExactly(IoStatus.IO_ERROR);
    base.started.get(0).complete(IoStatus.SUCCESS, BLOCK);
    TestIo after = TestIo.of(IoType.READ, 0, BLOCK);
    way.submit(after);
    assertThat(after.statuses).isEmpty();
    base.started.get(2).complete(IoStatus.SUCCESS, BLOCK);
    base.started.get(1).complete(IoStatus.SUCCESS, BLOCK);
    ((Bdev) deep).releaseChannel(way);
    BdevRegistry.discard(deep);
  }
}
