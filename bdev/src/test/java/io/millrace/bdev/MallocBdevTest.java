package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.reactor.Reactor;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class MallocBdevTest extends BdevContract {
  @Override
  Bdev newBdev(String name) throws BdevException {
    return MallocBdev.create(name, UUID.randomUUID(), BLOCK, 4096, BLOCKS);
  }

  @Test
  void unmappedBlocksReadAsZeroes() {
    write(0, noise(6, 4 * BLOCK));

    assertThat(run(IoType.UNMAP, 0, 4 * BLOCK)).isEqualTo(IoStatus.SUCCESS);

    assertThat(read(0, 4 * BLOCK)).containsOnly(0);
  }

  @Test
  void allChannelsLeadToTheSameData() throws BdevException {
    byte[] data = noise(7, BLOCK);
    write(3 * BLOCK, data);
    try (Reactor other = Reactor.stepped("other")) {
      BdevChannel second = bdev.acquireChannel(other);
      TestIo zeroes = TestIo.of(IoType.WRITE_ZEROES, 4 * BLOCK, BLOCK);
      second.submit(zeroes);
      assertThat(second).isNotSameAs(channel);
      assertThat(zeroes.statuses).containsExactly(IoStatus.SUCCESS);
      bdev.releaseChannel(second);
    }

    assertThat(read(3 * BLOCK, BLOCK)).isEqualTo(data);
  }

  @Test
  void aDiskLargerThanAllMemoryIsRefusedByName() {
    assertThatThrownBy(() -> MallocBdev.create("huge", UUID.randomUUID(), 512, 512, 1L << 50))
        .isInstanceOf(BdevException.class)
        .hasMessageContaining("bdev huge: no memory for it")
        .extracting(e -> ((BdevException) e).kind())
        .isEqualTo(BdevException.Kind.SYSTEM);
  }
}
