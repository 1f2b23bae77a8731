package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.stacked.SplitBdev;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The middle one of three parts is a bdev as any other. */
class SplitBdevTest extends BdevContract {
  private static final String UUID_OF_BASE = "123e4567-e89b-42d3-a456-426614174000";

  @Override
  String name() {
    return "basep1";
  }

  @Override
  Bdev newBdev(String name) throws BdevException {
    registry.register(
        MallocBdev.create("base", UUID.fromString(UUID_OF_BASE), BLOCK, BLOCK, 3 * BLOCKS + 1));
    List<SplitBdev> parts = SplitBdev.create(registry, "base", 3, 0, () -> {});
    registry.register(parts.get(0));
    registry.register(parts.get(2));
    return parts.get(1);
  }

  @Test
  void aPartCoversItsOwnBlocksOfTheBaseAndNoOther() throws Exception {
    byte[] data = noise(1, SIZE);
    write(0, data);
    BdevDescriptor below = registry.open("base", false, new Indifferent());
    opening.closeChannel(channel);
    channel = below.openChannel(reactor);

    byte[] first = read(0, SIZE);
    byte[] second = read(SIZE, SIZE);
    byte[] third = read(2 * SIZE, SIZE);

    assertThat(first).containsOnly(0);
    assertThat(second).isEqualTo(data);
    assertThat(third).containsOnly(0);
    below.closeChannel(channel);
    below.close();
    channel = opening.openChannel(reactor);
  }

  @Test
  void noRequestReachesTheNextPart() {
    assertThat(run(IoType.WRITE, SIZE - BLOCK, 2 * BLOCK)).isEqualTo(IoStatus.OUT_OF_RANGE);
    assertThat(run(IoType.WRITE, SIZE, BLOCK)).isEqualTo(IoStatus.OUT_OF_RANGE);
    assertThat(run(IoType.WRITE, -BLOCK, BLOCK)).isEqualTo(IoStatus.OUT_OF_RANGE);
  }

  @Test
  void partsOfASizeAreAsManyAsAskedForOrFit() throws BdevException {
    registry.register(MallocBdev.create("mib", UUID.randomUUID(), 4096, 4096, 5 * 256));

    List<SplitBdev> fitting = SplitBdev.create(registry, "mib", 9, 2, () -> {});

    assertThat(fitting).extracting(Bdev::name).containsExactly("mibp0", "mibp1");
    assertThat(fitting).extracting(Bdev::sizeBytes).containsOnly(2L << 20);
    assertThat(fitting.get(1).driverSpecific())
        .hasToString("{split={base_bdev=mib, offset_blocks=512}}");
    fitting.forEach(BdevRegistry::discard);
  }

  @Test
  void whatCannotBeSplitIsRefusedAndNotClaimed() throws BdevException {
    MallocBdev small = MallocBdev.create("small", UUID.randomUUID(), 512, 512, 8);
    registry.register(small);
    for (long[] countAndSize : new long[][] {{0, 0}, {-1, 0}, {9, 0}, {1, 1}}) {
      assertThatThrownBy(
              () -> SplitBdev.create(registry, "small", countAndSize[0], countAndSize[1], () -> {}))
          .as(Arrays.toString(countAndSize))
          .isInstanceOf(BdevException.class)
          .hasMessageContaining("bdev small of");
      assertThat(registry.isClaimed(small)).isFalse();
    }
    List<SplitBdev> most = SplitBdev.create(registry, "small", 8, 0, () -> {});
    assertThat(most).hasSize(8);
    most.forEach(BdevRegistry::discard);
  }

  @Test
  void theBaseIsGivenBackWithTheLastPart() throws BdevException {
    MallocBdev halved = MallocBdev.create("halved", UUID.randomUUID(), 512, 512, 8);
    registry.register(halved);
    boolean[] released = new boolean[1];
    List<SplitBdev> parts = SplitBdev.create(registry, "halved", 2, 0, () -> released[0] = true);
    for (SplitBdev part : parts) {
      registry.register(part);
    }

    registry.remove("halvedp0");
    assertThat(registry.isClaimed(halved)).isTrue();
    assertThat(released[0]).isFalse();
    registry.remove("halvedp1");

    assertThat(registry.isClaimed(halved)).isFalse();
    assertThat(released[0]).isTrue();
  }

  @Test
  void aPartHasTheUuidThatSpdkWouldGiveIt() throws BdevException {
    BdevRegistry spdks = new BdevRegistry();
    spdks.register(MallocBdev.create("m", UUID.fromString(UUID_OF_BASE), 512, 512, 128));

    List<SplitBdev> parts = SplitBdev.create(spdks, "m", 2, 0, () -> {});

    assertThat(parts.get(1).properties().uuid())
        .hasToString("3e3cf73b-fca5-54c9-901e-904ec76b3c66");
    parts.forEach(BdevRegistry::discard);
    spdks.remove("m");
  }
}
