package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumSet;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BdevPropertiesTest {
  private static BdevProperties of(String name, int block, int physical, long blocks) {
    return new BdevProperties(
        name,
        new UUID(1, 2),
        "Test disk",
        block,
        physical,
        blocks,
        true,
        false,
        BdevLimits.NONE,
        EnumSet.of(IoType.READ));
  }

  private static void impossible(ThrowingCallable what) {
    assertThatThrownBy(what).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 1024, 4096, 65536})
  void powersOfTwoAreBlockSizes(int bytes) {
    assertThat(of("disk", bytes, bytes, 1).blockSize()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -512, 1, 511, 513, 520, 131072, Integer.MIN_VALUE})
  void everythingElseIsNone(int bytes) {
    impossible(() -> of("disk", bytes, 4096, 1));
  }

  @Test
  void aPhysicalBlockIsAMultipleOfALogicalOne() {
    assertThat(of("disk", 512, 4096, 1).physicalBlockSize()).isEqualTo(4096);
    impossible(() -> of("disk", 4096, 512, 1));
    impossible(() -> of("disk", 1024, 1536, 1));
  }

  @Test
  void aDiskHasAtLeastOneBlockAndAtMostTwoToThe63Bytes() {
    assertThat(of("disk", 512, 512, Long.MAX_VALUE / 512).blockCount())
        .isEqualTo(Long.MAX_VALUE / 512);
    impossible(() -> of("disk", 512, 512, Long.MAX_VALUE / 512 + 1));
    impossible(() -> of("disk", 512, 512, 0));
    impossible(() -> of("disk", 512, 512, -1));
  }

  @Test
  void aNameHas1To255Characters() {
    assertThat(of("x".repeat(255), 512, 512, 1).name()).hasSize(255);
    impossible(() -> of("", 512, 512, 1));
    impossible(() -> of("x".repeat(256), 512, 512, 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a\nb", "a\rb", "\ta", "a\u0000", "\u001b[2J", "a\u0085", "a\u2028", "a\u2029"})
  void aNameThatWouldBreakALineIsNone(String name) {
    assertThatThrownBy(() -> of(name, 512, 512, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining(name)
        .hasMessageContaining("control character");
    assertThat(of("größe ☃ 1", 512, 512, 1).name()).contains("☃");
  }

  @Test
  void limitsThatNothingCouldKeepAreRefused() {
    int most = BdevLimits.MAX_TRANSFER_BYTES;
    assertThat(new BdevLimits(512, 1, 4096, 0).memoryAlignment()).isEqualTo(4096);
    impossible(() -> new BdevLimits(511, 1, 1, 0));
    impossible(() -> new BdevLimits(most + 1, 1, 1, 0));
    impossible(() -> new BdevLimits(most, 0, 1, 0));
    impossible(() -> new BdevLimits(most, 1025, 1, 0));
    impossible(() -> new BdevLimits(most, 1024, 0, 0));
    impossible(() -> new BdevLimits(most, 1024, 3, 0));
    impossible(() -> new BdevLimits(most, 1024, 1, -1));
    assertThat(BdevLimits.NONE.withUnmap(512, 4096).maxUnmapBytes()).isEqualTo(512);
    impossible(() -> BdevLimits.NONE.withUnmap(511, 0));
    impossible(() -> BdevLimits.NONE.withUnmap(most + 1, 0));
    impossible(() -> BdevLimits.NONE.withUnmap(most, -1));
  }

  @Test
  void aFailureKeepsItsCause() {
    Exception cause = new Exception("below");

    BdevException failure = new BdevException(BdevException.Kind.SYSTEM, "disk: no", cause);

    assertThat(failure).hasMessage("disk: no").hasCause(cause);
  }
}
