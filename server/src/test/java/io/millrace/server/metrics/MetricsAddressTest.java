package io.millrace.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class MetricsAddressTest {
  @Test
  void aPortAloneIsOfThisMachineOnly() throws Exception {
    assertThat(MetricsAddress.parse("9464").resolve().getAddress().isLoopbackAddress()).isTrue();
    assertThat(MetricsAddress.parse("9464").resolve().getPort()).isEqualTo(9464);
  }

  @Test
  void anAddressMayStandBeforeIt() throws Exception {
    assertThat(MetricsAddress.parse("0.0.0.0:1").resolve().getAddress().isAnyLocalAddress())
        .isTrue();
    assertThat(MetricsAddress.parse("[::1]:65535").resolve().getAddress().getHostAddress())
        .isEqualTo("0:0:0:0:0:0:0:1");
    assertThat(MetricsAddress.parse("localhost:0").host()).isEqualTo("localhost");
  }

  @Test
  void whatIsNoAddressIsRefusedWithExamples() {
    for (String wrong :
        List.of("", "x", ":", ":1", "1:", "65536", "-1", "::1:9464", "a:b:1", "1 ")) {
      assertThatThrownBy(() -> MetricsAddress.parse(wrong))
          .as(wrong)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("--metrics " + wrong + " is no [ADDRESS:]PORT such as 9464");
    }
  }
}
