package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RestartTimeTest {
  @TempDir private Path work;

  @Test
  void aServerThatDoesNotStartAndOneThatIsNotThereAreFiguresThatSaySo() throws Exception {
    Peers peers = new Peers(Path.of("/no/such/millrace"), work);

    List<Figure> figures = RestartTime.measure(peers, null, work.resolve("disk.img"), 2);

    assertThat(figures).hasSize(3).noneMatch(Figure::isMeasured);
    assertThat(figures.get(0).what()).endsWith("millrace, split");
    assertThat(figures.get(1).what()).endsWith("millrace, packed");
    assertThat(figures.subList(0, 2))
        .allSatisfy(figure -> {
          assertThat(figure.verdict()).isEqualTo("NOT MEASURED");
          assertThat(figure.text()).contains("ended with");
        });
    assertThat(figures.get(2).text()).isEqualTo("not measured: no SPDK");
  }

  @Test
  void theLoadWritesUntilItIsToldToFinish() throws Exception {
    Contender.Server server = new Peers(Path.of("unused"), work).daemonNulls("disk", 1);

    try (Child _ = server.start("server", "0", work);
        RestartLoad load = new RestartLoad(server.socket(), false)) {
      load.run();
      load.awaitOne();

      assertThat(load.finish()).isZero();
    }
  }
}
