package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SamplerTest {
  @Test
  void picksTheFirstAndThenAboutOneIn32WithGapsOfAllSizes() {
    Sampler sampler = new Sampler(6);
    assertThat(sampler.picks()).isTrue();

    int picked = 0;
    int gap = 0;
    Set<Integer> gaps = new TreeSet<>();
    for (int i = 0; i < 32_000; i++) {
      if (sampler.picks()) {
        picked++;
        gaps.add(gap);
        gap = 0;
      } else {
        gap++;
      }
    }

    assertThat(picked).isBetween(900, 1_100);
    assertThat(gaps).hasSize(64).contains(0, 63);
  }
}
