package io.millrace.nvme.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PciAddressTest {
  @ParameterizedTest
  @CsvSource({
    "0000:01:00.0, 0000:01:00.0",
    "01:00.0, 0000:01:00.0",
    "ff:1F.7, 0000:ff:1f.7",
    "10000:E1:00.0, 10000:e1:00.0",
  })
  void addressIsReadWithAndWithoutItsDomain(String text, String full) {
    assertThat(PciAddress.parse(text)).hasToString(full);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "01:00", "1:00.0", "01:20.0", "01:00.8", "000:01:00.0", "0000:01:00.0 ", "x"})
  void otherTextIsRefusedWithAnExample(String text) {
    assertThatThrownBy(() -> PciAddress.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'" + text + "' is no PCI address; one looks like 0000:01:00.0 or 01:00.0");
  }

  @Test
  void addressesAreInTheOrderOfTheBus() {
    assertThat(PciAddress.parse("02:00.0"))
        .isGreaterThan(PciAddress.parse("01:1f.7"))
        .isLessThan(PciAddress.parse("0001:00:00.0"));
    assertThat(PciAddress.parse("0001:00:00.0")).isGreaterThan(PciAddress.parse("ff:1f.7"));
    assertThat(PciAddress.parse("01:02.0")).isGreaterThan(PciAddress.parse("01:01.7"));
    assertThat(PciAddress.parse("01:00.1")).isGreaterThan(PciAddress.parse("01:00.0"));
  }
}
