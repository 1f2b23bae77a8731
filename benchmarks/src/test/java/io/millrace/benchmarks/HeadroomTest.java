package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class HeadroomTest {
  private static final Figure.Bar BAR = Figure.Bar.atLeast(1.0, ">= 1.0");
  private static final Figure RATIO =
      new Figure("null, depth 32, bdevperf: a / b", 0.97, "0.97", BAR, List.of("one"));

  @Test
  void saysWhatTheSameServerDidUnderTheFasterLoad() {
    List<Figure> figures = List.of(RATIO, iops("null, depth 32, bdevperf: a", 2e6), own(2.5e6));

    List<Figure> remarked = Headroom.remarked(figures);

    assertThat(remarked.get(0).remarks())
        .containsExactly(
            "one",
            "limited by the initiator: our own load made a answer 2500 thousand at depth 8, and not 2000");
    assertThat(remarked.subList(1, 3)).isEqualTo(figures.subList(1, 3));
  }

  @Test
  void saysNothingWhereItDidLittleMore() {
    List<Figure> figures = List.of(RATIO, iops("null, depth 32, bdevperf: a", 2e6), own(2.4e6));

    assertThat(Headroom.remarked(figures)).isEqualTo(figures);
  }

  @Test
  void saysNothingWhereItIsNotKnown() {
    Figure missing = Figure.refused("null, depth 8: a", null, "it died");
    Figure used = iops("null, depth 32, bdevperf: a", 2e6);

    assertThat(Headroom.remarked(List.of(RATIO, used))).containsExactly(RATIO, used);
    assertThat(Headroom.remarked(List.of(RATIO, used, missing))).contains(RATIO);
    assertThat(Headroom.remarked(List.of(RATIO, own(9e6)))).contains(RATIO);
  }

  @Test
  void saysNothingOfMoreRequestsAtATime() {
    Figure used = iops("null, depth 32, bdevperf: a", 2e6);
    Figure deeper = iops("null, depth 128: a", 9e6);

    assertThat(Headroom.remarked(List.of(RATIO, used, deeper))).contains(RATIO);
  }

  private static Figure own(double value) {
    return iops("null, depth 8: a", value);
  }

  private static Figure iops(String what, double value) {
    return new Figure(what, value, "", null, List.of());
  }
}
