package io.millrace.initiator.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FioUnitsTest {
  @ParameterizedTest
  @CsvSource({
    "4k,4096",
    "4K,4096",
    "1m,1048576",
    "2G,2147483648",
    "2gb,2147483648",
    "4kib,4000",
    "1Mi,1000000",
    "0x1000,4096",
    "1p,1125899906842624",
    "512,512",
    "512b,512",
    "1t,1099511627776"
  })
  void sizesAreFios(String text, long bytes) {
    assertThat(FioUnits.size(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "k", "-1", "4q", "4 k", "9999999999999t", "1.5g", "i", "kk", "kbi", "8192p"})
  void otherSizesAreRefused(String text) {
    assertThatThrownBy(() -> FioUnits.size(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("'" + text + "' is no size");
  }

  @Test
  void timesAreFios() {
    assertThat(FioUnits.time("10")).isEqualTo(Duration.ofSeconds(10));
    assertThat(FioUnits.time("500ms")).isEqualTo(Duration.ofMillis(500));
    assertThat(FioUnits.time("5MSEC")).isEqualTo(Duration.ofMillis(5));
    assertThat(FioUnits.time("2m")).isEqualTo(Duration.ofMinutes(2));
    assertThatThrownBy(() -> FioUnits.time("soon")).hasMessageStartingWith("'soon' is no time");
  }

  @Test
  void amountsAreSizesOrPartsOfTheDisk() {
    assertThat(FioUnits.amount("4k").of(1 << 20)).isEqualTo(4096);
    assertThat(FioUnits.amount("20%").of(1000)).isEqualTo(200);
    assertThat(FioUnits.amount("100%").of(Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
    assertThatThrownBy(() -> FioUnits.amount("101%")).hasMessageStartingWith("'101%' is more");
    assertThatThrownBy(() -> FioUnits.amount("x%")).hasMessageStartingWith("'x%' is no size");
  }

  @Test
  void truthsAreOneAndNought() {
    assertThat(FioUnits.bool("1")).isTrue();
    assertThat(FioUnits.bool("0")).isFalse();
    assertThatThrownBy(() -> FioUnits.bool("yes")).hasMessage("'yes' is neither 0 nor 1");
  }

  @Test
  void processorsAreNumbersAndRanges() {
    assertThat(FioUnits.cpus("0-2,5").stream()).containsExactly(0, 1, 2, 5);
    assertThatThrownBy(() -> FioUnits.cpus("2-1")).hasMessageStartingWith("'2-1' is no list");
    assertThatThrownBy(() -> FioUnits.cpus("all")).hasMessageStartingWith("'all' is no list");
  }

  @Test
  void optionsThatCannotBeRunAreRefusedByName() {
    PerfOptions defaults = PerfOptions.defaults();

    assertThatThrownBy(() -> defaults.withLoad(ReadWrite.READ, 1000, 1, 1))
        .hasMessageStartingWith("--bs");
    assertThatThrownBy(() -> defaults.withLoad(ReadWrite.READ, 4096, 0, 1))
        .hasMessageStartingWith("--iodepth");
    assertThatThrownBy(() -> defaults.withLoad(ReadWrite.READ, 4096, 1, 257))
        .hasMessageStartingWith("--numjobs");
    assertThatThrownBy(() -> defaults.withLoad(ReadWrite.READ, 16 << 20, 1024, 2))
        .hasMessageStartingWith("--numjobs times");
    assertThatThrownBy(() -> defaults.withSize(4095)).hasMessageStartingWith("--size");
    assertThatThrownBy(() -> defaults.withTime(Duration.ZERO, Duration.ZERO))
        .hasMessageStartingWith("--time_based");
    assertThat(ReadWrite.of("readwrite")).contains(ReadWrite.RW);
    assertThat(ReadWrite.of("trimwrite")).isEmpty();
  }
}
