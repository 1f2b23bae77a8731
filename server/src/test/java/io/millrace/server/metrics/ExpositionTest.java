package io.millrace.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExpositionTest {
  private final Exposition page = new Exposition();

  @Test
  void samplesOfAFamilyStandTogetherUnderItsHelpAndType() {
    page.counter("a_total", "As.").add(1, "x", "1");
    page.gauge("b", "Bs.").add(0.5);
    page.counter("a_total", "As.").add(2, "x", "2", "y", "z");

    assertThat(page.text())
        .isEqualTo(
            """
            # HELP a_total As.
            # TYPE a_total counter
            a_total{x="1"} 1
            a_total{x="2",y="z"} 2
            # HELP b Bs.
            # TYPE b gauge
            b 0.5
            """);
  }

  @Test
  void namesThatGuestsAndUsersChooseCannotBreakALine() {
    page.gauge("a", "one\nline \\ and \"quotes\"").add(1, "x", "\"} 1\n\\");

    assertThat(page.text())
        .isEqualTo(
            """
            # HELP a one\\nline \\\\ and "quotes"
            # TYPE a gauge
            a{x="\\"} 1\\n\\\\"} 1
            """);
  }

  @Test
  void partsOfAHistogramHaveTheirSuffixes() {
    page.histogram("h", "Hs.")
        .part("_bucket", 3, "le", "+Inf")
        .part("_sum", 0.25)
        .part("_count", 3);

    assertThat(page.text()).endsWith("h_bucket{le=\"+Inf\"} 3\nh_sum 0.25\nh_count 3\n");
  }

  @Test
  void whatHasNoSamplesIsNamedNevertheless() {
    page.summary("s", "Nothing yet.");

    assertThat(page.text()).isEqualTo("# HELP s Nothing yet.\n# TYPE s summary\n");
  }
}
