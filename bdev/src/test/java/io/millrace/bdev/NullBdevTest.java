package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.RawMemory;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class NullBdevTest extends BdevContract {
  @Override
  Bdev newBdev(String name) {
    return new NullBdev(name, UUID.randomUUID(), BLOCK, BLOCK, BLOCKS);
  }

  @Override
  boolean keepsData() {
    return false;
  }

  @Test
  void aReadLeavesMemoryAlone() {
    RawMemory.putLong(at(0), 42);

    assertThat(run(IoType.READ, 0, BLOCK)).isEqualTo(IoStatus.SUCCESS);

    assertThat(RawMemory.getLong(at(0))).isEqualTo(42);
  }
}
