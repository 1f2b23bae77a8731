package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CoreMaskTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0x1|{0}|0x1",
        "1|{0}|0x1",
        "0X3|{0, 1}|0x3",
        "f0|{4, 5, 6, 7}|0xf0",
        "0x8000000000000000|{63}|0x8000000000000000",
        "0x10000000000000001|{0, 64}|0x10000000000000001",
        "[0]|{0}|0x1",
        "[0,2-3]|{0, 2, 3}|0xd",
        "[ 1 , 4 - 5 ]|{1, 4, 5}|0x32",
        "[8191]|{8191}|"
      })
  void bothFormsAreRead(String text, String cores, String mask) {
    assertThat(CoreMask.parse(text)).hasToString(cores);
    if (mask != null) {
      assertThat(CoreMask.format(CoreMask.parse(text))).isEqualTo(mask);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"[0]", "[0,2-3]", "[1-8191]", "[4,6,8-9]"})
  void setIsShownAsTheListItIsReadFrom(String list) {
    assertThat(CoreMask.list(CoreMask.parse(list))).isEqualTo(list);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", " ", "0x", "0xg", "x", "-1", "[", "]", "[]", "[a]", "[1-]", "[-1]", "[3-2]", "[1,]",
        "[8192]", "[+1]", "0,1", "[1", "1]"
      })
  void whatIsNeitherIsRefused(String text) {
    assertThatThrownBy(() -> CoreMask.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "' is not a core mask");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0x0", "00"})
  void noCoreAtAllIsRefused(String text) {
    assertThatThrownBy(() -> CoreMask.parse(text)).hasMessage("'" + text + "' names no core");
  }
}
