package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
  @ParameterizedTest
  @ValueSource(strings = {"a", "vm/disk 0", "Größe", "\uD83D\uDCBE"})
  void whatOneLineHoldsIsAName(String text) {
    assertThat(Names.isName(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a\nb", "\0", "a\u007f", "a\u0085b", "a\u2028b", "a\u2029b"})
  void whatIsEmptyOrBreaksALineIsNone(String text) {
    assertThat(Names.isName(text)).isFalse();
  }

  @Test
  void aNameHasAtMost255Characters() {
    assertThat(Names.isName("x".repeat(255))).isTrue();
    assertThat(Names.isName("x".repeat(256))).isFalse();
  }
}
