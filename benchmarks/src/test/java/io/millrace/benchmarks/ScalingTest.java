package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScalingTest {
  @Test
  void onFewerThanFourProcessorsItIsNotMeasured() throws Exception {
    List<Figure> figures = Scaling.measure(new Peers(Path.of("none"), Path.of("none")), 3);

    assertThat(figures)
        .singleElement()
        .satisfies(figure -> {
          assertThat(figure.isMeasured()).isFalse();
          assertThat(figure.text()).isEqualTo("not measured: 3 processors here, it takes 4");
        });
  }
}
