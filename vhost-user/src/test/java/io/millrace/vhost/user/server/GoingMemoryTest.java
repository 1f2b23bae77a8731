package io.millrace.vhost.user.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.virtqueue.GuestRegion;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Nothing here touches memory: addresses are numbers. */
class GoingMemoryTest {
  private static GuestRegion at(long hostAddress, long bytes) {
    return new GuestRegion(0, bytes, 0, hostAddress);
  }

  @Test
  void aPieceIsHeldWhenOneByteOfItIs() {
    GoingMemory going = new GoingMemory(List.of(at(3000, 500), at(1000, 100)));

    assertThat(going.holdsSomeOf(999, 1)).isFalse();
    assertThat(going.holdsSomeOf(999, 2)).isTrue();
    assertThat(going.holdsSomeOf(1099, 1)).isTrue();
    assertThat(going.holdsSomeOf(1100, 1900)).isFalse();
    assertThat(going.holdsSomeOf(1100, 1901)).isTrue();
    assertThat(going.holdsSomeOf(500, 100_000)).isTrue();
    assertThat(going.holdsSomeOf(3499, 1)).isTrue();
    assertThat(going.holdsSomeOf(3500, 1 << 30)).isFalse();
  }

  @Test
  void nothingHoldsNothing() {
    assertThat(GoingMemory.NONE.isEmpty()).isTrue();
    assertThat(GoingMemory.NONE.holdsSomeOf(0, Long.MAX_VALUE)).isFalse();
    assertThat(new GoingMemory(List.of(at(0, 1))).isEmpty()).isFalse();
  }
}
