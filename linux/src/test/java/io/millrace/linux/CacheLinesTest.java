package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What it is good for is a matter of time; here it is that it does nothing else. */
class CacheLinesTest {
  private static final int ROUNDS = 100_000; // the compiler's, too

  @Test
  void memoryStaysAsItIsWhileAnotherThreadWrites() throws Exception {
    try (Mapping mapping = Mapping.anonymous(4096, false)) {
      long address = mapping.address();
      AtomicBoolean done = new AtomicBoolean();
      Thread other = Thread.ofPlatform().start(() -> ask(address, done));

      try {
        for (long i = 1; i <= ROUNDS; i++) {
          RawMemory.putLong(address + 128, i);
          assertThat(RawMemory.getLongAcquire(address + 128)).isEqualTo(i);
        }
      } finally {
        done.set(true);
        other.join();
      }
      assertThat(RawMemory.getLongAcquire(address)).isZero();
      assertThat(RawMemory.getLongAcquire(address + 64)).isZero();
    }
  }

  private static void ask(long address, AtomicBoolean done) {
    while (!done.get()) {
      CacheLines.prefetchForStores(address, address + 64, address + 135);
    }
  }

  @Test
  void anAddressOfNothingIsNoFault() {
    for (int i = 0; i < ROUNDS; i++) {
      CacheLines.prefetchForStores(0, -1, Long.MIN_VALUE + i);
    }
  }
}
